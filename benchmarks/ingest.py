"""Batches of edges into the store, beside bare inserts of the same rows."""

from __future__ import annotations

import gc
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from lineage.instance.store import Store, open_store

from .harness import Goal, Options, Table, significant

TITLE = "edges into the store"
BATCH = 10_000
#: Artifacts that the edges name, for each edge.
ARTIFACTS = 0.1


def run(options: Options) -> list[Table]:
    """Measure whole batches: checked, interned, indexed both ways, committed."""
    batches = 2 if options.is_smoke else 20 if options.is_quick else 100
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'store.db'}")
        peer = _bare(Path(folder) / "bare.db")
        ours, theirs, cpu = [], [], []
        for at in range(batches):
            facts = make_batch(at, int(batches * BATCH * ARTIFACTS))
            gc.collect()
            start, used = time.perf_counter(), time.process_time()
            _ingest(store, facts)
            ours.append(time.perf_counter() - start)
            cpu.append(time.process_time() - used)
            start = time.perf_counter()
            _insert(peer, facts)
            theirs.append(time.perf_counter() - start)
        size = (Path(folder) / "store.db").stat().st_size / (batches * BATCH)
        store.close()
        peer.close()
    rate, bare, own = (BATCH / statistics.median(p) for p in (ours, theirs, cpu))
    table = Table(
        f"{TITLE}: {batches} batches of {BATCH}, {ARTIFACTS:g} artifacts an edge",
        ("what", "edges/s", "against bare"),
        [
            ["bare rows, text keys, two indexes", significant(bare), "1"],
            ["the store", significant(rate), significant(rate / bare)],
            ["the store, by its own CPU time", significant(own), ""],
        ],
    )
    table.notes.append(f"{size:.0f} bytes an edge on disk, search index included")
    table.goals.append(
        Goal("edges/s into the store", rate, 100_000, "", is_at_least=True)
    )
    return [table]


def _ingest(store: Store, facts: list[dict[str, Any]]) -> None:
    answer = store.ingest(1, facts)
    assert answer.stored == len(facts)


def make_batch(at: int, artifacts: int) -> list[dict[str, Any]]:
    """Make a batch of edges that name some of so many artifacts."""
    return [
        {
            "f": "edge",
            "uid": f"segment{at}-{i}",
            "task": f"run{at}-{i // 200}",
            "at": 1.7e9 + i,
            "dir": "input" if i % 4 else "output",
            "kind": "file",
            "id": (at * BATCH + i) * 7919 % artifacts,
        }
        for i in range(BATCH)
    ]


def _bare(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(
        "CREATE TABLE edges (uid TEXT PRIMARY KEY, task TEXT, artifact TEXT, dir INT,"
        " at REAL) WITHOUT ROWID"
    )
    connection.execute("CREATE INDEX up ON edges (task, dir, artifact)")
    connection.execute("CREATE INDEX down ON edges (artifact, dir, task)")
    return connection


def _insert(connection: sqlite3.Connection, facts: list[dict[str, Any]]) -> None:
    rows = [
        (f["uid"], f["task"], str(f["id"]), f["dir"] == "output", f["at"])
        for f in facts
    ]
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO edges VALUES (?, ?, ?, ?, ?)", rows)
    connection.execute("COMMIT")
