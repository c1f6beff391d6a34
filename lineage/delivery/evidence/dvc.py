"""DVC: the MD5 under which a file or folder is kept, if it still has that content."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from .content import is_same_state, read_content
from .protocol import Findings, Subject

_MAX_READ: Final = 4 * 1024 * 1024
_MAX_FILE: Final = 1024 * 1024 * 1024
#: A file with more outputs than that has parents that are not searched.
_MAX_PARENTS: Final = 20
_FIELD: Final = re.compile(
    r"^(?P<lead>[\s-]*)(?P<name>md5|path|size|nfiles):\s*(?P<v>.+)$"
)


class DvcResolver:
    """Reads `<name>.dvc` beside a file, or the `dvc.lock` of a folder above it."""

    def __init__(self, *, reads: bool = True) -> None:
        self._reads = reads

    def resolve(self, subject: Subject) -> Findings | None:
        """Return the MD5 that DVC has of a file with this content.

        Raises:
            OSError: The file, or what DVC wrote of it, cannot be read.
        """
        if subject.path is None:
            return None
        md5 = _recorded_md5(subject.path)
        if md5 is None:
            return None
        if not (
            _is_folder_unchanged(subject)
            if md5.endswith(".dir")
            else self._has_content(subject, md5)
        ):
            return None
        return {"evidence": [{"kind": "dvc-md5", "value": md5}]}

    def _has_content(self, subject: Subject, md5: str) -> bool:
        stat = subject.stat
        if not self._reads or not stat or stat["size"] > _MAX_FILE:
            return False
        content = read_content(subject.path or "", algorithms=("md5",))
        if content is None or not is_same_state(content.state, stat):
            return False
        return content.others["md5"] == md5


def _is_folder_unchanged(subject: Subject) -> bool:
    """Whether nothing in a folder is newer than what DVC wrote of it."""
    pointer = Path(f"{subject.path}.dvc")
    if subject.kind != "folder" or subject.path is None or not pointer.is_file():
        return False
    written_ns = pointer.stat().st_mtime_ns
    for folder, _, names in os.walk(subject.path):
        for name in ("", *names):
            seen = os.stat(os.path.join(folder, name))
            if seen.st_mtime_ns > written_ns:
                return False
    return True


def _recorded_md5(path: str) -> str | None:
    pointer = Path(f"{path}.dvc")
    if pointer.is_file():
        return _md5_of(pointer, os.path.basename(path))
    folder = Path(path).parent
    for parent in [folder, *folder.parents][:_MAX_PARENTS]:
        lock = parent / "dvc.lock"
        if lock.is_file():
            return _md5_of(lock, os.path.relpath(path, parent))
    return None


def _md5_of(file: Path, name: str) -> str | None:
    """Find the entry of a path in DVC's own YAML, which has one field on a line."""
    with file.open(encoding="utf-8", errors="replace") as lines:
        entry: dict[str, str] = {}
        for line in lines.read(_MAX_READ).splitlines():
            if line.lstrip().startswith("- "):
                entry = {}
            found = _FIELD.match(line)
            if found is None:
                continue
            entry[found["name"]] = found["v"].strip().strip("'\"")
            if entry.get("path") == name and "md5" in entry:
                return entry["md5"]
    return None
