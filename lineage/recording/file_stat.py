"""What the app's thread sees of a local file: one stat, nothing else."""

from __future__ import annotations

import os
import stat
from typing import Final

from .json_text import quote

#: Longer texts are no paths; the system call would refuse them anyway.
_LONGEST: Final = 4096


def seen_on_disk(path: str, shown: str) -> str:
    """Give the members `stat` and `local_path` of a fact about a file.

    Args:
        path: A path or URI as the app said it.
        shown: The same, with secrets masked.

    Returns:
        A JSON fragment; empty when there is no regular file of that name here.
    """
    if "://" in path or len(path) > _LONGEST or "\x00" in path:
        return ""
    try:
        seen = os.stat(path)
    except (OSError, ValueError):
        return ""
    if not stat.S_ISREG(seen.st_mode):
        return ""
    return (
        f',"stat":{{"size":{seen.st_size},"mtime_ns":{seen.st_mtime_ns}'
        f',"inode":{seen.st_ino}}},"local_path":{quote(_absolute(shown))}'
    )


def _absolute(path: str) -> str:
    # `abspath` costs as much as the stat, and most paths do not need it.
    if path[:1] == "/" and "/." not in path and "//" not in path:
        return path
    return os.path.abspath(path)
