"""Content: a file is read once, in one known state, and never waited for."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from ...system import BINARY

_PIECE: Final = 1024 * 1024
_FLAGS: Final = (
    os.O_RDONLY
    | BINARY
    # A pipe or device that took the file's place must not be waited for.
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
)


@dataclass(frozen=True, slots=True)
class FileContent:
    """The digests of one state of a file."""

    digest: str
    others: dict[str, str]
    """Hexadecimal digests by the other algorithms asked for."""
    state: dict[str, Any]
    """The state that was read, in the form of a fact's `stat`."""
    extra: Any = None
    """What the caller's look at the open file gave."""


def state_of(seen: os.stat_result) -> dict[str, Any]:
    """Return a state in the form of a fact's `stat`."""
    return {
        "size": seen.st_size,
        "mtime_ns": seen.st_mtime_ns,
        "ctime_ns": seen.st_ctime_ns,
        "inode": seen.st_ino,
        "dev": seen.st_dev,
    }


def current_state(path: str) -> dict[str, Any] | None:
    """Return the state of a regular file; None where there is none now."""
    try:
        seen = os.stat(path)
    except (OSError, ValueError):
        return None
    return state_of(seen) if stat.S_ISREG(seen.st_mode) else None


def is_same_state(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two states may be one; a member that one of them lacks is left out."""
    names = ("size", "mtime_ns", "ctime_ns", "inode", "dev")
    return all(one[n] == other[n] for n in names if n in one and n in other)


def read_content(
    path: str,
    *,
    algorithms: Iterable[str] = (),
    look: Callable[[int, dict[str, Any]], Any] | None = None,
) -> FileContent | None:
    """Read a file and return its digests.

    Args:
        path: The file.
        algorithms: Others beside SHA-256: `md5`, `git-blob`.
        look: Called with the open file's descriptor and its state.

    Returns:
        None if it is no regular file, or changed while it was read.

    Raises:
        OSError: It cannot be read.
    """
    before = current_state(path)
    if before is None:
        return None
    fd = os.open(path, _FLAGS)
    try:
        if state_of(os.fstat(fd)) != before:
            return None
        digest = hashlib.sha256()
        others = {name: _hasher(name, before["size"]) for name in algorithms}
        while piece := os.read(fd, _PIECE):
            digest.update(piece)
            for hasher in others.values():
                hasher.update(piece)
        extra = None if look is None else look(fd, before)
        # The name may lead to another file by now; then this one is its past.
        if state_of(os.fstat(fd)) != before:
            return None
    finally:
        os.close(fd)
    named = {name: hasher.hexdigest() for name, hasher in others.items()}
    return FileContent(f"sha256:{digest.hexdigest()}", named, before, extra)


def _hasher(name: str, size: int) -> Any:
    if name == "git-blob":
        return hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    return hashlib.md5(usedforsecurity=False)
