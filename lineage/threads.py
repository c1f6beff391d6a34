"""Threads: steps that no other thread interrupts, also without the interpreter's lock.

Where the interpreter has no lock (free-threaded Python), what is one step elsewhere
takes a lock of its own.
"""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Callable


def has_gil() -> bool:
    """Whether one thread at a time runs Python here."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def starts_at_exit() -> bool:
    """Whether threads can be started while the exit handlers run.

    Python 3.12 starts none, 3.11 and 3.13 do; what comes later is not relied on.
    """
    return sys.version_info[:2] in {(3, 10), (3, 11), (3, 13)}


def start_thread(thread: threading.Thread) -> bool:
    """Start a thread; return False where none starts any more.

    Some Pythons start none once exit handlers run: see `starts_at_exit`.

    Raises:
        RuntimeError: The system has no room for it.
    """
    try:
        thread.start()
    except RuntimeError as error:
        if "interpreter shutdown" in str(error):
            return False
        raise
    return True


def counter() -> Callable[[], int]:
    """Return what counts from 1, so that no two threads get the same number."""
    count = itertools.count(1).__next__
    if has_gil():
        return count
    # Reentrant: a signal's handler may record while its thread is inside.
    lock = threading.RLock()

    def next_number() -> int:
        with lock:
            return count()

    return next_number
