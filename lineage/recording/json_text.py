"""Pieces of fact texts: JSON strings and fragments, put together by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from json.encoder import encode_basestring_ascii
from typing import Any

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


def derived_from(inputs: Iterable[tuple[str, int | str]]) -> str:
    """Return the member `derived_from` for inputs given as kind and id."""
    refs = []
    for kind, identity in inputs:
        shown = identity if isinstance(identity, int) else quote(identity)
        refs.append(f'{{"kind":"{kind}","id":{shown}}}')
    return f',"derived_from":[{",".join(dict.fromkeys(refs))}]'


def kind_of(edge_prefix: str) -> str:
    """Return the kind that an edge prefix names."""
    return edge_prefix.partition('"kind":"')[2].partition('"')[0]
