"""A lock that a fork's child finds open."""

from __future__ import annotations

import os
import threading


class ForkSafeLock:
    """Like `threading.Lock`, as a context manager, but new in each process.

    A fork copies only the thread that forks: a lock that another thread held at that
    moment would stay closed in the child for ever.
    """

    __slots__ = ("_lock", "_pid")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid = os.getpid()

    def __enter__(self) -> None:
        if self._pid != os.getpid():
            self._lock = threading.Lock()
            self._pid = os.getpid()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
