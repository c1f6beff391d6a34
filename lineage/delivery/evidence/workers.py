"""Workers: a few threads of one kind of work, started when there is some."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Final

from ...errors import guard

#: A thread without work for so long ends.
_IDLE_S: Final = 5.0

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

    def submit(self, work: Work) -> None:
        """Hand work to a thread."""
        if not self._most:
            work()
            return
        self._work.put(work)
        with self._lock:
            if self._idle >= self._work.qsize() or self._threads >= self._most:
                return
            self._threads += 1
        thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # The interpreter is ending. The next process looks at what is left.
            with self._lock:
                self._threads -= 1

    def stop(self) -> None:
        """End the threads when they have done what they do now."""
        with self._lock:
            self._is_stopped = True
            threads = self._threads
        for _ in range(threads):
            self._work.put(None)

    def _run(self) -> None:
        while (work := self._next()) is not None:
            with guard("Evidence cannot be found"):
                work()
        with self._lock:
            self._threads -= 1

    def _next(self) -> Work | None:
        with self._lock:
            if self._is_stopped:
                return None
            self._idle += 1
        try:
            return self._work.get(timeout=_IDLE_S)
        except queue.Empty:
            return None
        finally:
            with self._lock:
                self._idle -= 1
