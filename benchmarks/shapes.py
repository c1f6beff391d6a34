"""The functions that get decorated, and the loops that time them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter_ns
from typing import Any, Final

#: Wraps a function a number of times; what is compared is what this adds.
Decorate = Callable[[Callable[..., Any], int], Callable[..., Any]]

#: Times one burst: called with the ids, gives nanoseconds for all of them.
Burst = Callable[[Sequence[int]], int]

SHAPES: Final = ("sync", "async", "method")


def build(shape: str, decorate: Decorate, stack: int) -> Burst:
    """Decorate a function of this shape, and give the loop that times its calls."""
    return {"sync": _sync, "async": _async, "method": _method}[shape](decorate, stack)


def _sync(decorate: Decorate, stack: int) -> Burst:
    def work(project_id: int) -> int:
        return project_id

    decorated = decorate(work, stack)

    def burst(ids: Sequence[int]) -> int:
        call = decorated
        start = perf_counter_ns()
        for project_id in ids:
            call(project_id)
        return perf_counter_ns() - start

    return burst


def _async(decorate: Decorate, stack: int) -> Burst:
    async def work(project_id: int) -> int:
        return project_id

    decorated: Callable[[int], Awaitable[int]] = decorate(work, stack)

    async def timed(ids: Sequence[int]) -> int:
        call = decorated
        start = perf_counter_ns()
        for project_id in ids:
            await call(project_id)
        return perf_counter_ns() - start

    return lambda ids: asyncio.run(timed(ids))


def _method(decorate: Decorate, stack: int) -> Burst:
    def work(self: Any, project_id: int) -> int:
        return project_id

    owner: Any = type("App", (), {"work": decorate(work, stack)})()

    def burst(ids: Sequence[int]) -> int:
        app = owner
        start = perf_counter_ns()
        for project_id in ids:
            app.work(project_id)
        return perf_counter_ns() - start

    return burst
