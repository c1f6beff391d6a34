"""Bodies are read whole, bounded in size and in patience."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from lineage.instance.errors import RequestError
from lineage.instance.request_body import IN_MEMORY, Disconnected, read_body


class Sender:
    """Gives messages as a server would."""

    def __init__(self, *chunks: bytes, is_cut: bool = False) -> None:
        self._left: list[MutableMapping[str, Any]] = [
            {"type": "http.request", "body": chunk, "more_body": True}
            for chunk in chunks
        ]
        if is_cut:
            self._left.append({"type": "http.disconnect"})
        else:
            self._left[-1]["more_body"] = False

    async def __call__(self) -> MutableMapping[str, Any]:
        return self._left.pop(0)


async def test_small_bodies_stay_in_memory() -> None:
    """One piece or several small ones are given as bytes."""
    assert await read_body(Sender(b"abc"), 10, 1) == b"abc"
    assert await read_body(Sender(b"a", b"", b"bc"), 10, 1) == b"abc"


async def test_a_large_body_is_a_file() -> None:
    """What is larger than memory's share can be read from a file."""
    chunk = b"x" * (IN_MEMORY // 2)
    body = await read_body(Sender(chunk, chunk, chunk), 10 * IN_MEMORY, 1)
    assert not isinstance(body, bytes)
    with body:
        assert len(body.read()) == 3 * len(chunk)


@pytest.mark.parametrize("chunks", [(b"x" * 11,), (b"x" * 6, b"x" * 6)])
async def test_larger_than_the_limit_is_413(chunks: tuple[bytes, ...]) -> None:
    """In one piece or in several, too much is refused."""
    with pytest.raises(RequestError) as refused:
        await read_body(Sender(*chunks), 10, 1)
    assert refused.value.status == 413


async def test_a_client_that_leaves_is_noticed() -> None:
    """A body that is cut off is no request."""
    with pytest.raises(Disconnected):
        await read_body(Sender(b"abc", is_cut=True), 10, 1)


async def test_a_client_that_stays_silent_is_given_up() -> None:
    """A body that does not come is refused when patience ends."""

    async def silent() -> MutableMapping[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(RequestError, match="did not come"):
        await read_body(silent, 10, 0.05)
