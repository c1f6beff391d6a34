"""Digests of local files, taken in the background and only if nothing changed."""

from __future__ import annotations

import hashlib
import os
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from ..errors import guard

#: Files up to this size are read at once, larger ones by a thread of their own.
SMALL: Final = 1024 * 1024
_PIECE: Final = 1024 * 1024
_MOST_KNOWN: Final = 4096

_Seen = tuple[str, int, int, int]


class Digests:
    """Fills in the `digest` of facts about local files, or that they changed."""

    def __init__(self) -> None:
        self._known: OrderedDict[_Seen, str | None] = OrderedDict()
        self._lock = threading.Lock()
        self._large: queue.SimpleQueue[tuple[dict[str, Any], Callable[[], None]]] = (
            queue.SimpleQueue()
        )
        self._thread: threading.Thread | None = None

    def fill(self, fact: dict[str, Any], on_done: Callable[[], None]) -> bool:
        """Complete a fact; a large file is read later.

        Args:
            fact: Changed in place.
            on_done: Called by another thread when a large file was read.

        Returns:
            Whether it is complete already.
        """
        if not is_wanted(fact):
            return True
        if fact["stat"]["size"] > SMALL and _seen(fact) not in self._known:
            self._large.put((fact, on_done))
            self._start()
            return False
        self._complete(fact)
        return True

    def _complete(self, fact: dict[str, Any]) -> None:
        digest = self._digest(_seen(fact))
        if digest is None:
            fact["stat"]["changed"] = True
        else:
            fact["stat"]["digest"] = digest

    def _digest(self, seen: _Seen) -> str | None:
        if seen in self._known:
            return self._known[seen]
        digest = take(*seen)
        with self._lock:
            self._known[seen] = digest
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return digest

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="lineage-digests", daemon=True
                )
                self._thread.start()

    def _work(self) -> None:
        while True:
            fact, on_done = self._large.get()
            with guard("A file's digest cannot be taken"):
                self._complete(fact)
            on_done()


def is_wanted(fact: dict[str, Any]) -> bool:
    """Whether a fact tells of a local file that has no digest yet."""
    stat = fact.get("stat")
    if not isinstance(stat, dict) or "local_path" not in fact:
        return False
    return "digest" not in stat and not stat.get("changed")


def _seen(fact: dict[str, Any]) -> _Seen:
    stat = fact["stat"]
    return (fact["local_path"], stat["size"], stat["mtime_ns"], stat.get("inode") or 0)


def take(path: str, size: int, mtime_ns: int, inode: int) -> str | None:
    """Read a file.

    Returns:
        `sha256:…`; None when it is gone or not what was seen, before or after.
    """
    digest = hashlib.sha256()
    try:
        with open(path, "rb", buffering=0) as file:
            if not _is_same(os.fstat(file.fileno()), size, mtime_ns, inode):
                return None
            while piece := file.read(_PIECE):
                digest.update(piece)
            # The name may lead to another file by now; then this one is its past.
            same = _is_same(os.fstat(file.fileno()), size, mtime_ns, inode)
    except OSError:
        return None
    return f"sha256:{digest.hexdigest()}" if same else None


def _is_same(stat: os.stat_result, size: int, mtime_ns: int, inode: int) -> bool:
    if (stat.st_size, stat.st_mtime_ns) != (size, mtime_ns):
        return False
    return not inode or stat.st_ino == inode
