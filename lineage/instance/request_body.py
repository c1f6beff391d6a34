"""Reads request bodies from an ASGI server: bounded in size, time and rate."""

from __future__ import annotations

import asyncio
import tempfile
import zlib
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, Final

from .errors import RequestError
from .http import CHUNK

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

#: Bytes kept in memory; what is larger goes to a temporary file.
IN_MEMORY: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """How much a request may bring, and how long it may take for it."""

    small_bytes: int = 1 << 20
    """For methods that neither bring facts nor files."""
    json_bytes: int = 64 << 20
    upload_bytes: int = 16 << 30
    idle_s: float = 30.0
    """Without a byte for this long, the request is given up."""
    grace_s: float = 15.0
    """Before this, a body may come as slowly as it likes."""
    least_rate: float = 4096.0
    """Bytes a second that a body brings on average, after the grace."""
    total_s: float = 600.0
    """For a body that is no upload of files."""


class BodyClock:
    """Limits the time of one body: between pieces, in all, and by its rate.

    Args:
        limits: The limits.
        is_upload: Whether files may take longer than `total_s`.
        now: The time at which the body may begin.
    """

    def __init__(self, limits: BodyLimits, *, is_upload: bool, now: float) -> None:
        self._limits = limits
        self._total_s = float("inf") if is_upload else limits.total_s
        self._began = now

    def patience(self, received: int, now: float) -> float:
        """Return the seconds that the next piece may take; 0 when time is over."""
        limits = self._limits
        allowed = min(self._total_s, limits.grace_s + received / limits.least_rate)
        return max(0.0, min(limits.idle_s, self._began + allowed - now))


class Disconnected(Exception):
    """The client left before its request was complete."""


async def read_body(
    receive: Receive, limit: int, limits: BodyLimits, *, is_upload: bool = False
) -> bytes | BinaryIO:
    """Read a whole body.

    Raises:
        RequestError: It is larger than `limit`, or it comes too slowly.
        Disconnected: The client left.
    """
    now = asyncio.get_running_loop().time
    clock = BodyClock(limits, is_upload=is_upload, now=now())
    message = await _next(receive, clock.patience(0, now()))
    content: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        _check(len(content), limit)
        return content
    stream = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # the handler reads it
    try:
        size = await _fill(stream, message, receive, limit, clock)
    except BaseException:
        stream.close()
        raise
    return _taken(stream, size)


async def _fill(
    stream: IO[bytes],
    message: MutableMapping[str, Any],
    receive: Receive,
    limit: int,
    clock: BodyClock,
) -> int:
    size, now = 0, asyncio.get_running_loop().time
    while True:
        content: bytes = message.get("body", b"")
        size += len(content)
        _check(size, limit)
        # Once it lies on disk, writing may wait for the disk.
        if size > IN_MEMORY:
            await asyncio.to_thread(stream.write, content)
        else:
            stream.write(content)
        if not message.get("more_body", False):
            return size
        message = await _next(receive, clock.patience(size, now()))


async def _next(receive: Receive, patience_s: float) -> MutableMapping[str, Any]:
    # A timer and a cancel cost a tenth of `asyncio.wait_for`, which makes a task.
    task, is_late = asyncio.current_task(), False

    def give_up() -> None:
        nonlocal is_late
        is_late = True
        if task is not None:
            task.cancel()

    timer = asyncio.get_running_loop().call_later(patience_s, give_up)
    try:
        message = await receive()
    except asyncio.CancelledError as error:
        if not is_late:
            raise
        # From Python 3.11 on a task counts its cancels.
        getattr(task, "uncancel", int)()
        raise RequestError(
            408,
            "the body comes too slowly",
            field="body",
            headers={"connection": "close"},
        ) from error
    finally:
        timer.cancel()
    if message["type"] == "http.disconnect":
        raise Disconnected
    return message


def unpacked(
    body: bytes | BinaryIO, encoding: str | None, limit: int
) -> bytes | BinaryIO:
    """Return a body without its `Content-Encoding`.

    Args:
        body: The body as it came; a file is closed when another takes its place.
        encoding: The header.
        limit: Bytes of the unpacked body, at most.

    Raises:
        RequestError: The encoding is not `gzip`, the body is none, or it unpacks to
            more than `limit`.
    """
    name = (encoding or "identity").strip().lower()
    if name in ("identity", ""):
        return body
    if name not in ("gzip", "x-gzip"):
        raise RequestError(
            415, f"the body cannot be encoded as {name[:40]}",
            field="content-encoding", allowed="gzip or identity",
        )  # fmt: skip
    stream = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # the handler reads it
    size = 0
    try:
        for piece in _gunzipped(body):
            size += len(piece)
            _check(size, limit)
            stream.write(piece)
    except BaseException:
        stream.close()
        raise
    finally:
        if not isinstance(body, bytes):
            body.close()
    return _taken(stream, size)


def _gunzipped(body: bytes | BinaryIO) -> Iterator[bytes]:
    # 16 for a gzip header; pieces are bounded however well they were packed.
    reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        for packed in _pieces(body):
            left = packed
            while left and not reader.eof:
                yield reader.decompress(left, CHUNK)
                left = reader.unconsumed_tail
        if not reader.eof:
            yield reader.flush()
        if reader.unused_data:
            raise RequestError(
                400, "the body goes on after the end of its gzip", field="body"
            )
        if reader.eof:
            return
    except zlib.error as error:
        raise RequestError(
            400, f"the body is not gzip: {error}", field="body"
        ) from error
    raise RequestError(400, "the gzip of the body is cut off", field="body")


def _pieces(body: bytes | BinaryIO) -> Iterator[bytes]:
    if isinstance(body, bytes):
        yield body
        return
    while piece := body.read(CHUNK):
        yield piece


def _taken(stream: Any, size: int) -> bytes | BinaryIO:
    """Return a spooled body: as bytes where it is small."""
    stream.seek(0)
    if size > IN_MEMORY:
        return stream  # type: ignore[no-any-return]  # a spooled file reads as one
    with stream:
        return bytes(stream.read())


def _check(size: int, limit: int) -> None:
    if size > limit:
        raise too_large(limit)


def too_large(limit: int) -> RequestError:
    """Return the error for a body that is larger than allowed."""
    return RequestError(
        413,
        "the body is too large",
        field="body",
        allowed=f"at most {limit} bytes",
        headers={"connection": "close"},
    )
