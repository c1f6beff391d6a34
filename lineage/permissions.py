"""Access rights of what lineage writes: its owner's alone, or its group's too.

A folder with the setgid bit is one that a group shares on purpose: what is made in it
gets the rights that the folder gives its group. All else is its owner's alone, whatever
the umask is.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from .system import BINARY

#: Windows has no such rights; files there have those of their folder.
_HAS_MODES: Final = os.name == "posix"


def make_folder(path: Path) -> None:
    """Make a folder for its owner alone, or for the group that shares its parent.

    A folder that exists keeps its rights. Parents that are missing are made as well.

    Raises:
        OSError: The place is read-only, full, or taken by a file.
    """
    try:
        path.mkdir(mode=0o700)
    except FileNotFoundError:
        if path.parent == path:
            raise
        make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
    except FileExistsError:
        if not path.is_dir():
            raise
        return
    # The umask took away what a group needs, or the owner's own rights.
    shared = _group_bits(path.parent)
    os.chmod(path, 0o700 | (stat.S_ISGID | shared if shared else 0))


def open_private(path: Path, flags: int) -> int:
    """Open a file as `os.open` does; one that is made has its folder's rights.

    Raises:
        OSError: It cannot be opened, or `flags` has `O_EXCL` and it exists.
    """
    try:
        fd = os.open(path, flags | BINARY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if flags & os.O_EXCL:
            raise
        return os.open(path, flags | BINARY | os.O_CREAT, 0o600)
    share_with_group(fd, path.parent)
    return fd


def create_private(path: Path) -> None:
    """Create an empty file with its folder's rights, where there is none."""
    if not path.exists():
        os.close(open_private(path, os.O_WRONLY))


def share_with_group(fd: int, folder: Path) -> None:
    """Set the rights of a new file: those that its folder gives to a group."""
    if _HAS_MODES and stat.S_IMODE(os.fstat(fd).st_mode) != (mode := _mode(folder)):
        os.fchmod(fd, mode)


def is_open_to_others(path: Path) -> bool:
    """Return whether users that are neither its owner nor of its group may enter."""
    try:
        return _HAS_MODES and bool(path.stat().st_mode & 0o007)
    except OSError:
        return False


def _mode(folder: Path) -> int:
    return 0o600 | (_group_bits(folder) & 0o060)


def _group_bits(folder: Path) -> int:
    """Return what a shared folder gives to its group; 0 where it is not shared."""
    mode = folder.stat().st_mode
    return mode & 0o070 if _HAS_MODES and mode & stat.S_ISGID else 0
