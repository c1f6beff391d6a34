"""Pieces of fact texts: JSON strings and fragments, put together by hand."""

from __future__ import annotations

import json
import re
from json.encoder import encode_basestring_ascii
from typing import Any, Final

MAX_NAME_LENGTH: Final = 1024
#: What stands between facts that are one text: JSON never has this character.
BETWEEN_FACTS: Final = "\x1c"

#: Halves of surrogate pairs and NUL: what JSON can express and a store cannot keep.
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")


def quote(text: str) -> str:
    """Return text as a JSON string that every store can keep."""
    encoded = encode_basestring_ascii(text)
    # Both kinds appear escaped, and `\u` is rare: one search finds which.
    if "\\u" in encoded and _UNKEEPABLE.search(text):
        return encode_basestring_ascii(_UNKEEPABLE.sub("\ufffd", text))
    return encoded


def compact(value: Any) -> str:
    """Return a JSON text without needless spaces."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def member(name: str, value: str | float | bool | None) -> str:
    """Return `,"name":value` for a fact, or nothing for None."""
    if value is None:
        return ""
    text = quote(value) if isinstance(value, str) else compact(value)
    return f',"{name}":{text}'


def shorten(text: str, limit: int) -> str:
    """Cut text to `limit` characters, showing that something is gone."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def step_name(name: str, params: str = "") -> str:
    """Return a step's name as a JSON string.

    Args:
        name: The name.
        params: Its parameters as a JSON object; they follow the name.
    """
    quoted = quote(shorten(name, MAX_NAME_LENGTH) or "step")
    return f'{quoted},"params":{params}' if params else quoted
