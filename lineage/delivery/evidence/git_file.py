"""Git: the blob of a file that is tracked, and unchanged since it was staged."""

from __future__ import annotations

import os
import struct
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Final

from .protocol import Findings, Subject

_ENTRY: Final = struct.Struct(">10I20sH")
_MAX_INDEX: Final = 64 * 1024 * 1024
_MAX_KNOWN: Final = 4
_MAX_NAME: Final = 0xFFF

#: Of an entry: size, mtime in seconds and its nanoseconds, the blob.
_Entry = tuple[int, int, int, str]


class GitResolver:
    """Reads the index of a work tree, without a `git` of its own.

    The index knows of each file the blob and the size and time it had then; a file
    with another size or time is changed, and git has no name for what it holds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._indexes: OrderedDict[tuple[str, int], dict[bytes, _Entry]] = OrderedDict()

    def resolve(self, subject: Subject) -> Findings | None:
        """Return the blob of a tracked file.

        Raises:
            OSError: The index cannot be read.
        """
        stat = subject.stat
        if subject.path is None or not stat:
            return None
        tree = _work_tree(subject.path)
        if tree is None:
            return None
        index = _index_file(tree)
        if index is None:
            return None
        name = os.path.relpath(subject.path, tree)
        found = self._entries(index).get(os.fsencode(name))
        if found is None:
            return None
        size, seconds, nanoseconds, blob = found
        mtime_s, mtime_ns = divmod(stat["mtime_ns"], 10**9)
        is_clean = size == stat["size"] & 0xFFFFFFFF and seconds == mtime_s & 0xFFFFFFFF
        if not is_clean or nanoseconds not in (0, mtime_ns):
            return None
        return {"evidence": [{"kind": "git-blob", "value": blob}]}

    def _entries(self, index: Path) -> dict[bytes, _Entry]:
        key = (str(index), index.stat().st_mtime_ns)
        with self._lock:
            known = self._indexes.get(key)
            if known is None:
                known = self._indexes[key] = _read_index(index)
                if len(self._indexes) > _MAX_KNOWN:
                    self._indexes.popitem(last=False)
            return known


def _work_tree(path: str) -> str | None:
    folder = os.path.dirname(path)
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _index_file(tree: str) -> Path | None:
    """Return the index of a work tree; that of a linked one lies elsewhere."""
    git = Path(tree, ".git")
    if git.is_file():
        first = git.read_text("utf-8", "replace").partition("\n")[0]
        if not first.startswith("gitdir: "):
            return None
        git = Path(tree, first.removeprefix("gitdir: "))
    index = git / "index"
    return index if index.is_file() else None


def _read_index(index: Path) -> dict[bytes, _Entry]:
    """Read an index of version 2 or 3; others are left alone."""
    data = index.read_bytes()[:_MAX_INDEX]
    if data[:4] != b"DIRC" or len(data) < 12:
        return {}
    version, count = struct.unpack(">II", data[4:12])
    if version not in (2, 3):
        return {}
    entries: dict[bytes, _Entry] = {}
    offset = 12
    for _ in range(count):
        if offset + _ENTRY.size > len(data):
            return {}
        fields = _ENTRY.unpack_from(data, offset)
        flags = fields[11]
        start = offset + _ENTRY.size + (2 if flags & 0x4000 else 0)
        end = start + (flags & _MAX_NAME)
        if flags & _MAX_NAME == _MAX_NAME:
            end = data.index(b"\0", start)
        is_staged = not flags & 0x3000
        if is_staged:
            blob = fields[10].hex()
            entries[data[start:end]] = (fields[9], fields[2], fields[3], blob)
        offset += (end - offset) + 8 - (end - offset) % 8
    return entries
