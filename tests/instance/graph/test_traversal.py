"""Walks compared with networkx on random graphs, cycles of tasks included."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_engines import START, Facts

from lineage.instance.graph import GraphQueries
from lineage.instance.store import Store, derived_links
from lineage.instance.store.database import TeamReader

_teams = count(100)

#: Edges of a random history: a task, an artifact, and whether the task made it.
EDGES = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 9), st.booleans()),
    min_size=1,
    max_size=40,
)


def ingest(
    store: Store, team: int, edges: list[tuple[int, int, bool]], *, first: int = 0
) -> None:
    """Store a history: each artifact a job, each task a run of its own."""
    facts = []
    for at, (task, artifact, is_output) in enumerate(edges, first):
        run = Facts(f"t{task}")
        fact = (run.makes if is_output else run.uses)("job", artifact)
        more = {"uid": f"u{at}", "at": START + at, "task_id": task}
        facts.append(fact | more)
    store.ingest(team, facts)


def expected_graph(store: Store, team: int) -> nx.DiGraph:
    """Build the graph of nodes and tasks from the store's links, one by one."""
    graph = nx.DiGraph()
    with store.db.read() as tx:
        nodes = [
            r[0] for r in tx.all("SELECT id FROM nodes WHERE team_id = ?", (team,))
        ]
        tasks = dict(tx.all("SELECT id, number FROM tasks WHERE team_id = ?", (team,)))
        for node in nodes:
            graph.add_node(f"data:{node}")
            for link in derived_links.upstream(TeamReader(tx, team), [node]):
                graph.add_edge(f"data:{link.source}", f"data:{node}", weight=2)
        rows = tx.all(
            "SELECT activity, direction, node_id FROM links"
            " WHERE team_id = ? AND activity > 0",
            (team,),
        )
    for activity, direction, node in rows:
        task = f"task:{tasks[activity >> 24]}"
        ends = (f"data:{node}", task) if direction == 0 else (task, f"data:{node}")
        # A task is reached from an artifact, and never walked through.
        graph.add_edge(*ends, weight=1, is_end=True)
    return graph


def distances(graph: nx.DiGraph, start: str, *, up: bool) -> dict[str, int]:
    """Return how far everything is from a node, tasks as ends of walks."""
    data = nx.subgraph_view(graph, filter_node=lambda n: n.startswith("data:"))
    side = data.reverse(copy=False) if up else data
    found: dict[str, int] = dict(
        nx.single_source_dijkstra_path_length(side, start, weight="weight")
    )
    for node, hop in list(found.items()):
        for near in graph.predecessors(node) if up else graph.successors(node):
            if near.startswith("task:"):
                found[near] = min(hop + 1, found.get(near, 1 << 60))
    return found


def reached(answer: Any) -> dict[str, int]:
    """Return what an answer holds, with its distance."""
    return {
        node.key: node.hops_up if node.hops_up is not None else node.hops_down
        for node in answer.nodes
    }


def test_walks_are_those_of_networkx(store: Store) -> None:
    """Both directions, to a depth or without limit, cold and warm."""

    @settings(max_examples=_examples(store, 60), deadline=None)
    @given(edges=EDGES, depth=st.none() | st.integers(0, 6))
    def run(edges: list[tuple[int, int, bool]], depth: int | None) -> None:
        team = next(_teams)
        ingest(store, team, edges)
        graph = expected_graph(store, team)
        queries = GraphQueries(store)
        starts = [node for node in graph if node.startswith("data:")][:4]
        for start in starts:
            for walk, up in ((queries.downstream, False), (queries.upstream, True)):
                expected = distances(graph, start, up=up)
                for _ in ("cold", "warm"):
                    answer = walk([team], of=start, depth=depth)
                    assert reached(answer) == {
                        key: hop
                        for key, hop in expected.items()
                        if depth is None or hop <= depth
                    }

    run()


def test_the_warm_graph_stays_true(store: Store) -> None:
    """After new facts, of this process or of another, answers are the new ones."""

    @settings(max_examples=_examples(store, 30), deadline=None)
    @given(edges=EDGES, more=EDGES)
    def run(
        edges: list[tuple[int, int, bool]], more: list[tuple[int, int, bool]]
    ) -> None:
        team = next(_teams)
        ingest(store, team, [(1, 0, False), *edges])
        queries, other = GraphQueries(store), Store(store.db)
        queries.downstream([team], of="job:0")
        for at, edge in enumerate(more):
            ingest((store, other)[at % 2], team, [edge], first=100 + at)
            warm = queries.downstream([team], of="job:0")
            cold = GraphQueries(store).downstream([team], of="job:0")
            assert reached(warm) == reached(cold)

    run()


def _examples(store: Store, most: int) -> int:
    """Try fewer on a server, where each statement takes far longer."""
    return most if store.db.dialect.name == "sqlite" else most // 4


def test_a_used_task_is_one_node_with_itself(store: Store) -> None:
    """A task that another one used leads on to it, without all of its own inputs."""
    one, two = Facts("one"), Facts("two")
    store.ingest(
        1,
        [
            one.fact("task", name="One", task_id=1),
            one.uses("job", 1, task_id=1),
            one.uses("job", 2, task_id=1),
            one.makes("job", 3, task_id=1, derived_from=[{"kind": "job", "id": 1}]),
            two.uses("task", 1, task_id=2, at=START + 2000.0),
            two.makes("job", 4, task_id=2, at=START + 2001.0),
        ],
    )
    queries = GraphQueries(store)

    def names(answer: Any) -> list[str]:
        return sorted(node.name for node in answer.nodes)

    assert "job 4" in names(queries.downstream([1], of="job:2"))
    assert names(queries.upstream([1], of="job:3")) == ["One", "job 1", "job 3"]
    assert {"job 1", "job 2"} <= set(names(queries.upstream([1], of="job:4")))


def test_weaker_links_can_be_left_out(store: Store) -> None:
    """`only` follows links that are known in the named ways."""
    run = Facts("run")
    step = {"key": "s", "name": "inner", "at": START + 2.0}
    store.ingest(
        1,
        [
            run.uses("job", 1),
            run.uses("job", 2, step=step),
            run.makes("job", 3, step="s", scope="s"),
        ],
    )
    queries = GraphQueries(store)
    every = {node.id for node in queries.upstream([1], of="job:3").nodes}
    near = {
        node.id
        for node in queries.upstream([1], of="job:3", only=["same step"]).nodes
        if node.type == "data"
    }
    assert {1, 2, 3} <= every
    assert near == {2, 3}


@pytest.fixture
def chain(store: Store) -> Iterator[Store]:
    """A chain of 700 tasks, deeper than Python recurses."""
    facts = Facts("c")
    store.ingest(
        1,
        [
            fact
            for at in range(700)
            for fact in (
                facts.uses("job", at, task=f"t{at}"),
                facts.makes("job", at + 1, task=f"t{at}"),
            )
        ],
    )
    return store


def test_a_long_chain_is_no_trouble(chain: Store) -> None:
    """Depth costs no recursion."""
    answer = GraphQueries(chain).upstream([1], of="job:700", limit=5000)
    assert len(answer.nodes) == 1401
    assert max(node.hops_up or 0 for node in answer.nodes) == 1400
