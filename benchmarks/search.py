"""Search as one types, in a big store, beside reading through all names."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from pathlib import Path

from lineage.instance.graph import GraphQueries
from lineage.instance.store import Store, open_store

from .harness import Goal, Options, Table, significant

TITLE = "search as one types"
WORDS = [
    "cat",
    "dog",
    "lemon",
    "road",
    "best",
    "last",
    "train",
    "final",
    "mask",
    "night",
    "city",
    "field",
    "report",
]
TYPED = (
    "b",
    "be",
    "best",
    "best_",
    "lemon_road",
    "data/le",
    "77",
    "city 12",
    "zzz",
    "emon",
    "emon_roa",
    "nosuchthing",
)
BATCH = 10_000


def run(options: Options) -> list[Table]:
    """Measure each text, against a LIKE through all names and paths."""
    count = 20_000 if options.is_smoke else 200_000 if options.is_quick else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'store.db'}")
        _fill(store, count)
        graph = GraphQueries(store)
        table = Table(
            f"{TITLE}: {count} artifacts",
            ("text", "hits", "ours ms", "its CPU ms", "LIKE ms"),
        )
        slowest = 0.0
        for text in TYPED:
            rounds = options.pick_rounds(9, 5)
            ours, own, peer, hits = _measure(graph, store, text, rounds)
            slowest = max(slowest, ours)
            times = (significant(part) for part in (ours, own, peer))
            table.rows.append([text, str(hits), *times])
        store.close()
    table.goals.append(Goal(f"search among {count} artifacts", slowest, 20, " ms"))
    table.notes.append("median of each text; the goal is about the slowest one")
    return [table]


def _measure(
    graph: GraphQueries, store: Store, text: str, rounds: int
) -> tuple[float, float, float, int]:
    ours, own, peer, hits = [], [], [], 0
    for _ in range(rounds):
        start, used = time.perf_counter(), time.thread_time()
        hits = len(graph.search([1], text=text).hits)
        ours.append(time.perf_counter() - start)
        own.append(time.thread_time() - used)
        start = time.perf_counter()
        with store.db.read() as tx:
            tx.all(
                "SELECT id FROM entities WHERE team_id = 1"
                " AND (name LIKE :text OR ident LIKE :text) ORDER BY id DESC LIMIT 20",
                {"text": f"%{text}%"},
            )
        peer.append(time.perf_counter() - start)
    medians = [statistics.median(part) * 1e3 for part in (ours, own, peer)]
    return medians[0], medians[1], medians[2], hits


def _fill(store: Store, count: int) -> None:
    dice = random.Random(3)
    for first in range(0, count, BATCH):
        facts = []
        for at in range(first, first + BATCH):
            name = f"{dice.choice(WORDS)}_{dice.choice(WORDS)}_{at}.pt"
            facts.append(
                {
                    "f": "edge",
                    "uid": f"s{first}-{at}",
                    "task": f"run{at // 1000}",
                    "at": 1e9,
                    "dir": "output",
                    "kind": "file",
                    "id": f"/data/{dice.choice(WORDS)}/{name}",
                }
            )
        store.ingest(1, facts)
