"""Blocks `fork` while a background thread imports modules.

A child forked in the middle of an import would keep a half-made module for ever. The
fork waits instead: once in a process, for a fraction of a second.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from .. import forksafe

#: No fork is held longer than that, whatever the import waits for.
_LONGEST_S: Final = 10.0


class _ForkGuard:
    """A lock held while modules are loaded, and while a thread forks."""

    def __init__(self) -> None:
        # Reentrant: what is loaded may fork.
        self.lock = threading.RLock()

    def before_fork(self) -> None:
        self.lock.acquire(timeout=_LONGEST_S)

    def after_fork_in_parent(self) -> None:
        try:
            self.lock.release()
        except RuntimeError:
            return  # The wait for it timed out.

    def reset_after_fork(self) -> None:
        self.lock = threading.RLock()


_guard: Final = forksafe.register(_ForkGuard())


@contextmanager
def no_fork() -> Iterator[None]:
    """Make forks by other threads wait until the block is done."""
    with _guard.lock:
        yield
