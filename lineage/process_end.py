"""The ends of a process: exit, SIGTERM, workers that skip `atexit`, and forks."""

from __future__ import annotations

import atexit
import os
import re
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any, Final, Protocol

from . import forksafe
from .errors import guard
from .missed_signals import MissedSignals
from .recording.interpreters import is_main_interpreter, keep_interrupt

#: Before this, the finalizers of `multiprocessing` have emptied its queues.
_EXIT_PRIORITY: Final = 1
#: The names of threads that are prepared for forks.
_OWN_THREADS: Final = "lineage-"
_FORK_WARNING: Final = re.compile(
    r"This process \(pid=\d+\) is multi-threaded, use of fork", re.IGNORECASE
)
#: The module of the platform's SDK whose `main_wrapper` ends the process.
_SDK_WRAPPER: Final = "supervisely.function_wrapper"


class Finisher(Protocol):
    """The process's runtime, as far as the end of the process needs it."""

    @property
    def is_open(self) -> bool:
        """Whether anything was recorded in this process."""

    def wake(self) -> None:
        """Deliver what can be delivered beside the app's own handler."""

    def finish(self, error: BaseException | None = None) -> None:
        """End the process's task and deliver."""

    def stop(self) -> None:
        """End the tasks at work as stopped, and deliver."""

    def reset_after_fork(self) -> None:
        """Begin again in the child of a fork."""


class _ProcessEnd:
    """Notices how this process ends."""

    def __init__(self) -> None:
        self._find: Callable[[], Finisher | None] = lambda: None
        self._is_hooked = False
        self._watched_pid = 0
        #: The handler of SIGTERM before ours.
        self.former: Any = signal.SIG_DFL
        #: The signal by which the process ends when its exit handlers have run.
        self._ends_by: int | None = None
        #: Kept, because the interpreter calls it later.
        self._pending_call: Any = None
        self._has_begun = False
        self._missed: MissedSignals | None = None

    def watch(self, find: Callable[[], Finisher | None]) -> None:
        """Call the runtime at the end of this process; once in each process.

        Args:
            find: Returns the runtime, if there is one.
        """
        self._find = find
        if not self._is_hooked:
            self._is_hooked = True
            forksafe.register(self)
            atexit.register(self._at_exit)
        if self._watched_pid != os.getpid():
            self._watched_pid = os.getpid()
            self._watch_workers()
            self._watch_sdk()
            self._watch_sigterm()

    def before_fork(self) -> None:
        """Keep Python from warning about threads that are prepared for forks."""
        if sys.version_info >= (3, 12):
            _set_fork_warning(is_off=_has_only_own_threads())

    def reset_after_fork(self) -> None:
        """Start the child's runtime again."""
        self._ends_by = None
        self._has_begun = False
        with guard("SIGTERM cannot be left to the child"):
            self._give_back_sigterm()
        finisher = self._find()
        if finisher is not None:
            with guard("Recording cannot go on after a fork"):
                finisher.reset_after_fork()

    def _at_exit(self) -> None:
        finisher = self._find()
        if finisher is not None:
            finisher.finish()
            keep_interrupt()
        if self._ends_by is not None:
            _die_by(self._ends_by)

    # -- workers and wrappers that skip exit handlers ---------------------------

    def _watch_workers(self) -> None:
        celery = sys.modules.get("celery.signals")
        if celery is not None:
            celery.worker_process_shutdown.connect(
                self._at_end_of_celery_worker, weak=False, dispatch_uid="lineage"
            )
        util = sys.modules.get("multiprocessing.util")
        if util is None or not _is_worker():
            return
        util.Finalize(None, self._at_exit, exitpriority=_EXIT_PRIORITY)

    def _at_end_of_celery_worker(self, **_: object) -> None:
        self._at_exit()

    def _watch_sdk(self) -> None:
        """Deliver before the SDK's `main_wrapper` calls `os._exit` after an error."""
        module = sys.modules.get(_SDK_WRAPPER)
        if module is not None and getattr(module, "os", None) is os:
            module.os = _ExitingOs(self._before_hard_exit)  # type: ignore[attr-defined]  # the SDK's import

    def _before_hard_exit(self) -> None:
        finisher = self._find()
        if finisher is not None and finisher.is_open:
            finisher.finish(sys.exc_info()[1])

    # -- SIGTERM ----------------------------------------------------------------

    def _watch_sigterm(self) -> None:
        if not is_main_interpreter():
            return
        with guard("SIGTERM cannot be watched"):
            if threading.current_thread() is threading.main_thread():
                self.set_handler()
            else:
                self._set_handler_soon()

    def _set_handler_soon(self) -> None:
        """Make the main thread set the handler, as soon as it runs Python code."""
        import ctypes  # only where the first fact comes from another thread

        def set_handler(_: Any) -> int:
            with guard("SIGTERM cannot be watched"):
                self.set_handler()
            return 0

        made = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(set_handler)
        self._pending_call = made
        ctypes.pythonapi.Py_AddPendingCall(made, None)

    def _give_back_sigterm(self) -> None:
        """Set the handler of before: a child that records nothing needs none."""
        if signal.getsignal(signal.SIGTERM) == self.on_sigterm:
            signal.signal(signal.SIGTERM, self.former)
            self.former = signal.SIG_DFL

    def _is_sigterm_awaited(self) -> bool:
        is_ours = signal.getsignal(signal.SIGTERM) == self.on_sigterm
        return is_ours and not self._has_begun

    def set_handler(self) -> None:
        """Set the handler of SIGTERM; a handler of the app's is called by ours."""
        if threading.current_thread() is not threading.main_thread():
            return
        former = signal.getsignal(signal.SIGTERM)
        if former is signal.SIG_IGN or former is None or former == self.on_sigterm:
            return
        try:
            signal.signal(signal.SIGTERM, self.on_sigterm)
        except ValueError:
            return  # An interpreter inside another program may not set any.
        self.former = former
        if _is_worker():
            if self._missed is None:
                self._missed = MissedSignals(signal.SIGTERM, self._is_sigterm_awaited)
            self._missed.start()

    def on_sigterm(self, number: int, frame: FrameType | None) -> None:
        """Deliver before SIGTERM ends the process; a handler of the app's decides."""
        self._has_begun = True
        finisher = self._find()
        is_open = finisher is not None and finisher.is_open
        if callable(self.former):
            if finisher is not None and is_open:
                finisher.wake()
            self.former(number, frame)
            if is_open and _exits_instead_of_dying(self.former, number):
                self._ends_by = number
            self._has_begun = False
            return
        if finisher is not None and is_open:
            finisher.stop()
        _die_by(number)


def _is_worker() -> bool:
    process = sys.modules.get("multiprocessing.process")
    return process is not None and process.parent_process() is not None


def _exits_instead_of_dying(handler: Any, number: int) -> bool:
    """Make uvicorn end by an exit; it would raise the signal again, without one.

    Our exit handler ends the process by the signal afterwards.
    """
    server = getattr(handler, "__self__", None)
    captured = getattr(server, "_captured_signals", None)
    if not type(server).__module__.startswith("uvicorn"):
        return False
    if not isinstance(captured, list) or number not in captured:
        return False
    captured[:] = [caught for caught in captured if caught != number]
    return True


def _die_by(number: int) -> None:
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _set_fork_warning(*, is_off: bool) -> None:
    """Switch Python's warning about forks with threads off, or on again.

    Python 3.12 and newer warn at each fork of a process with threads. Ours are prepared
    for it: their locks are free, and the child begins again. Where the app has threads
    of its own, the warning is as right as without lineage.
    """
    entry = ("ignore", _FORK_WARNING, DeprecationWarning, None, 0)
    if is_off and (not warnings.filters or warnings.filters[0] != entry):
        warnings.filterwarnings("ignore", _FORK_WARNING.pattern, DeprecationWarning)
    elif not is_off and entry in warnings.filters:
        warnings.filters.remove(entry)  # type: ignore[attr-defined]  # it is a list


def _has_only_own_threads() -> bool:
    threads = threading.enumerate()
    me = threading.current_thread()
    if any(t is not me and not t.name.startswith(_OWN_THREADS) for t in threads):
        return False
    try:
        # Libraries in C have threads that Python does not know.
        return len(os.listdir("/proc/self/task")) <= len(threads)
    except OSError:
        return True


class _ExitingOs(ModuleType):
    """The module `os`, whose `_exit` calls a function first.

    Args:
        before_exit: The function.
    """

    def __init__(self, before_exit: Callable[[], None]) -> None:
        super().__init__("os")
        self._before_exit = before_exit

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def _exit(self, status: int) -> None:
        with guard("What was recorded cannot be delivered now"):
            self._before_exit()
        os._exit(status)


process_end: Final = _ProcessEnd()
