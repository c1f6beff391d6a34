"""A platform that answers at once or after a delay, in a process of its own.

It knows just the endpoints that recording meets, checks nothing and keeps
nothing but counts, so that what is measured is the client.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from urllib.request import Request, urlopen

_ROOT: Final = "/public/api/v3/"
_MAX_BATCH: Final = 10_000


class Platform:
    """What the stub answers, and what it has counted."""

    def __init__(self, *, has_batches: bool) -> None:
        self._has_batches = has_batches
        self.requests = 0
        self.edges = 0

    def answer(self, method: str, body: bytes) -> tuple[int, Any]:
        """Return status and JSON of the answer to one request."""
        if method == "stub.counts":
            return 200, {"requests": self.requests, "edges": self.edges}
        self.requests += 1
        if method.startswith("workflow.node.add-"):
            self.edges += 1
            return 200, {"id": self.edges}
        if method == "lineage.facts.add" and self._has_batches:
            return 200, self._store(body)
        if method == "file-storage.list":
            return 200, [{"id": self.requests, "path": json.loads(body)["path"]}]
        if method == "tasks.info":
            return 200, {"id": 77, "teamId": 5, "status": "started"}
        if method == "instance.version":
            return 200, self._version()
        return 404, {"error": "NotFound", "details": {"message": method}}

    def _store(self, body: bytes) -> dict[str, Any]:
        # Counted, not decoded: the client waits meanwhile, and is what is measured.
        self.edges += body.count(b'"f":"edge"') + body.count(b'"f": "edge"')
        facts = body.count(b'"f":"') + body.count(b'"f": "')
        return {"stored": facts, "duplicates": 0, "refused": []}

    def _version(self) -> dict[str, Any]:
        version: dict[str, Any] = {"version": "6.18.3"}
        if self._has_batches:
            version["lineage"] = {
                "protocol": 1,
                "version": "0",
                "max_batch": _MAX_BATCH,
                "endpoints": ["lineage.facts.add"],
            }
        return version


class _Connection(asyncio.Protocol):
    """Reads requests of one connection, and answers each after the delay."""

    def __init__(self, platform: Platform, delay_s: float) -> None:
        self._platform = platform
        self._delay_s = delay_s
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._buffer[0] == 0x16:  # a TLS client tries its luck
            self._close()
            return
        while (request := self._take_request()) is not None:
            self._answer(*request)

    def _take_request(self) -> tuple[str, bytes, bool] | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, v in (x.split(":", 1) for x in lines)}
        stop = end + 4 + int(headers.get("content-length", 0))
        if len(self._buffer) < stop:
            return None
        body = bytes(self._buffer[end + 4 : stop])
        del self._buffer[:stop]
        is_last = headers.get("connection", "").lower() == "close"
        return first.split(" ")[1].removeprefix(_ROOT), body, is_last

    def _answer(self, method: str, body: bytes, is_last: bool) -> None:
        status, answer = self._platform.answer(method, body)
        text = json.dumps(answer).encode()
        head = (
            f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(text)}\r\n\r\n"
        )
        loop = asyncio.get_running_loop()
        loop.call_later(self._delay_s, self._send, head.encode() + text, is_last)

    def _send(self, data: bytes, is_last: bool) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
            if is_last:
                self._close()

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def _serve(delay_ms: float, has_batches: bool) -> None:
    platform = Platform(has_batches=has_batches)
    server = await asyncio.get_running_loop().create_server(
        lambda: _Connection(platform, delay_ms / 1000), "127.0.0.1", 0, backlog=256
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        # The parent holds the other end of stdin; its death ends this process.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


class Stub:
    """The stub as its user sees it: a context with an address."""

    def __init__(self, *, delay_ms: float = 0, has_batches: bool = False) -> None:
        command = [sys.executable, "-m", "benchmarks.stub", "--delay-ms", str(delay_ms)]
        self._process = subprocess.Popen(
            command + ["--batches"] * has_batches,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent.parent,
        )
        assert self._process.stdout is not None
        self.address = f"http://127.0.0.1:{self._process.stdout.readline().strip()}"

    def count_edges(self) -> int:
        """Return how many edges have arrived."""
        request = Request(f"{self.address}{_ROOT}stub.counts", data=b"{}")
        with urlopen(request, timeout=30) as answer:
            return int(json.load(answer)["edges"])

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let it take connections, but answer nothing, inside the block."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=10)

    def __enter__(self) -> Stub:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay-ms", type=float, default=0)
    parser.add_argument("--batches", action="store_true")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.delay_ms, arguments.batches))
