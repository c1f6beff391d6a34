"""Facts that were taken back: the graph is as if they had never come."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage.instance.graph import GraphQueries
from lineage.instance.store import Store
from lineage.instance.store.invariants import violations
from lineage.instance.store.validation import PreparedFacts, WithdrawnFact

_TEAMS = itertools.count(100)
_EDGES = (
    "SELECT e.event_at, e.direction, a.ident, n.label, n.created_at, n.is_made"
    " FROM edges e JOIN nodes n ON n.team_id = e.team_id AND n.id = e.node_id"
    " JOIN entities a ON a.team_id = n.team_id AND a.id = n.entity_id"
    " WHERE e.team_id = ?"
)
_NODES = (
    "SELECT a.ident, n.label, n.created_at FROM entities a LEFT JOIN nodes n"
    " ON n.team_id = a.team_id AND n.entity_id = a.id WHERE a.team_id = ?"
)
_LINKS = (
    "SELECT l.direction, l.since, l.until, n.label FROM links l"
    " LEFT JOIN nodes n ON n.team_id = l.team_id AND n.id = l.node_id"
    " WHERE l.team_id = ?"
)
_TASKS = "SELECT run, name FROM tasks WHERE team_id = ?"
_MEMBERS = st.tuples(
    st.sampled_from(["r1", "r2"]),
    st.sampled_from(["input", "output"]),
    st.sampled_from(["s3://b/p", "s3://b/q"]),
    st.sampled_from([None, None, "1", "2"]),
    st.booleans(),
)


def _fact(number: int, members: tuple[Any, ...]) -> dict[str, Any]:
    task, way, id, version, is_named = members
    fact = {
        "f": "edge", "task": task, "uid": f"s-{number}", "at": 1.7e9 + number,
        "dir": way, "kind": "file", "id": id,
    }  # fmt: skip
    if version is not None:
        fact["version"] = version
    if is_named and way == "output":
        fact["derived_from"] = [{"kind": "file", "id": "s3://b/q"}]
    return fact


def _rows(store: Store, team: int) -> list[list[tuple[Any, ...]]]:
    with store.db.read() as tx:
        return [
            sorted((tuple(row) for row in tx.all(sql, (team,))), key=str)
            for sql in (_EDGES, _NODES, _LINKS, _TASKS)
        ]


def _take_back(
    store: Store, team: int, gone: list[WithdrawnFact], facts: list[Any]
) -> None:
    answer = store.ingest_prepared(team, lambda _tx: PreparedFacts(facts, gone))
    assert answer.refused == []


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    edges=st.lists(_MEMBERS, min_size=1, max_size=7),
    gone=st.sets(st.integers(0, 6)),
    later=st.sets(st.integers(0, 6)),
)
def test_edges_that_were_taken_back_were_never_there(
    edges: list[Any], gone: set[int], later: set[int], store: Store
) -> None:
    """Versions, links and artifacts are those of the other edges."""
    facts = [_fact(number, members) for number, members in enumerate(edges)]
    moved = [
        {**f, "at": f["at"] + 50} for n, f in enumerate(facts) if n in later - gone
    ]
    kept = [f for n, f in enumerate(facts) if n not in gone | later]
    one, other = next(_TEAMS), next(_TEAMS)
    tasks = [
        {"f": "task", "task": run, "uid": f"t-{number}", "at": 1.6e9, "name": run}
        for number, run in enumerate(["r1", "r2"])
    ]
    store.ingest(one, [*tasks, *facts])
    named = [WithdrawnFact(f["uid"], "edge", "") for f in facts if f not in kept]
    _take_back(store, one, named, moved)
    store.ingest(other, [*tasks, *kept, *moved])
    assert _rows(store, one) == _rows(store, other)
    assert violations(store.db) == []


def test_an_edge_that_comes_again_keeps_its_node(store: Store) -> None:
    """Addresses of nodes stay, though the time of the edge was another one."""
    fact = _fact(1, ("r1", "output", "s3://b/p", None, False))
    store.ingest(1, [fact])
    before = [
        node.key for node in GraphQueries(store).get([1], select="s3://b/p").nodes
    ]
    gone = [WithdrawnFact(fact["uid"], "edge", "")]
    _take_back(store, 1, gone, [{**fact, "at": fact["at"] + 9}])
    after = [node.key for node in GraphQueries(store).get([1], select="s3://b/p").nodes]
    assert before == after


def test_a_name_stays_where_others_know_more_of_the_task(store: Store) -> None:
    """Until anybody names it again: an earlier name is not kept."""
    own = {"f": "task", "task": "r1", "uid": "o-1", "at": 1.6e9, "name": "A",
           "host": "h"}  # fmt: skip
    other = {**own, "uid": "o-2", "at": 1.7e9, "name": "B"}
    del other["host"]
    store.ingest(1, [own, other])
    gone = [WithdrawnFact("o-2", "task", "r1")]
    _take_back(store, 1, gone, [])
    assert _rows(store, 1)[3] == [("r1", "B")]
    store.ingest(1, [{**other, "uid": "o-3", "at": 1.5e9, "name": "C"}])
    assert _rows(store, 1)[3] == [("r1", "C")]


def test_a_task_of_which_nothing_is_left_is_gone(store: Store) -> None:
    """One that somebody else has recorded something of stays."""
    opening = {"f": "task", "task": "r1", "uid": "o-1", "at": 1.7e9, "name": "A"}
    end = {"f": "task_end", "task": "r1", "uid": "o-2", "at": 1.7e9 + 5,
           "status": "finished"}  # fmt: skip
    gone = [WithdrawnFact("o-1", "task", "r1"), WithdrawnFact("o-2", "task_end", "r1")]
    for team, others in (
        (1, []),
        (2, [_fact(1, ("r1", "input", "s3://b/p", "1", False))]),
    ):
        store.ingest(team, [opening, end, *others])
        _take_back(store, team, gone, [])
    assert _rows(store, 1)[3] == []
    assert _rows(store, 2)[3] == [("r1", None)]
