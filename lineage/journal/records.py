r"""The records of the journal: how a fact is written and read back.

A record is `<checksum of the text, 8 hex digits><mark><text>\\n`. The mark is one byte,
changed in place when the fact's status is known, so that no second file has to agree
with this one, whatever moment a process dies at.

Facts that are written together, as those of one call, are one record: one checksum, and
a mark before each text. Those marks are control characters, which JSON text never has.

The checksum is Adler-32: what a death tears are runs of zeros in place of text, which
a sum always notices, and it takes a third of the time of CRC-32, which the first
version of the journal had.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple
from zlib import adler32, crc32

from ..recording.json_text import BETWEEN_FACTS

WAITING: Final = ord(" ")
DELIVERED: Final = ord("+")
REJECTED: Final = ord("-")
#: Where the mark stands in a line.
MARK_AT: Final = 8
TEXT_AT: Final = 9
#: A checksum from here on has no zeros before it, as have most of longer texts.
EIGHT_DIGITS: Final = 0x1000_0000

_MARKS: Final = frozenset((WAITING, DELIVERED, REJECTED))
#: The same marks in a record of several facts, and what each of them means.
_TOGETHER: Final = {WAITING: ord(BETWEEN_FACTS), DELIVERED: 0x1D, REJECTED: 0x1E}
_MEANING: Final = {together: mark for mark, together in _TOGETHER.items()}
_ALL_WAITING: Final = bytes.maketrans(bytes(_MEANING), b"\x1c\x1c\x1c")
_BETWEEN: Final = re.compile(rb"[\x1c-\x1e]")
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


def encode_together(texts: Sequence[str], errors: str = "strict") -> bytes:
    """Return the record of several facts.

    Args:
        texts: The facts, which are JSON.
        errors: What becomes of halves of surrogate pairs, as `str.encode` has it.

    Raises:
        UnicodeEncodeError: There are some, and they are refused.
    """
    data = BETWEEN_FACTS.join(texts).encode("utf-8", errors)
    total = adler32(data)
    form = b"%x\x1c%b\n" if total >= EIGHT_DIGITS else b"%08x\x1c%b\n"
    return form % (total, data)


def mark_in_place_of(before: bytes, mark: int) -> int:
    """Return the byte that gives a fact another mark, from the one that it has."""
    return _TOGETHER[mark] if before[0] in _MEANING else mark


def read(data: bytes, base: int = 0) -> tuple[list[Record], list[TornRecord]]:
    """Read every fact, whatever stands between them.

    Args:
        data: Part of a segment, from the beginning of a line.
        base: The part's offset in the segment.

    Returns:
        The facts, and the pieces that are none. Zeros were never written.
    """
    found, torn = lines(data, base)
    facts: list[Record] = []
    for at, line in found:
        if line[MARK_AT] in _MEANING:
            facts += _apart(at, line)
        else:
            facts.append(Record(at, line[MARK_AT], line[TEXT_AT:]))
    return facts, torn


def lines(
    data: bytes, base: int = 0
) -> tuple[list[tuple[int, bytes]], list[TornRecord]]:
    """Find every line that is whole: its offset and its bytes, without the newline.

    Args:
        data: Part of a segment, from the beginning of a line.
        base: The part's offset in the segment.

    Returns:
        The lines, and the pieces that are none.
    """
    found: list[tuple[int, bytes]] = []
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
            found.append((base + at, piece))
            at = end + 1
            continue
        # A kill inside a write leaves zeros behind the torn piece.
        zero = piece.find(b"\0")
        piece = piece if zero < 0 else piece[:zero]
        torn.append(TornRecord(base + at, piece))
        at += len(piece) + (zero < 0)
    return found, torn


def checksum(line: bytes) -> bytes:
    """Return the checksum that a line should begin with."""
    text = line[TEXT_AT:]
    if line[MARK_AT] in _MEANING:
        text = text.translate(_ALL_WAITING)
    return b"%08x" % adler32(text)


def rewritten(line: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Return a line with other texts in place of its own, and a checksum that fits.

    Args:
        line: A whole line, without the newline.
        change: Returns a fact's new text, which must have the same length.
    """
    is_together = line[MARK_AT] in _MEANING
    whole = bytearray(line)
    alone = Record(0, line[MARK_AT], line[TEXT_AT:])
    for fact in _apart(0, line) if is_together else (alone,):
        start = fact.offset + TEXT_AT
        whole[start : start + len(fact.text)] = change(fact.text)
    whole[:MARK_AT] = checksum(bytes(whole))
    return bytes(whole)


def _apart(offset: int, piece: bytes) -> Iterator[Record]:
    """Yield the facts of one record, each with the offset that leads to its mark."""
    at = MARK_AT
    for text in _BETWEEN.split(piece[TEXT_AT:]):
        yield Record(offset + at - MARK_AT, _MEANING[piece[at]], text)
        at += 1 + len(text)


def _is_line(piece: bytes) -> bool:
    if len(piece) <= TEXT_AT:
        return False
    mark, checksum, text = piece[MARK_AT], piece[:MARK_AT], piece[TEXT_AT:]
    if checksum == b"%08x" % adler32(text):
        return mark in _MARKS or mark in _MEANING
    if mark in _MEANING:
        # Marks that were changed are not what the sum was made of.
        return checksum == b"%08x" % adler32(text.translate(_ALL_WAITING))
    return mark in _MARKS and checksum == b"%08x" % crc32(text)
