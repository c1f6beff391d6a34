"""Walks read the ends of activities, and reach what the links say, one by one."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Collection

import hypothesis.strategies as st
from histories import Fact, histories
from hypothesis import HealthCheck, given, settings
from store_engines import START

from lineage.instance.graph.impact import CERTAIN
from lineage.instance.graph.links import LinkCache, TeamLinks
from lineage.instance.graph.traversal import closure
from lineage.instance.store import Store, derived_links
from lineage.instance.store.database import TeamReader

_teams = itertools.count(5000)


def plain_walk(
    links: TeamLinks, start: int, *, up: bool, hows: Collection[str] | None
) -> tuple[dict[int, int], dict[int, int]]:
    """Follow each link by itself, not two parts in a row; tasks are ends."""
    best: dict[tuple[int, bool], int] = {}
    queue = [(0, start, False)]
    while queue:
        hop, node, is_by_part = heapq.heappop(queue)
        if best.get((node, is_by_part), 1 << 60) <= hop:
            continue
        best[node, is_by_part] = hop
        for link in links.upstream([node]) if up else links.downstream([node]):
            is_part = link.how == "part of"
            if (hows is None or link.how in hows) and not (is_part and is_by_part):
                far = link.source if up else link.target
                heapq.heappush(queue, (hop + (2 if link.activity else 1), far, is_part))
    data: dict[int, int] = {}
    for (node, _), hop in best.items():
        data[node] = min(hop, data.get(node, hop))
    tasks: dict[int, int] = {}
    beside = links.makers(data) if up else links.users(data)
    for node, some in beside.items():
        for task in some:
            tasks[task] = min(data[node] + 1, tasks.get(task, 1 << 60))
    return data, tasks


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(
    facts=histories(),
    hows=st.none() | st.sets(st.sampled_from(derived_links.HOWS), min_size=1),
    as_of=st.none() | st.integers(0, 8).map(START.__add__),
)
def test_a_walk_reaches_what_the_links_lead_to(
    store: Store, facts: list[Fact], hows: set[str] | None, as_of: float | None
) -> None:
    """From each node, both ways, at any moment, by some kinds of links or by all."""
    team = next(_teams)
    assert not store.ingest(team, facts).refused
    with store.db.read() as tx:
        rows = tx.all("SELECT id FROM nodes WHERE team_id = ?", (team,))
        links = TeamLinks(TeamReader(tx, team, as_of), LinkCache(), 0)
        for (start,) in rows:
            for up in (True, False):
                found = closure(links, [start], [], up=up, hows=hows)
                plain = plain_walk(links, start, up=up, hows=hows)
                assert (found.data, found.tasks) == plain
                if hows is None and found.is_certain:
                    known = closure(links, [start], [], up=up, hows=CERTAIN)
                    assert found == known
