"""The uid of an edge as the number under which the store keeps it, and back."""

from __future__ import annotations

from collections.abc import Sequence

#: Bits of an edge's id that number it within its source.
SOURCE_BITS = 32
#: Numbers from here on are not split from the source.
_MAX_NUMBER = 10**9


def split_uid(uid: str) -> tuple[str, int]:
    """Split `<source>-<number>` into the source and number + 1; other uids get 0."""
    source, _, tail = uid.rpartition("-")
    is_number = tail.isascii() and tail.isdecimal() and len(tail) < 10
    if not source or not is_number or (tail[0] == "0" and tail != "0"):
        return uid, 0
    return source, int(tail) + 1


def join_uid(source: str, id: int) -> str:
    """Return the uid of an edge's id."""
    number = id & ((1 << SOURCE_BITS) - 1)
    return f"{source}-{number - 1}" if number else source


def split_uids(uids: Sequence[str]) -> tuple[Sequence[str], list[int]]:
    """Split many uids into their sources and numbers."""
    if not uids:
        return [], []
    source, number = split_uid(uids[0])
    if len(uids) == 1:
        return [source], [number]
    if number:
        # Mostly all are lines of one segment. A uid holds no NUL.
        tails = ("\0" + "\0".join(uids)).split(f"\0{source}-")[1:]
        digits = "".join(tails)
        if len(tails) == len(uids) and digits.isascii() and digits.isdecimal():
            numbers = list(map(int, filter(None, tails)))
            # What reads back the same is no empty text and starts with no zero.
            if list(map(str, numbers)) == tails and max(numbers) < _MAX_NUMBER:
                return [source] * len(uids), [number + 1 for number in numbers]
    pairs = [split_uid(uid) for uid in uids]
    return [source for source, _ in pairs], [number for _, number in pairs]
