"""One truth: the graph follows from the set of events, whatever comes first."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openlineage_graph import graph_rows, receive

from lineage.instance.store import Store, open_store
from lineage.instance.store.invariants import violations

#: Each graph is that of a team of its own, in one store.
_TEAMS = itertools.count(1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all graphs."""
    folder: Path = tmp_path_factory.mktemp("order")
    opened = open_store(f"sqlite:///{folder / 'store.db'}")
    yield opened
    opened.close()


def _event(
    run: str,
    word: str,
    minute: int,
    parent: str | None = None,
    root: str | None = None,
    **data: Any,
) -> dict[str, Any]:
    around: dict[str, Any] = {}
    if parent is not None:
        around = {"run": {"runId": parent}, "job": {"namespace": "n", "name": parent}}
        if root is not None:
            around["root"] = {"run": {"runId": root}}
    return {
        "eventType": word,
        "eventTime": f"2026-01-01T00:{minute:02}:00Z",
        "run": {"runId": run, "facets": {"parent": around} if around else {}},
        "job": {"namespace": "n", "name": run},
        **data,
    }


def _data(name: str, size: int | None = None, **facets: Any) -> dict[str, Any]:
    counts = {} if size is None else {"outputStatistics": {"size": size}}
    return {
        "namespace": "s3://b", "name": name, "facets": facets, "outputFacets": counts
    }  # fmt: skip


def _version(text: str) -> dict[str, Any]:
    return {"version": {"datasetVersion": text}}


def _change(word: str, before: str = "p") -> dict[str, Any]:
    named = {"namespace": "s3://b", "name": before}
    changed = {"lifecycleStateChange": word, "previousIdentifier": named}
    return {"lifecycleStateChange": changed}


_CASES: dict[str, list[dict[str, Any]]] = {
    "a version that the end names": [
        _event("r", "START", 1, inputs=[_data("i")]),
        _event("r", "RUNNING", 2, outputs=[_data("o")]),
        _event("r", "COMPLETE", 3, inputs=[_data("i", **_version("3"))],
               outputs=[_data("o", **_version("7"))]),
    ],
    "an output that grows": [
        _event("r", "RUNNING", 2, outputs=[_data("o", 10)]),
        _event("r", "RUNNING", 3, outputs=[_data("o", 1000)]),
        _event("r", "COMPLETE", 4, outputs=[_data("o", 1010), _data("o2")]),
    ],
    "an output that was removed": [
        _event("r", "RUNNING", 2, outputs=[_data("o")]),
        _event("r", "COMPLETE", 3, outputs=[_data("o", **_change("DROP"))]),
    ],
    "an output that had another name": [
        _event("r", "RUNNING", 2, outputs=[_data("o")]),
        _event("r", "COMPLETE", 3, outputs=[_data("o", **_change("RENAME"))]),
        _event("r", "OTHER", 4, outputs=[_data("p")]),
    ],
    "a child that has data after its end": [
        _event("dag", "COMPLETE", 9, inputs=[_data("i")]),
        _event("c", "START", 2, "dag"),
        _event("c", "COMPLETE", 4, "dag"),
        _event("c", "RUNNING", 3, "dag", outputs=[_data("o")]),
    ],
    "steps of a step": [
        _event("dag", "START", 1, inputs=[_data("i")]),
        _event("bash", "COMPLETE", 2, "dag"),
        _event("dbt", "COMPLETE", 4, "bash", "dag"),
    ],
    "a task inside a step": [
        _event("dag", "COMPLETE", 6),
        _event("bash", "COMPLETE", 5, "dag"),
        _event("dbt", "COMPLETE", 4, "bash", inputs=[_data("i")]),
    ],
    "a parent that turns out to be no step": [
        _event("dag", "COMPLETE", 9, inputs=[_data("i")]),
        _event("c", "COMPLETE", 4, "mid", "dag", outputs=[_data("o")]),
        _event("mid", "COMPLETE", 5, "dag"),
        _event("mid", "RUNNING", 3, "dag", inputs=[_data("z")]),
    ],
    "a parent that is silent": [
        _event("c", "COMPLETE", 4, "silent", "dag"),
        _event("d", "COMPLETE", 4, "silent", "dag", outputs=[_data("o")]),
        _event("dag", "COMPLETE", 5),
    ],
    "a run that is a step by its second event": [
        _event("c", "START", 4),
        _event("c", "COMPLETE", 5, "dag"),
        _event("dag", "START", 1),
    ],
}  # fmt: skip


@pytest.mark.parametrize("case", _CASES)
def test_each_order_gives_the_same_graph(case: str, store: Store) -> None:
    """One by one, in batches, and each event twice."""
    events = _CASES[case]
    first = next(_TEAMS)
    receive(store, first, events)
    expected = graph_rows(store, first)
    for order in itertools.islice(itertools.permutations(events), 0, None, len(events)):
        batches = [[event] for event in reversed(order)]
        team = next(_TEAMS)
        receive(store, team, *batches, *batches[:1])
        assert graph_rows(store, team) == expected
    assert violations(store.db) == []


@pytest.mark.parametrize("order", [1, -1])
def test_a_long_chain_of_steps_is_one_task(order: int, store: Store) -> None:
    """Each of the runs is a step of the one before."""
    events = [
        _event(f"r{at}", "COMPLETE", at, f"r{at - 1}" if at else None)
        for at in range(14)
    ]
    team = next(_TEAMS)
    receive(store, team, *([event] for event in events[::order]))
    tasks, steps, *_ = graph_rows(store, team)
    assert [task[0] for task in tasks] == ["r0"]
    assert {step[1]: step[5] for step in steps} == {
        "r1": None, **{f"r{at}": f"r{at - 1}" for at in range(2, 14)}
    }  # fmt: skip


def test_the_details_of_cases(store: Store) -> None:
    """What the graph is, and not only that it is one."""
    rows = {}
    for case, events in _CASES.items():
        team = next(_TEAMS)
        receive(store, team, *([event] for event in reversed(events)))
        rows[case] = graph_rows(store, team)
    edges = {case: [(e[4], e[5], e[6]) for e in rows[case][2]] for case in rows}
    assert edges["a version that the end names"] == [
        ("s3://b/i", "3", None), ("s3://b/o", "7", None),
    ]  # fmt: skip
    assert edges["an output that grows"][0] == ("s3://b/o", "v1", 1010)
    assert rows["an output that was removed"][3] == []
    for case in ("steps of a step", "a run that is a step by its second event"):
        assert [task[0] for task in rows[case][0]] == ["dag"]
    parents = {t[0]: t[5] for t in rows["a parent that turns out to be no step"][0]}
    assert parents == {"c": "mid", "mid": "dag", "dag": None}


_RUNS = st.sampled_from(["a", "b", "c"])
_DATA = st.builds(
    _data,
    st.sampled_from("pq"),
    st.sampled_from([None, None, 10, 70_000]),
    documentation=st.sampled_from([{}, {"description": "x"}]),
    lifecycleStateChange=st.sampled_from(
        [{}, *(_change(word)["lifecycleStateChange"] for word in ("DROP", "RENAME"))]
    ),
)
_EVENTS = st.builds(
    _event,
    _RUNS,
    st.sampled_from(["START", "RUNNING", "COMPLETE", "FAIL"]),
    st.integers(1, 59),
    st.sampled_from([None, "a", "b", "silent"]),
    st.sampled_from([None, "a"]),
    inputs=st.lists(_DATA, max_size=1),
    outputs=st.lists(_DATA, max_size=2),
)


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(events=st.lists(_EVENTS, min_size=1, max_size=6), random=st.randoms())
def test_any_events_in_any_order_give_one_graph(
    events: list[dict[str, Any]], random: Any, store: Store
) -> None:
    """Whatever runs say of themselves and of those around them."""
    one, other = next(_TEAMS), next(_TEAMS)
    receive(store, one, *([event] for event in events))
    shuffled = [*events, events[0]]
    random.shuffle(shuffled)
    cut = random.randint(0, len(shuffled))
    receive(store, other, shuffled[:cut], shuffled[cut:])
    assert graph_rows(store, one) == graph_rows(store, other)
    assert violations(store.db) == []
