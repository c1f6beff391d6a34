"""What holds locks or connections starts afresh in a forked child."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class ForkAware(Protocol):
    """Something that a forked child must not go on using as it is."""

    def start_afresh(self) -> None:
        """Replace locks and forget connections, in the child."""


_known: weakref.WeakSet[ForkAware] = weakref.WeakSet()


def start_afresh_in_child(thing: ForkAware) -> None:
    """Have `thing.start_afresh()` called in every child forked from now on."""
    _known.add(thing)


def _start_all_afresh() -> None:
    for thing in list(_known):
        thing.start_afresh()


os.register_at_fork(after_in_child=_start_all_afresh)
