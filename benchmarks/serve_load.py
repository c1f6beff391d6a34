"""A load of HTTP clients in one process: `python -m benchmarks.serve_load PORT …`."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import lineage
from lineage import testing

_HEAD = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{token}"
    "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
)
_API = "/public/api/v3/"
#: Facts that the flusher sends at once, and those that it sends when hurried.
BATCH, LARGE = 1000, 4000


def row(client: int, number: int) -> Request:
    """Return an edge for the server that only inserts a row."""
    return "/", {"client": client, "number": number, "meta": "x" * 60}


def rows(client: int, number: int) -> Request:
    """Return a batch for the server that only inserts rows."""
    return "/", plain(client, number)[1]


def edge(client: int, number: int) -> Request:
    """Return an edge of the platform; every tenth brings a new artifact."""
    body = {
        "teamId": TEAM,
        "node": {"type": "task", "id": client + 1},
        "type": "dataset",
        "id": (number * 32 + client) // 10 % 1_000_000 + 1,
    }
    return f"{_API}workflow.node.add-input", body


def card(client: int, number: int) -> Request:
    """Return the same edge with a card, whose title is a new one each time."""
    path, body = edge(client, number)
    meta = {"customRelationSettings": {"title": f"{client}-{number}"}}
    return path, {**body, "meta": meta}


def plain(
    client: int, number: int, size: int = BATCH, edges_an_artifact: int = 10
) -> Request:
    """Return edges that name a task and a file; every tenth brings a new file."""
    facts = [
        {
            **_head(client, number, index),
            "task": f"run{client}x{number}-{index // 200}",
            "dir": "input" if index % 4 else "output",
            "kind": "file",
            "id": (number * 64 + client) * size + index % (size // edges_an_artifact),
        }
        for index in range(size)
    ]
    return _facts(facts)


def plain_large(client: int, number: int) -> Request:
    """Return as many such edges as a hurried flusher sends."""
    return plain(client, number, LARGE)


def states(client: int, number: int) -> Request:
    """Return edges of datasets: each output makes a new state of its dataset."""
    facts = [
        {
            **_head(client, number, index),
            "task": f"run{client}x{number}",
            "dir": "input" if index % 2 else "output",
            "kind": "dataset",
            "id": (number * 977 + index) % 20_000 + 1,
        }
        for index in range(BATCH)
    ]
    return _facts(facts)


def recorded(client: int, number: int) -> Request:
    """Return what was recorded of decorated calls: three edges and a step each."""

    @lineage.uses_project("project_id")
    @lineage.uses_file("weights", model_weight=True)
    @lineage.produces_file("result")
    def train(project_id: int, weights: str) -> str:
        return f"/models/{client}/{number}/{project_id}.pt"

    with testing.capture() as seen:
        for call in range(BATCH // 4):
            train(call + 1, f"/weights/{client}/{call}.pt")
        facts = seen.facts[:BATCH]
    return _facts(
        [{"uid": f"s{client}x{number}-{n}", **fact} for n, fact in enumerate(facts)]
    )


Request = tuple[str, object]
TEAM = 2
SIZES = {"rows": BATCH, "plain": BATCH, "plain_large": LARGE, "states": BATCH,
         "recorded": BATCH}  # fmt: skip
FORMS: dict[str, Callable[[int, int], Request]] = {
    make.__name__: make
    for make in (row, rows, edge, card, plain, plain_large, states, recorded)
}


def _head(client: int, number: int, index: int) -> dict[str, object]:
    uid = f"bench{client}x{number}-{index}"
    return {"f": "edge", "uid": uid, "at": time.time()}


def _facts(facts: list[dict[str, Any]]) -> Request:
    return f"{_API}lineage.facts.add", {"facts": facts}


def _bytes(request: Request, token: str) -> bytes:
    path, body = request
    text = json.dumps(body, separators=(",", ":")).encode()
    credentials = f"X-Api-Key: {token}\r\n" if token else ""
    head = _HEAD.format(path=path, length=len(text), token=credentials)
    return head.encode() + text


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


async def _main(
    port: int, form: str, clients: int, each: int, seconds: float, token: str
) -> None:
    make, base = FORMS[form], time.time_ns() % 10**9
    requests = [
        [_bytes(make(client, base + n), token) for n in range(each)]
        for client in range(clients)
    ]
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
    _port, _form, _clients, _each, _seconds, _token = sys.argv[1:7]
    asyncio.run(
        _main(int(_port), _form, int(_clients), int(_each), float(_seconds), _token)
    )
