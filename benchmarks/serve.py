"""Requests a second of `lineage serve`, beside a server that only inserts a row."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .harness import Goal, Options, Spread, Table, significant
from .serve_load import BATCH

TITLE = "lineage serve on SQLite, every answer committed"

_LINEAGE = """
import sys
from pathlib import Path
from lineage.instance.server import ServeSettings, serve
home = Path(sys.argv[2])
serve(ServeSettings(store=f"sqlite:///{home / 'instance.db'}", blobs=home / "blobs",
                    port=int(sys.argv[1]), is_access_logged=False))
"""

_BARE = """
import json, sqlite3, sys
import uvicorn
db = sqlite3.connect(sys.argv[2] + "/bare.db", isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("PRAGMA synchronous=NORMAL")
db.execute("CREATE TABLE IF NOT EXISTS rows (client, number, meta)")
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"2")]
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = json.loads((await receive())["body"])
    db.execute("INSERT INTO rows VALUES (:client, :number, :meta)", body)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"{}"})
uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning",
            lifespan="off")
"""


def run(options: Options) -> list[Table]:
    """Measure one-edge requests and batches in turns with the bare server."""
    rounds = options.pick_rounds(7, 3)
    seconds = 0.3 if options.is_smoke else 2.0
    each = 100 if options.is_smoke else 1500
    edges: list[Run] = []
    rows: list[Run] = []
    batches: list[Run] = []
    with ExitStack() as stack:
        ours = stack.enter_context(_server(_LINEAGE))
        bare = stack.enter_context(_server(_BARE))
        for _ in range(rounds):
            rows.append(_load(bare, "row", 32, each, seconds))
            edges.append(_load(ours, "edge", 32, each, seconds))
            batches.append(_load(ours, "batch", 4, 2 if options.is_smoke else 12, 9))
    return [_table(rows, edges, batches)]


@dataclass(frozen=True, slots=True)
class Run:
    """What one load saw, and what it cost the server."""

    per_s: float
    cpu_us: float
    """Of the server, for each: what is left when others take the machine."""


def _table(rows: list[Run], edges: list[Run], batches: list[Run]) -> Table:
    table = Table(TITLE, ("", "per second", "quartiles", "of bare", "CPU us each"))
    bare = Spread.of([run.per_s for run in rows]).median
    for name, runs in (
        ("bare row insert, 32 clients", rows),
        ("one edge a request, 32 clients", edges),
        (f"edges in batches of {BATCH:,}, 4 clients", batches),
    ):
        spread = Spread.of([run.per_s for run in runs])
        cpu = Spread.of([run.cpu_us for run in runs]).median
        quartiles = f"{significant(spread.low)} - {significant(spread.high)}"
        table.rows.append(
            [name, significant(spread.median), quartiles,
             significant(spread.median / bare), significant(cpu)]
        )  # fmt: skip
    table.notes = [
        "CPU us each: the server's processor time for one request or edge of a batch"
    ]
    edge = Spread.of([run.per_s for run in edges]).median
    batch = Spread.of([run.per_s for run in batches]).median
    table.goals = [
        Goal("one-edge requests", edge, 6000, "/s", is_at_least=True),
        Goal("edges in batches over HTTP", batch, 100_000, "/s", is_at_least=True),
    ]
    return table


def _load(server: Server, form: str, clients: int, each: int, seconds: float) -> Run:
    command = [sys.executable, "-m", "benchmarks.serve_load", server.port, form,
               clients, each, seconds]  # fmt: skip
    before = server.cpu_s()
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    count = told["answered"] * (BATCH if form == "batch" else 1)
    return Run(count / told["s"], (server.cpu_s() - before) / count * 1e6)


@dataclass(frozen=True, slots=True)
class Server:
    """A server to be loaded."""

    port: int
    pid: int

    def cpu_s(self) -> float:
        """Give the processor time that it has taken."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _server(program: str) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="lineage-bench-") as home:
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(port), home], stderr=subprocess.DEVNULL
        )
        try:
            _wait(port)
            yield Server(port, process.pid)
        finally:
            process.terminate()
            process.wait(20)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")
