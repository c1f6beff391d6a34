"""Masks the text inside JSON values, and whatever a process keeps secret."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from typing import Any

from .names import LONGEST_COUNT, OFTEN_NUMBERS, is_secret_name
from .rules import MASK, NO_SECRET
from .text import redact


def redact_values(value: Any, mask: Callable[[str], str] = redact) -> Any:
    """Return a JSON value with the text inside it masked.

    Args:
        value: Objects, arrays, texts and numbers.
        mask: Takes secrets out of text.
    """
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {
            key: mask_below(str(key), item)
            if is_secret_name(str(key))
            else redact_values(item, mask)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redact_values(item, mask) for item in value]
    return value


def mask_below(name: str, value: Any) -> Any:
    """Return what goes by the name of a secret with each text and number masked.

    Keys stay, and so do counts where the name often stands for one: `{"pass": 2}`.
    """
    if isinstance(value, str):
        return MASK if value else value
    if isinstance(value, dict):
        return {key: _inside(name, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_inside(name, item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    may_count = OFTEN_NUMBERS.search(name) is not None
    return value if may_count and len(str(value)) <= LONGEST_COUNT else MASK


def _inside(name: str, value: Any) -> Any:
    # What describes a value is none: `{"password": {"type": "string"}}`.
    is_type = isinstance(value, str) and NO_SECRET.fullmatch(value) is not None
    return value if is_type else mask_below(name, value)


class Masker:
    """Takes secrets out of text.

    Args:
        secrets: Values that must never be seen, longest first.
        patterns: The user's own regular expressions.
    """

    __slots__ = ("_patterns", "_secrets")

    def __init__(self, secrets: Iterable[str] = (), patterns: Iterable[str] = ()):
        self._secrets = tuple(secrets)
        self._patterns = _compiled(patterns)

    def __call__(self, text: str) -> str:
        """Return the text with every secret masked."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        text = redact(text)
        for pattern in self._patterns:
            text = pattern.sub(MASK, text)
        return text

    def within(self, value: object) -> object:
        """Return a JSON value with the text inside it masked."""
        return redact_values(value, self)


def _compiled(patterns: Iterable[str]) -> list[re.Pattern[str]]:
    usable = []
    for pattern in patterns:
        try:
            usable.append(re.compile(pattern))
        except re.error as error:
            # `errors`, where the package has its logger, masks what it logs.
            logger = logging.getLogger("lineage")
            logger.warning("LINEAGE_MASK: %r is no pattern: %s", pattern, error)
    return usable
