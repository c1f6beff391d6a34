"""Has the main thread run the handler of a signal that it would otherwise miss.

Python runs a handler in the main thread, between two of its own instructions. A signal
that arrives while that thread is about to wait in C, or is woken there in vain, is only
noted: the thread goes on waiting, and the handler never runs. The default action, which
our handler replaces, would have ended the process. Workers of `multiprocessing` wait
like that for their turn at a queue when `Pool.terminate` ends them and then joins them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Final

from . import forksafe
from .errors import guard

#: How long the main thread may take by itself; twice as long after each repetition.
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 2.0


class MissedSignals:
    """Repeats a signal, to the main thread alone, until its handler has begun.

    A process has one file descriptor for signals: where the app has set its
    own, as `asyncio` does, nothing is repeated.

    Args:
        number: The signal.
        is_awaited: Whether our handler is set, and has not begun since the signal.
    """

    def __init__(self, number: int, is_awaited: Callable[[], bool]) -> None:
        self._number = number
        self._is_awaited = is_awaited
        self._reader = self._writer = -1
        forksafe.register(self)

    def start(self) -> None:
        """Repeat what is missed from now on; called by the main thread."""
        if self._reader >= 0 or not hasattr(signal, "pthread_kill"):
            return
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        former = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        if former >= 0:
            signal.set_wakeup_fd(former)
            os.close(reader)
            os.close(writer)
            return
        self._reader, self._writer = reader, writer
        threading.Thread(
            target=self._repeat, args=(reader,), name="lineage-signals", daemon=True
        ).start()

    def reset_after_fork(self) -> None:
        """Leave the parent's descriptors; the child may start again."""
        reader, writer = self._reader, self._writer
        if reader < 0:
            return
        self._reader = self._writer = -1
        with guard("Signals of the parent cannot be left"):
            set_now = signal.set_wakeup_fd(-1)
            if set_now not in (-1, writer):
                signal.set_wakeup_fd(set_now)
        for descriptor in (reader, writer):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _repeat(self, reader: int) -> None:
        main = threading.main_thread().ident
        pause_s = _FIRST_PAUSE_S
        with guard("Signals that are missed cannot be repeated"):
            while arrived := os.read(reader, 64):
                if main is None or self._number not in arrived:
                    continue
                time.sleep(pause_s)
                if self._is_awaited():
                    pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                    # Its arrival is read above, and so on until the handler begins.
                    signal.pthread_kill(main, self._number)
                else:
                    pause_s = _FIRST_PAUSE_S
