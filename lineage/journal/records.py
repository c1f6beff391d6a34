r"""The records of the journal: how a fact is written and read back.

A record is `<checksum of the text, 8 hex digits><mark><text>\\n`. The mark is one byte,
changed in place when the fact's status is known, so that no second file has to agree
with this one, whatever moment a process dies at.

The checksum is Adler-32: what a death tears are runs of zeros in place of text, which
a sum always notices, and it takes a third of the time of CRC-32, which the first
version of the journal had.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from zlib import adler32, crc32

WAITING: Final = ord(" ")
DELIVERED: Final = ord("+")
REJECTED: Final = ord("-")
#: Where the mark stands in a line.
MARK_AT: Final = 8
TEXT_AT: Final = 9

_MARKS: Final = frozenset((WAITING, DELIVERED, REJECTED))
_WRITTEN: Final = re.compile(rb"[^\0]")


class Record(NamedTuple):
    """One readable record."""

    offset: int
    mark: int
    text: bytes


class TornRecord(NamedTuple):
    """Bytes that are no record."""

    offset: int
    piece: bytes


def encode(text: str) -> bytes:
    """Return the record of a fact; halves of surrogate pairs become question marks."""
    data = text.encode("utf-8", "replace")
    return b"%08x %b\n" % (adler32(data), data)


def read(data: bytes, base: int = 0) -> tuple[list[Record], list[TornRecord]]:
    """Read every line, whatever stands between them.

    Args:
        data: Part of a segment, from the beginning of a line.
        base: The part's offset in the segment.

    Returns:
        The lines, and the pieces that are none. Zeros were never written.
    """
    lines: list[Record] = []
    torn: list[TornRecord] = []
    at, size = 0, len(data)
    while at < size:
        if not data[at]:
            written = _WRITTEN.search(data, at)
            if written is None:
                break
            at = written.start()
        end = data.find(b"\n", at)
        piece = data[at:] if end < 0 else data[at:end]
        if end >= 0 and _is_line(piece):
            lines.append(Record(base + at, piece[MARK_AT], piece[TEXT_AT:]))
            at = end + 1
            continue
        # A kill inside a write leaves zeros behind the torn piece.
        zero = piece.find(b"\0")
        piece = piece if zero < 0 else piece[:zero]
        torn.append(TornRecord(base + at, piece))
        at += len(piece) + (zero < 0)
    return lines, torn


def _is_line(piece: bytes) -> bool:
    if len(piece) <= TEXT_AT or piece[MARK_AT] not in _MARKS:
        return False
    checksum, text = piece[:MARK_AT], piece[TEXT_AT:]
    return checksum == b"%08x" % adler32(text) or checksum == b"%08x" % crc32(text)
