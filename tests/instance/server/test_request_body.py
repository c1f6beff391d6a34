"""Bodies are read whole, bounded in size and in patience."""

from __future__ import annotations

import asyncio
import gzip
import io
from collections.abc import MutableMapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.instance.errors import RequestError
from lineage.instance.request_body import (
    IN_MEMORY,
    BodyClock,
    BodyLimits,
    Disconnected,
    read_body,
    unpacked,
)

LIMITS = BodyLimits(idle_s=1)


class Sender:
    """Returns messages as a server would."""

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
    assert await read_body(Sender(b"abc"), 10, LIMITS) == b"abc"
    assert await read_body(Sender(b"a", b"", b"bc"), 10, LIMITS) == b"abc"


async def test_a_large_body_is_a_file() -> None:
    """What is larger than memory's share can be read from a file."""
    chunk = b"x" * (IN_MEMORY // 2)
    body = await read_body(Sender(chunk, chunk, chunk), 10 * IN_MEMORY, LIMITS)
    assert not isinstance(body, bytes)
    with body:
        assert len(body.read()) == 3 * len(chunk)


@pytest.mark.parametrize("chunks", [(b"x" * 11,), (b"x" * 6, b"x" * 6)])
async def test_larger_than_the_limit_is_413(chunks: tuple[bytes, ...]) -> None:
    """In one piece or in several, too much is refused."""
    with pytest.raises(RequestError) as refused:
        await read_body(Sender(*chunks), 10, LIMITS)
    assert refused.value.status == 413


async def test_a_client_that_leaves_is_noticed() -> None:
    """A body that is cut off is no request."""
    with pytest.raises(Disconnected):
        await read_body(Sender(b"abc", is_cut=True), 10, LIMITS)


async def silent() -> MutableMapping[str, Any]:
    """Bring nothing, as a client that only opened its connection."""
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_client_that_stays_silent_is_given_up() -> None:
    """A body that does not come is 408 when patience ends."""
    with pytest.raises(RequestError, match="too slowly") as raised:
        await read_body(silent, 10, BodyLimits(idle_s=0.05))
    assert raised.value.status == 408
    assert raised.value.headers["connection"] == "close"


async def test_a_body_that_drips_is_given_up() -> None:
    """Pieces that come in time do not help where all together come too slowly."""

    async def drip() -> MutableMapping[str, Any]:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    limits = BodyLimits(idle_s=5, grace_s=0.2, least_rate=1e6)
    with pytest.raises(RequestError, match="too slowly"):
        await asyncio.wait_for(read_body(drip, 1 << 20, limits), 5)


@given(
    received=st.integers(0, 1 << 34),
    now=st.floats(0, 1e6),
    is_upload=st.booleans(),
)
def test_patience_has_an_end(received: int, now: float, is_upload: bool) -> None:
    """No piece gets more than the idle time, no body more than its rate or total."""
    limits = BodyLimits()
    clock = BodyClock(limits, is_upload=is_upload, now=0.0)
    patience = clock.patience(received, now)
    assert 0 <= patience <= limits.idle_s
    assert now + patience <= max(now, limits.grace_s + received / limits.least_rate)
    if not is_upload:
        assert now + patience <= max(now, limits.total_s)


@given(content=st.binary(max_size=5000), repeat=st.integers(1, 400))
def test_gzip_comes_back_whole(content: bytes, repeat: int) -> None:
    """What was packed is what is read, from memory and from a file."""
    plain = content * repeat
    packed = gzip.compress(plain)
    for body in (packed, io.BytesIO(packed)):
        found = unpacked(body, "gzip", len(plain))
        assert (found if isinstance(found, bytes) else found.read()) == plain
        if not isinstance(found, bytes):
            found.close()


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (gzip.compress(bytes(1 << 22), mtime=0), "gzip", 413),
        (gzip.compress(b"abc", mtime=0)[:-4], "gzip", 400),
        (gzip.compress(b"abc", mtime=0) + b"more", "gzip", 400),
        (b"no gzip", "gzip", 400),
        (b"abc", "br", 415),
        (b"abc", "gzip, gzip", 415),
    ],
)
def test_what_cannot_be_unpacked_names_why(
    body: bytes, encoding: str, status: int
) -> None:
    """Too much, cut off, not packed or packed otherwise: a 4xx."""
    with pytest.raises(RequestError) as raised:
        unpacked(body, encoding, 1 << 20)
    assert raised.value.status == status
