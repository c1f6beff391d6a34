"""Closures compared with networkx on random graphs, cycles included."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import networkx as nx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_engines import Facts

from lineage.instance.graph import GraphQueries
from lineage.instance.store import Store

_teams = count(100)

#: Edges of a random graph: a task, a thing, and whether the task made it.
EDGES = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 9), st.booleans()),
    min_size=1,
    max_size=40,
)


def networkx_graph(edges: list[tuple[int, int, bool]]) -> nx.DiGraph:
    """Build the same graph for networkx."""
    graph = nx.DiGraph()
    for task, thing, is_output in edges:
        nodes = (f"t{task}", f"f{thing}")
        graph.add_edge(*(nodes if is_output else reversed(nodes)))
    return graph


def ingest(store: Store, team: int, edges: list[tuple[int, int, bool]]) -> None:
    """Store the graph: each thing a job, each task a run of its own."""
    facts = []
    for task, thing, is_output in edges:
        run = Facts(f"t{task}")
        fact = (run.makes if is_output else run.uses)("job", thing)
        facts.append(fact | {"uid": f"u{len(facts)}"})
    facts += [Facts(f"t{t}").fact("task", name=f"t{t}", uid=f"n{t}") for t in range(7)]
    store.ingest(team, facts)


def reached(answer: object) -> dict[str, int]:
    """Give what an answer holds, with its distance."""
    hops = {}
    for node in answer.nodes:  # type: ignore[attr-defined]
        name = node.name if node.type == "task" else f"f{node.id}"
        hops[name] = node.hops_up if node.hops_up is not None else node.hops_down
    return hops


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edges=EDGES, thing=st.integers(0, 9), depth=st.none() | st.integers(0, 6))
def test_closures_are_those_of_networkx(
    store: Store, edges: list[tuple[int, int, bool]], thing: int, depth: int | None
) -> None:
    """Both directions, to a depth or without limit, cold and warm."""
    graph = networkx_graph(edges)
    if f"f{thing}" not in graph:
        thing = edges[0][1]
    team = next(_teams)
    ingest(store, team, edges)
    queries = GraphQueries(store)
    for walk, side in (
        (queries.downstream, graph),
        (queries.upstream, graph.reverse(copy=False)),
    ):
        expected = nx.single_source_shortest_path_length(side, f"f{thing}", depth)
        for _ in ("cold", "warm"):
            answer = walk([team], of=f"job:{thing}", depth=depth)
            assert reached(answer) == dict(expected)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edges=EDGES, more=EDGES, thing=st.integers(0, 9))
def test_the_warm_graph_stays_true(
    store: Store,
    edges: list[tuple[int, int, bool]],
    more: list[tuple[int, int, bool]],
    thing: int,
) -> None:
    """After new facts, of this process or of another, answers are the new ones."""
    team = next(_teams)
    ingest(store, team, [*edges, (0, thing, False)])
    queries, other = GraphQueries(store), Store(store.db)
    queries.downstream([team], of=f"job:{thing}")
    both = [*edges, (0, thing, False)]
    for at, edge in enumerate(more):
        task, end, is_output = edge
        run = Facts(f"t{task}")
        fact = (run.makes if is_output else run.uses)("job", end, uid=f"more{at}")
        (store, other)[at % 2].ingest(team, [fact])
        both.append(edge)
    graph = networkx_graph(both)
    expected = nx.single_source_shortest_path_length(graph, f"f{thing}")
    assert reached(queries.downstream([team], of=f"job:{thing}")) == dict(expected)


#: Edges where a thing may be a task itself: task, thing or task, direction.
MIXED = st.lists(
    st.tuples(st.integers(1, 5), st.integers(-5, 6).filter(bool), st.booleans()),
    min_size=1,
    max_size=20,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edges=MIXED, depth=st.none() | st.integers(0, 5))
def test_a_used_task_is_one_card_with_itself(
    store: Store, edges: list[tuple[int, int, bool]], depth: int | None
) -> None:
    """Where tasks use and make tasks, a line between two of them is one hop."""
    graph, facts = nx.DiGraph(), []
    for at, (task, thing, is_output) in enumerate(edges):
        run = Facts(f"t{task}")
        kind, id = ("task", -thing) if thing < 0 else ("job", thing)
        name = f"t{id}" if thing < 0 else f"f{id}"
        told = {"uid": f"u{at}", "task_id": task}
        facts.append((run.makes if is_output else run.uses)(kind, id, **told))
        ends = (f"t{task}", name)
        if ends[0] != ends[1]:
            graph.add_edge(*(ends if is_output else reversed(ends)))
    graph.add_nodes_from(f"t{n}" for n in range(1, 6))
    facts += [
        Facts(f"t{n}").fact("task", name=f"t{n}", task_id=n, uid=f"n{n}")
        for n in range(1, 6)
    ]
    team = next(_teams)
    store.ingest(team, facts)
    queries = GraphQueries(store)
    start = edges[0][0]
    for walk, side in (
        (queries.downstream, graph),
        (queries.upstream, graph.reverse(copy=False)),
    ):
        expected = nx.single_source_shortest_path_length(side, f"t{start}", depth)
        assert reached(walk([team], of=f"task:{start}", depth=depth)) == dict(expected)


@pytest.fixture
def chain(store: Store) -> Iterator[Store]:
    """A chain of 2000 tasks."""
    facts = Facts("c")
    store.ingest(
        1,
        [
            fact
            for at in range(2000)
            for fact in (
                facts.uses("job", at, task=f"t{at}"),
                facts.makes("job", at + 1, task=f"t{at}"),
            )
        ],
    )
    return store


def test_a_long_chain_is_no_trouble(chain: Store) -> None:
    """Depth costs no recursion."""
    answer = GraphQueries(chain).upstream([1], of="job:2000", limit=5000)
    assert len(answer.nodes) == 4001
    assert max(node.hops_up or 0 for node in answer.nodes) == 4000
