"""FastAPI: a task opened in a generator dependency is the request's task.

A dependency that is a plain generator runs in a thread with a copy of the request's
context, so what it sets there would be lost to the endpoint.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ..recording.context import CURRENT


def install(module: Any) -> None:
    """Bring the context of a generator dependency back into its request."""
    original = getattr(module, "contextmanager_in_threadpool", None)
    if original is None:
        return

    @asynccontextmanager
    async def contextmanager_in_threadpool(manager: Any) -> AsyncIterator[Any]:
        watched = _Watched(manager)
        before = CURRENT.get()
        async with original(watched) as value:
            entered = watched.entered
            if entered is not before:
                CURRENT.set(entered)
            yield value
        if CURRENT.get() is watched.entered:
            CURRENT.set(before)

    module.contextmanager_in_threadpool = contextmanager_in_threadpool


class _Watched:
    """A context manager that remembers which step was current once it was entered."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager
        self.entered: Any = None

    def __enter__(self) -> Any:
        value = self._manager.__enter__()
        self.entered = CURRENT.get()
        return value

    def __exit__(self, *details: Any) -> Any:
        return self._manager.__exit__(*details)
