"""A load of HTTP clients in one process: `python -m benchmarks.serve_load PORT …`."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable

_HEAD = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
)


def one_edge(client: int, number: int) -> bytes:
    """Give an edge of the platform, new with every number."""
    edge = {
        "teamId": 1,
        "node": {"type": "task", "id": client + 1},
        "type": "dataset",
        "id": number % 5000 + 1,
        "meta": {"customRelationSettings": {"title": f"{client}-{number}"}},
    }
    return _request("/public/api/v3/workflow.node.add-input", edge)


def row(client: int, number: int) -> bytes:
    """Give the same edge for the server that only inserts a row."""
    return _request("/", {"client": client, "number": number, "meta": "x" * 60})


def batch(client: int, number: int) -> bytes:
    """Give 2,000 facts, as a flusher sends them."""
    now = time.time()
    facts = [
        {
            "f": "edge",
            "uid": f"bench{client}x{number}-{index}",
            "task": f"bench{client}x{number}",
            "at": now,
            "dir": "input" if index % 2 else "output",
            "kind": "dataset",
            "id": (number * 977 + index) % 20_000 + 1,
        }
        for index in range(BATCH)
    ]
    return _request("/public/api/v3/lineage.facts.add", {"facts": facts})


BATCH = 2000
FORMS: dict[str, Callable[[int, int], bytes]] = {
    "edge": one_edge,
    "row": row,
    "batch": batch,
}


def _request(path: str, body: object) -> bytes:
    text = json.dumps(body).encode()
    return _HEAD.format(path=path, length=len(text)).encode() + text


class _Client(asyncio.Protocol):
    def __init__(self, client: int, load: _Load) -> None:
        self._client = client
        self._load = load
        self._number = 0
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        self._number += 1
        waiting = self._load.requests[self._client]
        if not waiting or time.perf_counter() > self._load.ends:
            self._load.leave()
            return
        self._transport.write(waiting.pop())  # type: ignore[attr-defined]  a transport

    def data_received(self, data: bytes) -> None:
        self._seen += data
        head, mark, body = self._seen.partition(b"\r\n\r\n")
        if not mark:
            return
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r")[0])
        if len(body) < length:
            return
        assert head.startswith(b"HTTP/1.1 200"), self._seen[:400]
        self._seen = b""
        self._load.answered += 1
        self._next()


class _Load:
    def __init__(self, requests: list[list[bytes]], seconds: float) -> None:
        self.requests = requests
        self.seconds = seconds
        self.answered = 0
        self.ends = 0.0
        self._left = len(requests)
        self.done = asyncio.get_running_loop().create_future()

    def leave(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.done.set_result(None)


async def _main(port: int, form: str, clients: int, each: int, seconds: float) -> None:
    make, base = FORMS[form], time.time_ns() % 10**9
    requests = [[make(c, base + n) for n in range(each)] for c in range(clients)]
    load = _Load(requests, seconds)
    began = time.perf_counter()
    load.ends = began + seconds
    loop = asyncio.get_running_loop()
    for client in range(clients):
        await loop.create_connection(
            lambda client=client: _Client(client, load), "127.0.0.1", port
        )
    await load.done
    print(json.dumps({"answered": load.answered, "s": time.perf_counter() - began}))


if __name__ == "__main__":
    _port, _form, _clients, _each, _seconds = sys.argv[1:6]
    asyncio.run(_main(int(_port), _form, int(_clients), int(_each), float(_seconds)))
