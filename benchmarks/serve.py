"""Requests a second of `lineage serve`, beside a server that only inserts a row."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
    edges: list[float] = []
    rows: list[float] = []
    batches: list[float] = []
    with ExitStack() as stack:
        ours = stack.enter_context(_server(_LINEAGE))
        bare = stack.enter_context(_server(_BARE))
        for _ in range(rounds):
            rows.append(_load(bare, "row", 32, each, seconds))
            edges.append(_load(ours, "edge", 32, each, seconds))
            batches.append(
                _load(ours, "batch", 4, 2 if options.is_smoke else 12, 9) * BATCH
            )
    return [_table(Spread.of(edges), Spread.of(rows), Spread.of(batches))]


def _table(edges: Spread, rows: Spread, batches: Spread) -> Table:
    table = Table(TITLE, ("", "per second", "quartiles", "of the bare server"))
    for name, spread in (
        ("bare row insert, 32 clients", rows),
        ("one edge a request, 32 clients", edges),
        (f"edges in batches of {BATCH:,}, 4 clients", batches),
    ):
        quartiles = f"{significant(spread.low)} - {significant(spread.high)}"
        share = significant(spread.median / rows.median)
        table.rows.append([name, significant(spread.median), quartiles, share])
    table.goals = [
        Goal("one-edge requests", edges.median, 6000, "/s", is_at_least=True),
        Goal("edges in batches over HTTP", batches.median, 100_000, "/s", True),
    ]
    return table


def _load(port: int, form: str, clients: int, each: int, seconds: float) -> float:
    command = [sys.executable, "-m", "benchmarks.serve_load", port, form, clients, each,
               seconds]  # fmt: skip
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    return float(told["answered"] / told["s"])


@contextmanager
def _server(program: str) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="lineage-bench-") as home:
        Path(home).mkdir(exist_ok=True)
        server = subprocess.Popen(
            [sys.executable, "-c", program, str(port), home], stderr=subprocess.DEVNULL
        )
        try:
            _wait(port)
            yield port
        finally:
            server.terminate()
            server.wait(20)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")
