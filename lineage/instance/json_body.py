"""Reads JSON bodies, bounded in bytes, depth and nodes before they are parsed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pydantic_core

from .errors import RequestError
from .http import InstanceRequest

#: Bytes of a JSON body, at most; only uploads of files may be larger.
MAX_JSON: Final = 64 << 20
#: Values in a body of facts, at most. A parsed value takes some 80 bytes of memory
#: where its text takes two, so a bound in bytes alone bounds nothing.
MAX_NODES: Final = 2_000_000
#: Values in any other body.
MAX_NODES_SMALL: Final = 100_000
#: Arrays and objects inside each other, at most: the parser's own bound.
MAX_DEPTH: Final = 200

#: Bytes of which the quotes are looked at together.
_PIECE: Final = 1 << 18


def read_json(request: InstanceRequest, *, max_nodes: int = MAX_NODES) -> object:
    """Return the value of a JSON body; an empty body is an empty object.

    Raises:
        RequestError: It is too large, too deep, no JSON, or holds U+0000.
    """
    return parse_json(request.read(), max_nodes=max_nodes)


def parse_json(text: bytes, *, max_nodes: int = MAX_NODES) -> object:
    """Return the value of a JSON text; an empty text is an empty object.

    Raises:
        RequestError: It is too large, too deep, no JSON, or holds U+0000.
    """
    if len(text) > MAX_JSON:
        raise RequestError(
            413, f"the body has {len(text)} bytes", allowed=f"at most {MAX_JSON} bytes"
        )
    _check_nodes(text, max_nodes)
    try:
        value = pydantic_core.from_json(text, allow_inf_nan=False) if text else {}
    except ValueError as error:
        raise _unreadable(error) from error
    if b"\\u0000" in text and _has_nul(value):
        raise RequestError(400, "a text holds the character U+0000", field="body")
    return value


def _check_nodes(text: bytes, most: int) -> None:
    # A value takes two bytes at least, with the comma or bracket before it.
    if len(text) <= 2 * most or _separators(text) <= most:
        return
    count = 0
    for piece in _outside_texts(text):
        count += _separators(piece)
        if count > most:
            raise RequestError(
                413, "the body holds too many values", field="body",
                allowed=f"at most {most} values",
            )  # fmt: skip


def _outside_texts(text: bytes) -> Iterator[bytes]:
    """Yield what stands outside of quotes, piece by piece.

    Without a regular expression: one that knows of escapes keeps a state for each
    character of a text, and begins again at each quote of a text that never ends.
    """
    place, is_inside = 0, 0
    while place < len(text):
        piece = text[place : place + _PIECE]
        if b"\\" in piece:
            escapes = len(piece) - len(piece.rstrip(b"\\"))
            if escapes % 2 and len(piece) > 1:
                piece = piece[:-1]  # What it escapes stands in the next piece.
        place += len(piece)
        parts = piece.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')
        yield b"".join(parts[is_inside::2])
        is_inside = (is_inside + len(parts) - 1) % 2


def _separators(text: bytes) -> int:
    """Return an upper bound of the number of values; those in texts count too."""
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def _unreadable(error: ValueError) -> RequestError:
    if "recursion limit" in str(error):
        allowed = f"at most {MAX_DEPTH} arrays and objects inside each other"
        return RequestError(
            400, "the body is nested too deeply", field="body", allowed=allowed
        )
    return RequestError(400, f"the body is not JSON: {error}", field="body")


def _has_nul(value: object) -> bool:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str) and "\x00" in item:
            return True
        if isinstance(item, dict):
            waiting.extend(item.keys())
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return False
