"""Modules loaded in the background, while no fork falls into the middle of it.

A child forked then would have a half-made module for ever, and so would the app in it
that imports the same one. A fork waits instead: once in a process, a fraction of a
second.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: Longer than that no fork is held, whatever the import waits for.
_LONGEST_S: Final = 10.0


class _ForkGuard:
    """Closed while modules are loaded, and while somebody forks."""

    def __init__(self) -> None:
        # Reentrant: what is loaded may fork.
        self.lock = threading.RLock()

    def before_fork(self) -> None:
        self.lock.acquire(timeout=_LONGEST_S)

    def after_fork_in_parent(self) -> None:
        try:
            self.lock.release()
        except RuntimeError:
            return  # It was waited for in vain.

    def after_fork_in_child(self) -> None:
        self.lock = threading.RLock()


_gate: Final = _ForkGuard()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_gate.before_fork,
        after_in_parent=_gate.after_fork_in_parent,
        after_in_child=_gate.after_fork_in_child,
    )


@contextmanager
def no_fork() -> Iterator[None]:
    """Let other threads' forks wait until the block is done."""
    with _gate.lock:
        yield
