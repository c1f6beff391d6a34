"""Files that this process still has open, or mapped, for writing."""

from __future__ import annotations

import os
from typing import Final

_FILES: Final = "/proc/self/fd"
_FLAGS: Final = "/proc/self/fdinfo"
_MAPS: Final = "/proc/self/maps"


def is_open_for_writing(dev: int, inode: int) -> bool:
    """Whether a file may still change through a handle or mapping of this process.

    A write through a mapping need not change the file's times at once, so that its
    state does not show its content.
    """
    return _is_open(dev, inode) or _is_mapped(dev, inode)


def _is_open(dev: int, inode: int) -> bool:
    try:
        handles = os.listdir(_FILES)
    except OSError:
        return False
    return any(_leads_to(handle, dev, inode) for handle in handles)


def _leads_to(handle: str, dev: int, inode: int) -> bool:
    try:
        seen = os.stat(f"{_FILES}/{handle}")
        if (seen.st_dev, seen.st_ino) != (dev, inode):
            return False
        with open(f"{_FLAGS}/{handle}", encoding="utf-8") as file:
            lines = dict(line.split(":", 1) for line in file if ":" in line)
        return int(lines["flags"], 8) & os.O_ACCMODE != os.O_RDONLY
    except (OSError, KeyError, ValueError):
        return False  # It was closed meanwhile.


def _is_mapped(dev: int, inode: int) -> bool:
    device, number = f"{os.major(dev):02x}:{os.minor(dev):02x}", str(inode)
    try:
        with open(_MAPS, encoding="utf-8", errors="replace") as file:
            for line in file:
                parts = line.split(maxsplit=5)
                if len(parts) < 5 or parts[4] != number or parts[3] != device:
                    continue
                if parts[1][1] == "w" and parts[1][3] == "s":
                    return True
    except OSError:
        return False
    return False
