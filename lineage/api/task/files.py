"""Files that belong to a task."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ..bodies import BodyPart, multipart
from ..progress import advancing
from ..resource import Resource

_T = TypeVar("_T")
_HASHES = 900
_FILES = 50
_BLOCK = 1 << 20


class TaskFiles(Resource):
    """Uploading a task's files."""

    def upload_files(
        self,
        task_id: int,
        abs_paths: list[str],
        names: list[str],
        progress_cb: Any = None,
    ) -> None:
        """Upload files of a task; what the instance has already is not sent again.

        Endpoints `images.internal.hashes.list`, `tasks.files.bulk.add-by-hash`,
        `tasks.files.bulk.upload`.

        Args:
            task_id: The task.
            abs_paths: The files.
            names: What each is called in the task.
            progress_cb: Told the number of files done (or a tqdm bar).

        Raises:
            RuntimeError: There are more paths than names, or fewer.
            OSError: A file cannot be read.
            ApiError: They could not be uploaded.
        """
        if len(abs_paths) != len(names):
            raise RuntimeError(f"{len(abs_paths)} paths, but {len(names)} names")
        if not abs_paths:
            return
        advance = advancing(progress_cb)
        hashes = [file_hash(path) for path in abs_paths]
        known = self._known(list(dict.fromkeys(hashes)))
        self._add_known(task_id, names, hashes, known)
        advance(sum(digest in known for digest in hashes))
        items = list(zip(abs_paths, names, hashes, strict=True))
        for batch in batched(items, _FILES):
            self._upload(task_id, batch, known, advance)

    def _known(self, hashes: list[str]) -> set[str]:
        known: set[str] = set()
        for batch in batched(hashes, _HASHES):
            known.update(self._ask("images.internal.hashes.list", batch))
        return known

    def _add_known(
        self, task_id: int, names: list[str], hashes: list[str], known: set[str]
    ) -> None:
        by_hash: dict[str, list[str]] = defaultdict(list)
        for name, digest in zip(names, hashes, strict=True):
            if digest in known:
                by_hash[digest].append(name)
        files = [
            {"name": name, "hash": digest}
            for digest, same in by_hash.items()
            for name in same
        ]
        for batch in batched(files, _FILES):
            body = {"taskId": task_id, "files": batch}
            self._api.post("tasks.files.bulk.add-by-hash", body)

    def _upload(
        self,
        task_id: int,
        batch: list[tuple[str, str, str]],
        known: set[str],
        advance: Callable[[int], Any],
    ) -> None:
        parts: list[BodyPart] = []
        for index, (path, name, digest) in enumerate(batch):
            if digest not in known:
                told = json.dumps({"fullpath": name, "hash": digest})
                opener = partial(Path(path).open, "rb")
                parts += [
                    BodyPart(str(index), told),
                    BodyPart(f"{index}-file", opener, name),
                ]
        if not parts:
            return
        # The form itself does not name the task.
        self._api.send(
            "POST",
            "tasks.files.bulk.upload",
            body=multipart(parts),
            headers={"x-task-id": str(task_id)},
        )
        advance(len(parts) // 2)


def file_hash(path: str) -> str:
    """Give the platform's hash of a file: its SHA-256 in base64.

    Raises:
        OSError: The file cannot be read.
    """
    digest = hashlib.sha256()
    with Path(path).open("rb") as opened:
        while block := opened.read(_BLOCK):
            digest.update(block)
    return base64.b64encode(digest.digest()).decode()


def batched(items: Sequence[_T], size: int) -> Iterator[list[_T]]:
    """Give the items in lists of at most `size`."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
