"""The state of a run is a function of the set of its events."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.instance.openlineage.event import read_event
from lineage.instance.openlineage.run_state import RunState
from lineage.instance.openlineage.to_facts import facts_of

_DATASETS = st.lists(
    st.builds(
        lambda name, facets: {"namespace": "db", "name": name, "facets": facets},
        st.sampled_from("abc"),
        st.dictionaries(st.sampled_from("xy"), st.integers(0, 2), max_size=2),
    ),
    max_size=3,
)
_EVENTS = st.builds(
    lambda word, minute, inputs, outputs, job: {
        "eventType": word,
        "eventTime": f"2026-01-01T00:{minute:02}:00Z",
        "run": {"runId": "r"},
        "job": {"namespace": "n", "name": job},
        "inputs": inputs,
        "outputs": outputs,
    },
    st.sampled_from(["START", "RUNNING", "COMPLETE", "FAIL", "ABORT", "OTHER"]),
    st.integers(0, 9),
    _DATASETS,
    _DATASETS,
    st.sampled_from(["job", "JOB"]),
)


def _state(events: list[dict[str, Any]]) -> RunState:
    state = RunState()
    for value in events:
        event = read_event(value)
        assert event is not None
        state = RunState.from_json(state.to_json())
        state.add(event)
    return state


def _facts(state: RunState) -> list[str]:
    return sorted(map(repr, facts_of("ol:r", state, {})))


@given(st.lists(_EVENTS, min_size=1, max_size=6), st.randoms(), st.integers(0, 5))
@settings(deadline=None)
def test_order_and_repetition_change_nothing(
    events: list[dict[str, Any]], random: Any, again: int
) -> None:
    """Any permutation, with any event repeated, gives the same facts."""
    shuffled = [*events, events[again % len(events)]]
    random.shuffle(shuffled)
    assert _facts(_state(events)) == _facts(_state(shuffled))


def _event(type: str, minute: int, **more: Any) -> dict[str, Any]:
    return {
        "eventType": type,
        "eventTime": f"2026-01-01T00:0{minute}:00Z",
        "run": {"runId": "r", **more.pop("run", {})},
        "job": {"namespace": "n", "name": "job"},
        **more,
    }


def _of(form: str, facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [fact for fact in facts if fact["f"] == form]


@pytest.mark.parametrize("order", [1, -1])
def test_the_beginning_names_the_job(order: int) -> None:
    """A process that goes on with a run may not know its name."""
    later = {"job": {"namespace": "n", "name": "task 0123"}}
    events = [_event("START", 1), {**_event("RUNNING", 2), **later}]
    assert _state(events[::order]).job == "job"


def test_datasets_of_all_events_count() -> None:
    """What START named as input and COMPLETE as output are edges of one task."""
    data = {"namespace": "db://h", "name": "t"}
    state = _state(
        [_event("START", 1, inputs=[data]), _event("COMPLETE", 2, outputs=[data])]
    )
    edges = _of("edge", facts_of("ol:r", state, {}))
    assert [(e["dir"], e["kind"], e["id"]) for e in edges] == [
        ("input", "table", "db://h/t"), ("output", "table", "db://h/t"),
    ]  # fmt: skip


@pytest.mark.parametrize("member", ["kind", "id", "uid", "name", "step", "card"])
@pytest.mark.parametrize("value", [[], {}, 3, None, True, "x"], ids=repr)
def test_our_own_facet_may_hold_anything(member: str, value: object) -> None:
    """Whoever sends it: a member of a wrong type is left to the check of facts."""
    facets = {"lineage_edge": {"kind": "folder", "recordedAt": 1.0, member: value}}
    data = {"namespace": "file", "name": "/d", "facets": facets}
    state = _state([_event("COMPLETE", 1, inputs=[data], outputs=[data])])
    assert len(_of("edge", facts_of("ol:r", state, {}))) == 2


def test_a_failed_run_made_nothing() -> None:
    """Outputs that a run was about to write are no outputs once it has failed."""
    data = {"namespace": "db://h", "name": "t"}
    state = _state([_event("START", 1, outputs=[data]), _event("FAIL", 2)])
    facts = facts_of("ol:r", state, {})
    assert _of("edge", facts) == []
    assert _of("task_end", facts)[0]["status"] == "error"


def test_a_run_that_never_ends_has_made_what_it_reported_while_running() -> None:
    """A streaming job never completes."""
    data = {"namespace": "db://h", "name": "t"}
    state = _state([_event("RUNNING", 1, outputs=[data])])
    assert len(_of("edge", facts_of("ol:r", state, {}))) == 1


def test_a_child_without_data_is_a_step() -> None:
    """It is a step of the parent's task, and no task of its own."""
    parent = {"run": {"runId": "p"}, "job": {"namespace": "n", "name": "dbt run"}}
    run = {"facets": {"parent": parent}}
    state = _state([_event("START", 1, run=run), _event("COMPLETE", 3, run=run)])
    facts = facts_of("ol:r", state, {})
    assert {fact["task"] for fact in facts} == {"ol:p"}
    (end,) = _of("step_end", facts)
    assert (end["step"]["name"], end["outcome"]) == ("job", "ok")


def test_a_child_with_data_is_a_task_of_its_parent() -> None:
    """Its task names the parent's."""
    run = {"facets": {"parent": {"run": {"runId": "p"}}}}
    data = {"namespace": "db://h", "name": "t"}
    state = _state([_event("COMPLETE", 1, run=run, inputs=[data])])
    assert _of("task", facts_of("ol:r", state, {}))[0]["parent"] == "ol:p"


@pytest.mark.parametrize("has_data", [False, True])
@pytest.mark.parametrize("length", [1, 2, 3])
def test_runs_that_name_each_other_as_parents_are_tasks(
    length: int, has_data: bool
) -> None:
    """A circle of parents has no outermost one, and none of it is lost."""
    data = {"namespace": "db://h", "name": "t"}
    states = {}
    for number in range(length):
        parent = {"run": {"runId": f"r{(number + 1) % length}"}}
        run = {"runId": f"r{number}", "facets": {"parent": parent}}
        inputs = [data] if has_data and number == 0 else []
        event = _event("COMPLETE", 1, run=run, inputs=inputs)
        states[f"ol:r{number}"] = _state([event])
    (task,) = _of("task", facts_of("ol:r0", states["ol:r0"], {}, states))
    assert (task["task"], "parent" in task) == ("ol:r0", False)
