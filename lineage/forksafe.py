"""The registry of everything that a forked child must not go on using as it is."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from typing import Any, Final, Protocol, TypeVar

from . import errors


class ForkAware(Protocol):
    """Something with locks, threads, files or connections of one process.

    It may also have `before_fork()` and `after_fork_in_parent()`.
    """

    def reset_after_fork(self) -> None:
        """Replace locks and forget what belongs to the parent; called in the child."""


T = TypeVar("T", bound=ForkAware)

_registered: Final[list[weakref.ref[Any]]] = []
#: One entry for each thread that forks.
_forking: Final[list[bool]] = []


def register(obj: T) -> T:
    """Call `obj.reset_after_fork()` in every child that is forked from now on.

    Objects are reset in the order in which they were registered, so that what is built
    on others comes after them; `before_fork` is called in the opposite order. The
    registry does not keep an object alive.

    Returns:
        The object itself.
    """
    _registered.append(weakref.ref(obj, _registered.remove))
    return obj


def _objects() -> Iterator[Any]:
    # One that goes meanwhile leaves the list, and the next one would be passed over.
    for reference in tuple(_registered):
        obj = reference()
        if obj is not None:
            yield obj


def _call(obj: Any, method: str) -> None:
    hook = getattr(obj, method, None)
    if hook is not None:
        with errors.guard(f"{type(obj).__name__}.{method} failed around a fork"):
            hook()


def is_forking() -> bool:
    """Whether a thread is about to fork: what is made now must wait with its locks."""
    return bool(_forking)


def _before_fork() -> None:
    _forking.append(True)
    for obj in reversed(list(_objects())):
        _call(obj, "before_fork")


def _after_fork_in_parent() -> None:
    _forking.pop()
    for obj in _objects():
        _call(obj, "after_fork_in_parent")


def _after_fork_in_child() -> None:
    _forking.clear()
    for obj in _objects():
        _call(obj, "reset_after_fork")


# Every failure around a fork is logged through it: it is usable again first.
register(errors.throttle)

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
