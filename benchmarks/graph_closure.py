"""Everything downstream of an artifact, beside networkx on the same graph in memory."""

from __future__ import annotations

import gc
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx

from lineage.instance.graph.links import LinkCache, TeamLinks
from lineage.instance.graph.traversal import closure
from lineage.instance.store import Store, open_store
from lineage.instance.store.activity_ids import INPUT, OUTPUT, activity_id
from lineage.instance.store.database import TeamReader

from .harness import Goal, Options, Table, significant

TITLE = "closure of an artifact, beside networkx"
#: Links of the part that is walked; the rest of the store is not reached from it.
WALKED = 60_000
TEAM = 1
Link = tuple[int, int, int]


def run(options: Options) -> list[Table]:
    """Measure stores of growing size, with the same part walked in each."""
    sizes = [100_000, 1_000_000, 10_000_000][: 2 if options.is_quick else 3]
    if options.is_smoke:
        sizes = [WALKED * 2]
    table = Table(
        f"{TITLE}: {WALKED} links walked",
        ("links in store", "walk", "networkx ms", "cold ms", "warm ms", "cold / nx",
         "warm / nx"),
    )  # fmt: skip
    colds = {}
    for size in sizes:
        for depth in (None, 8):
            row, cold, ratios = _measure(size, depth, options.pick_rounds(15, 7))
            table.rows.append(row)
            if depth is None:
                colds[size] = cold
                if size == 1_000_000:
                    table.goals += [
                        Goal(
                            "closure from SQLite, against networkx", ratios[0], 3, "x"
                        ),
                        Goal("closure when warm, against networkx", ratios[1], 1, "x"),
                    ]
    if len(sizes) > 1:
        growth = colds[sizes[-1]] / colds[sizes[0]]
        table.goals.append(
            Goal(f"closure at {sizes[-1]:.0e} against 1e5 links", growth, 1.5, "x")
        )
    table.notes.append("cold: every link read from SQLite; medians, interleaved")
    return [table]


def _measure(
    size: int, depth: int | None, rounds: int
) -> tuple[list[str], float, tuple[float, float]]:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'graph.db'}")
        peer, ours, fast = measure(store, size, depth, rounds)
        store.close()
    what = "without limit" if depth is None else f"depth {depth}"
    ratios = (ours / peer, fast / peer)
    row = [f"{size:.0e}", what, *(significant(t * 1e3) for t in (peer, ours, fast)),
           *(significant(ratio) for ratio in ratios)]  # fmt: skip
    return row, ours, ratios


def measure(
    store: Store, size: int, depth: int | None, rounds: int, walked: int = WALKED
) -> list[float]:
    """Fill an empty store and walk it: with networkx, cold and warm, in seconds."""
    links = _part(random.Random(7), walked)
    graph = _networkx(links)
    _fill(store, links, size, walked)
    with store.db.read() as tx:
        warm = TeamLinks(TeamReader(tx, TEAM), LinkCache(), 0)

        def walk_cold() -> Any:
            links = TeamLinks(TeamReader(tx, TEAM), LinkCache(), 0)
            return closure(links, [1], [], up=False, depth=depth)

        subjects: list[Callable[[], Any]] = [
            lambda: nx.single_source_shortest_path_length(graph, "d1", depth),
            walk_cold,
            lambda: closure(warm, [1], [], up=False, depth=depth),
        ]
        found = subjects[1]()
        assert len(subjects[0]()) == len(found.data) + len(found.tasks)
        subjects[2]()
        # Else a collection in our turn would go through networkx's graph, too.
        gc.freeze()
        try:
            return _medians(subjects, rounds)
        finally:
            gc.unfreeze()


def _medians(subjects: list[Callable[[], Any]], rounds: int) -> list[float]:
    times: list[list[float]] = [[] for _ in subjects]
    for _ in range(rounds):
        for at, subject in enumerate(subjects):
            start = time.perf_counter()
            subject()
            times[at].append(time.perf_counter() - start)
    return [statistics.median(part) for part in times]


def _part(dice: random.Random, count: int) -> list[Link]:
    """Make tasks with three inputs and two outputs each, all reached from node 1."""
    links: list[Link] = []
    nodes = 1
    for task in range(1, count // 5 + 1):
        activity = activity_id(task)
        inputs = {
            max(1, nodes - dice.randrange(60)),
            *(dice.randint(1, nodes) for _ in "ab"),
        }
        links += [(activity, INPUT, node) for node in inputs]
        links += [(activity, OUTPUT, nodes + at) for at in (1, 2)]
        nodes += 2
    return links


def _networkx(links: list[Link]) -> nx.DiGraph:
    graph = nx.DiGraph()
    for activity, direction, node in links:
        ends = (f"d{node}", f"a{activity}")
        graph.add_edge(*(ends if direction == INPUT else reversed(ends)))
    return graph


def _fill(store: Store, links: list[Link], size: int, walked: int) -> None:
    """Put the part and as much beside it into the table that closures read."""
    columns = ("team_id", "activity", "direction", "node_id", "since", "until")
    dice = random.Random(8)
    with store.db.write() as tx:
        tx.insert_many("links", columns, [(TEAM, *link, 0.0, 0.0) for link in links])
    first, made = walked, len(links)
    while made < size:
        rows = []
        for task in range(first, first + 20_000):
            nodes = [
                walked + dice.randrange(4 * (task - first) + made + 5) for _ in "abcde"
            ]
            rows += [
                (TEAM, activity_id(task), INPUT if at < 3 else OUTPUT, node, 0.0, 0.0)
                for at, node in enumerate(nodes)
            ]
        with store.db.write() as tx:
            tx.insert_many("links", columns, rows[: size - made], or_ignore=True)
        first, made = first + 20_000, made + len(rows)
