"""Keeps imports and starts of programs by background threads apart from forks.

A child that is forked in the middle of an import would wait for ever for the thread
that makes the module, or get half of it. A fork waits for our own imports: once in a
process, for a fraction of a second. What else another thread imports at that moment,
the child forgets and imports again. A child that is forked while a program is started
would keep its pipes open, and the thread that starts it would wait for the child's end.

A signal's handler, or a finalizer, may interrupt an import in its own thread and need
the same modules: it imports them again, whole, and the interrupted import then takes
those. Signals wait for our imports where they can: handlers that interrupt each other
faster than one of them imports would never come to an end.
"""

from __future__ import annotations

import importlib
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any, Final

from .. import forksafe

#: The interpreter's own import system; its locks by module have no public name.
_bootstrap: Final[Any] = getattr(importlib, "_bootstrap", None)
#: What the names of our modules begin with.
_OURS: Final = f"{__name__.partition('.')[0]}."
#: What a fault of the program raises is never held: it could not go on.
_FAULTS: Final = (
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGILL",
    "SIGSEGV",
    "SIGSYS",
    "SIGTRAP",
)
#: No fork is held longer than that, whatever the import waits for.
_LONGEST_S: Final = 10.0


class _ForkGuard:
    """A lock held while modules are loaded or a program starts, and at forks."""

    def __init__(self) -> None:
        # Reentrant: what is loaded may fork.
        self.lock = threading.RLock()
        self._is_held = True

    def before_fork(self) -> None:
        self._is_held = self.lock.acquire(timeout=_LONGEST_S)

    def after_fork_in_parent(self) -> None:
        if self._is_held:
            self.lock.release()

    def reset_after_fork(self) -> None:
        self.lock = threading.RLock()
        _forget_half_made()


def _forget_half_made() -> None:
    """Remove modules whose import belongs to a thread that the child does not have."""
    locks = getattr(_bootstrap, "_module_locks", {})
    me = threading.get_ident()
    for name, reference in list(locks.items()):
        lock = reference()
        # The thread that forks may be in the middle of an import itself.
        if lock is None or getattr(lock, "owner", None) in (None, me):
            continue
        locks.pop(name, None)
        if _is_half_made(sys.modules.get(name)):
            del sys.modules[name]


_guard: Final = forksafe.register(_ForkGuard())


@contextmanager
def no_fork() -> Iterator[None]:
    """Make forks by other threads wait until the block is done."""
    with _guard.lock:
        yield


@contextmanager
def loading() -> Iterator[None]:
    """Import modules of ours: whole ones, while forks by other threads wait."""
    with _guard.lock, whole_modules():
        yield


@contextmanager
def whole_modules() -> Iterator[None]:
    """Make the block import again what its own thread is in the middle of importing.

    An interrupted import ends with the module that it finds in `sys.modules`, so that
    there is one of each in the end.
    """
    with later_signals():
        half_made = _half_made_here()
        try:
            for name, module in half_made.items():
                found = sys.modules.pop(name, None)
                if found is not None and found is not module:
                    # Another handler, which interrupted this one, has made it.
                    sys.modules[name] = found
            yield
        finally:
            for name, module in half_made.items():
                sys.modules.setdefault(name, module)


@cache
def _held_signals() -> frozenset[int]:
    faults = {getattr(signal, name, 0) for name in _FAULTS}
    return frozenset(map(int, signal.valid_signals())) - faults


@contextmanager
def later_signals() -> Iterator[None]:
    """Postpone signals that arrive in the block until after it.

    Where another thread of the app takes them, or on Windows, they are not held.
    """
    is_main = threading.get_ident() == threading.main_thread().ident
    if not is_main or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _held_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _half_made_here() -> dict[str, ModuleType]:
    """Return our modules that this thread is importing, and what they import in turn.

    Those of the app stay as they are: it began them before, and may need them.
    """
    me = threading.get_ident()
    half_made: dict[str, ModuleType] = {}
    # In the order in which the imports began.
    for name, reference in list(getattr(_bootstrap, "_module_locks", {}).items()):
        if getattr(reference(), "owner", None) != me:
            continue
        module = sys.modules.get(name)
        is_ours = name.startswith(_OURS) or bool(half_made)
        if module is not None and is_ours and _is_half_made(module):
            half_made[name] = module
    return half_made


def _is_half_made(module: ModuleType | None) -> bool:
    return getattr(getattr(module, "__spec__", None), "_initializing", False)
