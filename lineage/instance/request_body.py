"""Reads request bodies from an ASGI server: bounded, large ones into a file."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, Final

from .errors import RequestError

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

#: Bytes kept in memory; what is larger goes to a temporary file.
IN_MEMORY: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """How much a request may bring, and how long it may take for it."""

    json_bytes: int = 64 << 20
    upload_bytes: int = 16 << 30
    idle_s: float = 60.0
    """Without a byte for this long, the request is given up."""


class Disconnected(Exception):
    """The client left before its request was complete."""


async def read_body(receive: Receive, limit: int, idle_s: float) -> bytes | BinaryIO:
    """Read a whole body.

    Raises:
        RequestError: It is larger than `limit`, or it does not arrive.
        Disconnected: The client left.
    """
    message = await _next(receive, idle_s)
    content: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        _check(len(content), limit)
        return content
    stream = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # the handler reads it
    try:
        size = await _fill(stream, message, receive, limit, idle_s)
    except BaseException:
        stream.close()
        raise
    stream.seek(0)
    if size > IN_MEMORY:
        return stream  # type: ignore[return-value]  # reads as one
    with stream:
        return stream.read()


async def _fill(
    stream: IO[bytes],
    message: MutableMapping[str, Any],
    receive: Receive,
    limit: int,
    idle_s: float,
) -> int:
    size = 0
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
        message = await _next(receive, idle_s)


async def _next(receive: Receive, idle_s: float) -> MutableMapping[str, Any]:
    # A timer and a cancel cost a tenth of `asyncio.wait_for`, which makes a task.
    task, is_late = asyncio.current_task(), False

    def give_up() -> None:
        nonlocal is_late
        is_late = True
        if task is not None:
            task.cancel()

    timer = asyncio.get_running_loop().call_later(idle_s, give_up)
    try:
        message = await receive()
    except asyncio.CancelledError as error:
        if not is_late:
            raise
        # From Python 3.11 on a task counts its cancels.
        getattr(task, "uncancel", int)()
        raise RequestError(
            400, f"the body did not come within {idle_s:.0f} s", field="body"
        ) from error
    finally:
        timer.cancel()
    if message["type"] == "http.disconnect":
        raise Disconnected
    return message


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
