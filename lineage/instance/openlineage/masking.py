"""Masks secrets in events, looking at texts that come again only once.

Producers write the same names, addresses and types in each event; to look for secrets
in all of them each time took a third of the time of receiving.
"""

from __future__ import annotations

from typing import Any, Final

from ...redaction import (
    MASK,
    is_secret_name,
    mask_below,
    redact,
    redact_values,
    secret_member,
)

_MAX_KNOWN: Final = 20_000
_LONGEST_KNOWN: Final = 200
#: Whose keys are the names of columns: in `columnLineage`, and in quality metrics.
_OF_COLUMNS: Final = ("fields", "columnMetrics")


class _Known:
    """Texts that were found harmless; a secret is never kept."""

    __slots__ = ("names", "texts")

    def __init__(self) -> None:
        self.texts: set[str] = set()
        self.names: set[str] = set()

    def keep(self, known: set[str], text: str) -> None:
        if len(text) <= _LONGEST_KNOWN:
            if len(known) >= _MAX_KNOWN:
                known.clear()
            known.add(text)


_known: Final = _Known()


def masked(value: Any) -> Any:
    """Return a JSON value with the secrets in it masked; itself where it has none."""
    kind = type(value)
    if kind is str:
        return value if value in _known.texts else _masked_text(value)
    if kind is dict:
        return _masked_object(value)
    if kind is list:
        if any(type(item) is str and item[:1] == "-" for item in value):
            return redact_values(value)  # The words of a command.
        return [masked(item) for item in value]
    return value


def _masked_object(value: dict[str, Any]) -> dict[str, Any]:
    secret = () if _known.names.issuperset(value) else _secret_names(value)
    member = secret_member(value) if "value" in value or "Value" in value else None
    news = {}
    for name, item in value.items():
        if name in secret:
            new = mask_below(name, item)
        elif name == member:
            new = MASK
        elif name in _OF_COLUMNS and type(item) is dict:
            new = _masked_columns(item)
        else:
            new = masked(item)
        if new is not item:
            news[name] = new
    return {**value, **news} if news else value


def _masked_columns(value: dict[str, Any]) -> dict[str, Any]:
    """Mask descriptions of columns, also of one that is called `password`."""
    news = {}
    for name, item in value.items():
        new = masked(item)
        if new is not item:
            news[name] = new
    return {**value, **news} if news else value


def _secret_names(value: dict[str, Any]) -> list[str]:
    secret = [name for name in value if is_secret_name(name)]
    for name in value:
        if name not in secret:
            _known.keep(_known.names, name)
    return secret


def _masked_text(text: str) -> str:
    found = redact(text)
    if found == text:
        _known.keep(_known.texts, text)
        return text
    return found
