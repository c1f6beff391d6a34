"""Keeps imports and starts of programs by background threads apart from forks.

A child that is forked in the middle of an import would wait for ever for the thread
that makes the module, or get half of it. A fork waits for our own imports: once in a
process, for a fraction of a second. What else another thread imports at that moment,
the child forgets and imports again. A child that is forked while a program is started
would keep its pipes open, and the thread that starts it would wait for the child's end.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from .. import forksafe

#: The interpreter's own import system; its locks by module have no public name.
_bootstrap: Final[Any] = getattr(importlib, "_bootstrap", None)
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
        module = sys.modules.get(name)
        if getattr(getattr(module, "__spec__", None), "_initializing", False):
            del sys.modules[name]


_guard: Final = forksafe.register(_ForkGuard())


@contextmanager
def no_fork() -> Iterator[None]:
    """Make forks by other threads wait until the block is done."""
    with _guard.lock:
        yield
