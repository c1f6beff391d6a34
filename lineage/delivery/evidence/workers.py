"""Workers: a few threads of one kind of work, started when there is some."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Final

from ...errors import guard

#: A thread without work for so long ends.
_IDLE_S: Final = 5.0
_FAILED: Final = "Evidence cannot be found"

Work = Callable[[], None]


class Workers:
    """Threads that take work in order; one that is stuck keeps no other from its work.

    Args:
        name: What the threads are called.
        most: How many there are at most; with none, work is done when submitted.
    """

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self._most = most
        self._work: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._idle = 0
        self._is_stopped = False
        self._is_prepared = False

    def prepare(self) -> None:
        """Start a thread that stays, since the end of the process may start none."""
        with self._lock:
            if self._is_prepared or not self._most:
                return
            self._is_prepared = True
            self._threads += 1
        self._start(stays=True)

    def submit(self, work: Work, otherwise: Work | None = None) -> None:
        """Hand work to a thread.

        Args:
            work: What to do.
            otherwise: What to do here and now where an interpreter that is ending
                starts no thread any more, and none is left; by default, the work.
        """
        if not self._most:
            work()
            return
        self._work.put(work)
        with self._lock:
            if self._idle >= self._work.qsize() or self._threads >= self._most:
                return
            self._threads += 1
        if not self._start():
            with self._lock:
                is_left = not self._threads and self._take_back()
            if is_left:
                with guard(_FAILED):
                    (otherwise or work)()

    def stop(self) -> None:
        """End the threads when they have done what they do now."""
        with self._lock:
            self._is_stopped = True
            threads = self._threads
        for _ in range(threads):
            self._work.put(None)

    def _start(self, *, stays: bool = False) -> bool:
        thread = threading.Thread(
            target=self._run, args=(stays,), name=self._name, daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            with self._lock:
                self._threads -= 1
            return False
        return True

    def _take_back(self) -> bool:
        """Remove the work that nobody is there to do."""
        try:
            self._work.get_nowait()
        except queue.Empty:
            return False
        return True

    def _run(self, stays: bool) -> None:
        while (work := self._next(None if stays else _IDLE_S)) is not None:
            with guard(_FAILED):
                work()
        with self._lock:
            self._threads -= 1

    def _next(self, idle_s: float | None) -> Work | None:
        with self._lock:
            if self._is_stopped:
                return None
            self._idle += 1
        try:
            return self._work.get(timeout=idle_s)
        except queue.Empty:
            return None
        finally:
            with self._lock:
                self._idle -= 1
