"""Values that stand apart from the names of secrets: pairs, rows and elements.

`('password', '…')`, `{"name": "DB_PASSWORD", "value": "…"}`, `<password>…</password>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from .command_lines import COMMA
from .names import OFTEN_NUMBERS, is_counted_session, is_secret_name
from .rules import MASK, MASKED, NO_SECRET, QUOTED, Rule, quotes

#: `('password', 'hunter2')`: a pair that dicts and query strings are made of.
PAIR: Final = Rule(
    r"(\([ \t]*[bur]?\\*[\"'])([\w. -]{1,100})"
    rf"({COMMA}[bur]?)(\\*[\"'])((?:(?!\4)[^\\\r\n])*)(?=\4[ \t]*,?[ \t]*\))"
)
#: What the second of a pair is in a list of columns: the type of each, as numpy has it.
_DTYPE: Final = Rule(r"[<>|=]?[a-zA-Z?]\d{0,4}|u?int\d*|float\d*|bool_|datetime64.*")
#: A row that has a name and a value, as environments of containers have.
_ROW: Final = Rule(
    r"(?i)((?<![\w-])(?:name|key|field|header|param(?:eter)?|var(?:iable)?)\\*[\"']?"
    r"[ \t]*[:=][ \t]*\\*[\"']?)([\w.-]{1,100})"
    r"(\\*[\"']?[\s,;]{1,40}(?:\\*[\"'])?value\\*[\"']?[ \t]*[:=][ \t]*)"
    rf"({QUOTED}|[^\s,;\"'<>)}}\]|]+)"
)
_ELEMENT: Final = Rule(
    r"(<(?:[\w-]{1,40}:)?([\w.-]{1,60})(?:\s[^<>]{0,200})?>)([^<>]+)(?=</)"
)
_NUMBER: Final = Rule(r"[-+]?[\d.]{1,20}")
#: How the members of such a row are called.
_NAMES_OF_ROWS: Final = ("name", "key", "field", "header", "parameter", "variable")


def mask_pairs(text: str, low: str) -> str:
    """Return the text with the values masked that stand apart from their names.

    Args:
        text: The text.
        low: The same in lower case.
    """
    if "," in low and "(" in low:
        text = PAIR.sub(pair_value, text)
    if "value" in low:
        text = _ROW.sub(_row, text)
    if "</" in low:
        text = _ELEMENT.sub(_element, text)
    return text


def secret_member(value: Mapping[Any, Any]) -> str | None:
    """Return the member of a row that is secret, as another one names it.

    `{"name": "DB_PASSWORD", "value": "…"}` has `value`.
    """
    for member in ("value", "Value"):
        if member not in value:
            continue
        for name in _NAMES_OF_ROWS:
            named = value.get(name) or value.get(name.title())
            if isinstance(named, str) and is_secret_name(named):
                return None if _is_count(named, value[member]) else member
    return None


def _is_count(name: str, value: object) -> bool:
    is_number = isinstance(value, (int, float)) and OFTEN_NUMBERS.search(name)
    return bool(is_number) or is_counted_session(name, value)


def pair_value(match: re.Match[str]) -> str:
    """Return a pair with its second part masked, unless that is a column's type."""
    name, value = match[2], match[5]
    is_harmless = NO_SECRET.fullmatch(value) or _DTYPE.fullmatch(value)
    if is_harmless or not is_secret_name(name):
        return match[0]
    return f"{match[1]}{name}{match[3]}{match[4]}{MASK}"


def _row(match: re.Match[str]) -> str:
    value = match[4]
    opened, closed = quotes(value)
    inner = value[len(opened) : len(value) - len(closed)]
    is_harmless = NO_SECRET.fullmatch(inner) or inner.startswith(MASKED)
    if is_harmless or not is_secret_name(match[2]) or _NUMBER.fullmatch(inner):
        return match[0]
    return f"{match[1]}{match[2]}{match[3]}{opened}{MASK}{closed}"


def _element(match: re.Match[str]) -> str:
    inner = match[3].strip()
    if not is_secret_name(match[2]) or NO_SECRET.fullmatch(inner):
        return match[0]
    return match[0] if inner.startswith(MASKED) else f"{match[1]}{MASK}"
