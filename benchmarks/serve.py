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
from typing import Final

from .harness import Goal, Options, Spread, Table, significant
from .serve_load import SIZES
from .subjects import ROOT

TITLE = "lineage serve on SQLite, every answer committed"

LINEAGE = """
import sys
from pathlib import Path
from lineage.instance.server import ServeSettings, serve
from lineage.instance.store import open_store
from lineage.instance.tokens import create_token
home = Path(sys.argv[2])
url = f"sqlite:///{home / 'instance.db'}"
store = open_store(url)
made = create_token(store, team="bench", role="writer")
store.close()
(home / "token").write_text(made.secret)
serve(ServeSettings(store=url, blobs=home / "blobs", port=int(sys.argv[1]),
                    workers=int(sys.argv[3]), is_access_logged=False))
"""

BARE = """
import json, sqlite3, sys
import uvicorn
db = sqlite3.connect(sys.argv[2] + "/bare.db", isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("PRAGMA synchronous=NORMAL")
db.execute("CREATE TABLE rows (client, number, meta)")
db.execute("CREATE TABLE facts (uid, task, dir, kind, id, at)")
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"2")]
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    message = await receive()
    text = message["body"]
    while message["more_body"]:
        message = await receive()
        text += message["body"]
    body = json.loads(text)
    if "facts" in body:
        db.execute("BEGIN")
        db.executemany(
            "INSERT INTO facts VALUES (:uid, :task, :dir, :kind, :id, :at)",
            body["facts"],
        )
        db.execute("COMMIT")
    else:
        db.execute("INSERT INTO rows VALUES (:client, :number, :meta)", body)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"{}"})
uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning",
            lifespan="off")
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table: which load on which server, beside which other row."""

    form: str
    title: str
    clients: int = 32
    beside: str = "row"
    """The form of the bare server's row that it is compared with; its own, if bare."""
    goal: float | None = None
    """A second, and below it as a share of what the bare server does."""
    share: float | None = None
    workers: int = 1

    @property
    def is_bare(self) -> bool:
        """Whether it is the load of the bare server."""
        return self.form == self.beside


CASES: Final = (
    Case("row", "bare: one row a request"),
    Case("edge", "one edge a request", goal=6000, share=0.3),
    Case("card", "one edge a request, its card's title new"),
    Case("edge", "one edge a request, two workers", workers=2),
    Case("rows", "bare: rows in batches, append only", 4, "rows"),
    Case("plain", "edges in batches", 4, "rows", goal=100_000, share=0.2),
    Case("plain_large", "edges in batches, as when hurried", 4, "rows"),
    Case("recorded", "facts of decorated calls in batches", 4, "rows"),
    Case("states", "edges in batches, half of them new states", 4, "rows"),
)


@dataclass(frozen=True, slots=True)
class Run:
    """What one load saw, and what it cost the server."""

    per_s: float
    cpu_us: float
    """Of the server, for each: what is left when others take the machine."""


Runs = dict[Case, list[Run]]


def run(options: Options) -> list[Table]:
    """Measure each load in turns, on a server of its own kind."""
    rounds = options.pick_rounds(7, 3)
    runs: Runs = {case: [] for case in CASES}
    with ExitStack() as stack:
        ours = {
            count: stack.enter_context(server(LINEAGE, count))
            for count in {case.workers for case in CASES}
        }
        bare = stack.enter_context(server(BARE))
        for _ in range(rounds):
            for case in CASES:
                target = bare if case.is_bare else ours[case.workers]
                runs[case].append(load(target, case, is_smoke=options.is_smoke))
    return [_table(runs)]


def _table(runs: Runs) -> Table:
    table = Table(
        TITLE, ("", "clients", "per second", "quartiles", "of bare", "CPU us each")
    )
    for case in CASES:
        spread = Spread.of([run.per_s for run in runs[case]])
        cpu = Spread.of([run.cpu_us for run in runs[case]]).median
        title = case.title
        if (size := SIZES.get(case.form)) is not None:
            title += f" ({size:,} each)"
        table.rows.append(
            [title, str(case.clients), significant(spread.median),
             f"{significant(spread.low)} - {significant(spread.high)}",
             significant(_share(runs, case)), significant(cpu)]
        )  # fmt: skip
        if case.goal is not None:
            goal = Goal(case.title, spread.median, case.goal, "/s", is_at_least=True)
            table.goals.append(goal)
        if case.share is not None:
            promise, share = f"{case.title}, of bare", _share(runs, case)
            table.goals.append(Goal(promise, share, case.share, "", is_at_least=True))
    table.notes = [
        "every request to lineage carries a writer's token",
        "every tenth edge brings a new artifact, and each is indexed both ways",
        "of bare: the same second's share of the bare server's, medians of rounds",
        "CPU us each: the server's processor time for one request, edge or fact",
    ]
    return table


def _share(runs: Runs, case: Case) -> float:
    (beside,) = (other for other in CASES if other.form == case.beside)
    pairs = zip(runs[case], runs[beside], strict=True)
    return Spread.of([mine.per_s / bare.per_s for mine, bare in pairs]).median


def load(target: Server, case: Case, *, is_smoke: bool = False) -> Run:
    """Load a server for a moment."""
    size = SIZES.get(case.form, 1)
    each, seconds = (1500, 2.0) if size == 1 else (120_000 // case.clients // size, 9.0)
    if is_smoke:
        each, seconds = max(2, each // 15) if size == 1 else 2, 0.3
    command = [sys.executable, "-m", "benchmarks.serve_load", target.port, case.form,
               case.clients, each, seconds, target.token]  # fmt: skip
    before = target.cpu_s()
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=True
    )
    answer = json.loads(done.stdout)
    count = answer["answered"] * size
    return Run(count / answer["s"], (target.cpu_s() - before) / count * 1e6)


@dataclass(frozen=True, slots=True)
class Server:
    """A server to be loaded."""

    port: int
    pid: int
    token: str = ""

    def cpu_s(self) -> float:
        """Return the processor time that it and its workers have taken."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return sum(_cpu_s(int(pid)) for pid in (self.pid, *children.split()))


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def server(program: str, workers: int = 1, *, root: Path = ROOT) -> Iterator[Server]:
    """Run a program that serves on the port, and in the folder, that it is given."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="lineage-bench-") as home:
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(port), home, str(workers)],
            stderr=subprocess.DEVNULL,
            cwd=root,
        )
        try:
            wait_for(port)
            token = Path(home) / "token"
            secret = token.read_text() if token.exists() else ""
            yield Server(port, process.pid, secret)
        finally:
            process.terminate()
            process.wait(20)


def wait_for(port: int) -> None:
    """Wait until something listens."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            is_reached = probe.connect_ex(("127.0.0.1", port)) == 0
            # While nobody listens, the system may give the probe this very port: then
            # it has reached itself.
            if is_reached and probe.getsockname() != probe.getpeername():
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")
