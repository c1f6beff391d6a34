"""Memory of `lineage serve` while edges stream in, beside one that inserts rows."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from .harness import Goal, Options, Table, significant
from .serve import BARE, Server, server, wait_for
from .serve_load import LARGE, plain

TITLE = "memory of lineage serve, in MB"
#: The stream is cut into so many parts; memory is looked at after each.
PARTS: Final = 10
#: So many new artifacts that what a server remembers of them reaches its bound.
EDGES_AN_ARTIFACT: Final = 2
_FACTS: Final = "/public/api/v3/lineage.facts.add"


def run(options: Options) -> list[Table]:
    """Stream edges in the largest batches of a flusher, to both servers in turns."""
    edges = 2 * PARTS * LARGE if options.is_smoke else 100_000
    if not options.is_smoke and not options.is_quick:
        edges = 1_000_000
    with ExitStack() as stack:
        ours = stack.enter_context(_lineage())
        bare = stack.enter_context(server(BARE))
        before = [_resident_mb(ours), _resident_mb(bare)]
        parts = [
            [_stream(target, path, part, edges // PARTS)
             for target, path in ((ours, _FACTS), (bare, "/"))]
            for part in range(PARTS)
        ]  # fmt: skip
    return [_table(edges, before, parts)]


def _table(edges: int, before: list[float], parts: list[list[float]]) -> Table:
    table = Table(
        f"{TITLE}: {edges:,} edges in batches of {LARGE:,}",
        ("edges", "lineage serve", "bare: rows, append only"),
        [
            [f"{edges * at // PARTS:,}", *map(significant, megabytes)]
            for at, megabytes in enumerate([before, *parts])
        ],
    )
    table.notes.append(
        "resident, after each part; every second edge brings a new artifact"
    )
    # What is remembered reaches its bound after some 260,000 edges.
    growth = parts[-1][0] / parts[2][0] if edges >= 1_000_000 else None
    promise = "memory after the last tenth of a stream, over the third"
    table.goals.append(Goal(promise, growth, 1.1, "x"))
    return table


@contextmanager
def _lineage() -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="lineage-bench-") as home:
        command = [sys.executable, "-m", "lineage", "serve", "--port", str(port),
                   "--home", home]  # fmt: skip
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            wait_for(port)
            yield Server(port, process.pid)
        finally:
            process.terminate()
            process.wait(20)


def _stream(target: Server, path: str, part: int, edges: int) -> float:
    """Send edges that are new, and give the memory that the server has then."""
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=60)
    headers = {"content-type": "application/json"}
    batches = max(1, round(edges / LARGE))
    for number in range(batches):
        facts = plain(0, part * batches + number, LARGE, EDGES_AN_ARTIFACT)[1]
        body = json.dumps(facts)
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {content[:400]!r}")
    connection.close()
    return _resident_mb(target)


def _resident_mb(target: Server) -> float:
    pages = int(Path(f"/proc/{target.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
