"""Overwrites a text in the files of a home that no process is writing."""

from __future__ import annotations

import os
from pathlib import Path

from ..system import BINARY, locked, read_at, write_at
from . import records
from .segments import HEADER


def forget_text(
    journal: Path, forms: list[str], *, is_dry_run: bool = False
) -> tuple[list[Path], list[Path]]:
    """Overwrite a text in each file of a journal's folder, in place.

    Nothing moves: facts keep their lines, by which an instance knows them again.

    Args:
        journal: The folder.
        forms: The text in its spellings.
        is_dry_run: Look only.

    Returns:
        The files that held it and were changed, and those that are in use.
    """
    changed: list[Path] = []
    in_use: list[Path] = []
    needles = [form.encode("utf-8", "replace") for form in forms]
    for path in sorted(p for p in journal.rglob("*") if p.is_file()):
        try:
            fd = os.open(path, os.O_RDWR | BINARY)
        except OSError:
            in_use.append(path)
            continue
        try:
            data = read_at(fd, os.fstat(fd).st_size, 0)
            if not any(needle in data for needle in needles):
                continue
            if not locked(fd):
                in_use.append(path)
                continue
            changed.append(path)
            if not is_dry_run:
                write_at(fd, _without(data, needles), 0)
                os.fsync(fd)
        finally:
            os.close(fd)
    return changed, in_use


def _without(data: bytes, needles: list[bytes]) -> bytes:
    """Return the bytes with stars in place of the text, and checksums that fit."""
    whole = bytearray(_starred(data, needles))
    for start, before in records.lines(data[HEADER:], HEADER)[0]:
        line = bytes(whole[start : start + len(before)])
        if line != before:
            whole[start : start + records.MARK_AT] = records.checksum(line)
    return bytes(whole)


def _starred(data: bytes, needles: list[bytes]) -> bytes:
    for needle in needles:
        data = data.replace(needle, b"*" * len(needle))
    return data
