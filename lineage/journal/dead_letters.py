"""Dead letters: rejected facts, kept with the reason until a user retries them.

Such a file has the format of a segment, with the uid and the reason in each fact: a
retry renames it to a segment, which any process then adopts.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..permissions import open_private
from ..system import BINARY, locked, rename_and_close
from . import records, segments
from .directory import JournalDirectory

SUFFIX: Final = ".refused"
#: The member that a refused fact carries beside its own.
MEMBER: Final = "refused"


@dataclass(frozen=True, slots=True)
class RejectedFact:
    """A fact that will not be sent again by itself, and why."""

    uid: str
    reason: str
    at: float
    """When it was set aside, in seconds since 1970 UTC."""
    fact: str
    """The fact's JSON text."""


def keep(
    folder: JournalDirectory,
    destination: str,
    name: str,
    fact: Mapping[str, Any],
    why: str,
) -> None:
    """Write one rejected fact.

    Args:
        folder: The journal's folder.
        destination: Where it was to be sent.
        name: The segment that the fact was in.
        fact: The fact with its uid.
        why: The reason.

    Raises:
        OSError: It cannot be written.
    """
    refused = {"why": why, "at": time.time()}
    text = json.dumps({**fact, MEMBER: refused}, separators=(",", ":"))
    path = folder.path / (name + SUFFIX)
    fd = _opened(path)
    try:
        size = os.fstat(fd).st_size
        data = (b"" if size else segments.header(destination)) + records.encode(text)
        if os.write(fd, data) < len(data):
            # A disk that is almost full takes a part.
            os.ftruncate(fd, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    finally:
        os.close(fd)


def _opened(path: Path) -> int:
    while True:
        fd = open_private(path, os.O_WRONLY | os.O_APPEND)
        locked(fd, wait=True)
        # Renamed for another try between the opening and the lock?
        if _is_at(fd, path):
            return fd
        os.close(fd)


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


def read(folder: JournalDirectory) -> list[RejectedFact]:
    """Return all rejected facts of a home, each once, oldest first."""
    found: dict[str, RejectedFact] = {}
    for path in folder.files_with_suffix(SUFFIX):
        try:
            data = path.read_bytes()
        except OSError:
            continue  # Being tried again.
        for line in records.read(data[segments.HEADER :])[0]:
            refusal = _refusal(line.text)
            found[refusal.uid] = refusal
    return sorted(found.values(), key=lambda refusal: refusal.at)


def _refusal(text: bytes) -> RejectedFact:
    fact = json.loads(text)
    rejection = fact.pop(MEMBER)
    shown = json.dumps(fact, separators=(",", ":"))
    return RejectedFact(fact["uid"], rejection["why"], rejection["at"], shown)


def release(folder: JournalDirectory) -> int:
    """Make all rejected facts wait for delivery again.

    Returns:
        How many.
    """
    count = len(read(folder))
    for path in folder.files_with_suffix(SUFFIX):
        try:
            fd = os.open(path, os.O_RDWR | BINARY)
        except FileNotFoundError:
            continue  # Another process does the same.
        locked(fd, wait=True)
        if _is_at(fd, path):
            target = folder.path / (segments.new_name() + segments.SUFFIX)
            rename_and_close(fd, path, target)
        else:
            os.close(fd)
    return count
