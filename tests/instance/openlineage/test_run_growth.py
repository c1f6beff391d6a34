"""Where events only add datasets to a run, only those give new edges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openlineage_graph import graph_rows, receive

from lineage.instance.openlineage.event import read_event
from lineage.instance.openlineage.run_growth import RunGrowth
from lineage.instance.openlineage.run_state import RunState
from lineage.instance.openlineage.stored_facts import add_facts, replace_facts
from lineage.instance.store import open_store


def _event(word: str, minute: int, **data: Any) -> dict[str, Any]:
    return {
        "eventType": word,
        "eventTime": f"2026-01-01T00:{minute:02}:00Z",
        "run": {"runId": "r", "facets": data.pop("run_facets", {})},
        "job": {"namespace": "n", "name": "job"},
        **data,
    }


def _data(name: str, **facets: Any) -> dict[str, Any]:
    return {"namespace": "s3://b", "name": name, "facets": facets}


_BEFORE = [
    _event("START", 1, inputs=[_data("i")]),
    _event("RUNNING", 2, outputs=[_data("o")]),
]
_DROP = {"lifecycleStateChange": "DROP"}


def _new_part(event: dict[str, Any]) -> RunState | None:
    state = RunState()
    for before in _BEFORE:
        known = read_event(before)
        assert known is not None
        state.add(known)
    growth = RunGrowth(state)
    read = read_event(event)
    assert read is not None
    growth.note(state, read)
    state.add(read)
    return growth.new_part(state)


@pytest.mark.parametrize(
    ("event", "new"),
    [
        (_event("RUNNING", 3), []),
        (_event("COMPLETE", 3, outputs=[_data("o")]), []),
        (_event("RUNNING", 3, outputs=[_data("o"), _data("p")]), ["p"]),
        (_event("RUNNING", 3, inputs=[_data("j")], outputs=[_data("p")]), ["j", "p"]),
    ],
)
def test_what_is_known_is_not_followed_again(
    event: dict[str, Any], new: list[str]
) -> None:
    """The part holds what the event was the first to name."""
    part = _new_part(event)
    assert part is not None
    assert [one["name"] for one in (*part.inputs.values(), *part.outputs.values())] == (
        new
    )


@pytest.mark.parametrize(
    "event",
    [
        _event("RUNNING", 3, inputs=[_data("i", version={"datasetVersion": "2"})]),
        _event("RUNNING", 3, outputs=[_data("p", lifecycleStateChange=_DROP)]),
        _event("RUNNING", 3, inputs=[_data("k", lineage_edge={"uid": "u"})]),
        _event("START", 0),
        _event("COMPLETE", 1),
        _event("RUNNING", 3, run_facets={"lineage_task": {"steps": []}}),
    ],
)
def test_a_run_is_followed_as_a_whole_where_edges_may_change(
    event: dict[str, Any],
) -> None:
    """A dataset of which more is known, times, steps, and what speaks of others."""
    assert _new_part(event) is None


def test_an_edge_that_differs_from_a_stored_one_is_no_addition() -> None:
    """Which of them holds follows from all edges."""
    edge = {"f": "edge", "uid": "1", "id": "x"}
    stored: dict[str, list[str]] = {}
    assert replace_facts(stored, [edge]) == ([edge], [])
    other = {"f": "edge", "uid": "2", "id": "y"}
    assert add_facts(stored, [edge, other]) == ([other], [])
    assert stored.keys() == {"1", "2"}
    assert add_facts(stored, [{**edge, "size": 3}]) is None
    assert add_facts(stored, []) == ([], [])
    assert stored.keys() == {"1", "2"}


def test_a_run_that_grows_has_the_graph_of_one_that_came_at_once(
    tmp_path: Path,
) -> None:
    """Inputs and outputs come a few with each event."""
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    events = [
        *_BEFORE,
        *(
            _event("RUNNING", 3 + n, inputs=[_data(f"i{n}")], outputs=[_data(f"o{n}")])
            for n in range(8)
        ),
        _event("COMPLETE", 20, outputs=[_data("o3"), _data("o9")]),
    ]  # fmt: skip
    receive(store, 1, events)
    receive(store, 2, *([event] for event in events))
    rows = graph_rows(store, 1)
    assert len(rows[2]) == 19
    assert graph_rows(store, 2) == rows
    store.close()
