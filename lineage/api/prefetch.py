"""Fetching the next pages while the caller works on one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import TypeVar

_T = TypeVar("_T")
#: Pages fetched ahead: enough to keep a connection busy, little to hold.
AHEAD = 5


async def prefetched(
    fetch: Callable[[int], Awaitable[_T]], pages: Iterable[int]
) -> AsyncGenerator[_T, None]:
    """Give each page in order, with the next few already on their way.

    What is on its way is cancelled when the caller stops.
    """
    waiting: deque[asyncio.Future[_T]] = deque()
    try:
        for page in pages:
            waiting.append(asyncio.ensure_future(fetch(page)))
            if len(waiting) == AHEAD:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
