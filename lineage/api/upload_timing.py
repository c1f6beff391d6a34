"""Bodies on their way: the time that sending takes is not waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from requests.utils import super_len

from .retry import Attempts

_BLOCK = 65_536


class TimedUpload:
    """A body that is read while it is sent, as `requests` reads a file.

    Each block that the connection took extends the total time of the call, so that a
    long upload that breaks is tried again. A block that is not taken is bounded by
    the time-out of the socket.

    Args:
        content: What reads as a file.
        attempts: The attempts of the call.
        clock: Gives seconds that only grow.
    """

    def __init__(
        self, content: Any, attempts: Attempts, clock: Callable[[], float]
    ) -> None:
        self._content = content
        self._pace = UploadClock(attempts, clock)
        self.len = length_of(content)

    def read(self, size: int = -1) -> bytes:
        """Return the next block."""
        self._pace.step()
        block: bytes = self._content.read(size)
        return block


def length_of(content: Any) -> int:
    """Return what is left of a body in bytes; 0: it is not known."""
    return int(super_len(content))  # type: ignore[no-untyped-call]  # stubs lack it


class UploadClock:
    """Excuses the time between the steps of one attempt."""

    def __init__(self, attempts: Attempts, clock: Callable[[], float]) -> None:
        self._attempts = attempts
        self._clock = clock
        self._last: float | None = None

    def step(self) -> None:
        """Something moved on."""
        now = self._clock()
        if self._last is not None:
            self._attempts.excuse(now - self._last)
        self._last = now


async def blocks(content: Any, pace: UploadClock) -> AsyncIterator[bytes]:
    """Return a body to an event loop, block by block, whatever its form.

    Args:
        content: What reads as a file (read in a thread), or gives blocks, at once or
            asynchronously.
        pace: Notified of each block.
    """
    if hasattr(content, "read"):
        while block := await asyncio.to_thread(content.read, _BLOCK):
            pace.step()
            yield block
    elif hasattr(content, "__aiter__"):
        async for block in content:
            pace.step()
            yield block
    else:
        for block in content:
            pace.step()
            yield block
