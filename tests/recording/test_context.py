"""Scopes: runs and steps."""

from __future__ import annotations

import json

from lineage.recording.context import ActiveTask, StepContext
from lineage.recording.json_text import step_name


def test_a_run_has_a_key_of_its_own() -> None:
    """Two runs never share a key; what identifies it heads each of its facts."""
    one, two = ActiveTask("a"), ActiveTask("b", task_id=7)
    assert one.key != two.key
    assert json.loads("{" + two.head + "}") == {"task": two.key, "task_id": 7}


def test_the_body_of_a_task_is_no_step() -> None:
    """Facts recorded there carry no step."""
    assert ActiveTask("a").root.step_member(5) == ""


def test_a_step_is_recorded_whole_and_then_by_its_key() -> None:
    """A step inside the body has no parent; one inside a step names it."""
    root = ActiveTask("a").root
    outer = StepContext(root.task, root, step_name("outer"))
    inner = StepContext(root.task, outer, step_name("inner"))
    written = json.loads("{" + inner.step_member(5)[1:] + "}")["step"]
    assert (written["name"], written["parent"]) == ("inner", json.loads(outer.key))
    assert outer.is_referenced
    assert not outer.is_emitted
    assert inner.step_member(6) == inner.step_ref == f',"step":{inner.key}'
    assert "parent" not in json.loads(outer.reference_json(5))
    assert outer.reference_json(6) == outer.key


def test_a_step_shows_its_time_unless_the_fact_has_the_same() -> None:
    """Most steps begin with their first input, whose time stands beside them."""
    root = ActiveTask("a").root
    for at, written in ((5_000_000_000, None), (6_000_000_000, 5.0)):
        for key in ("", '"k"'):
            step = StepContext(root.task, root, step_name("s"))
            step.at, step.key = 5_000_000_000, key
            member = json.loads("{" + step.step_member(at)[1:] + "}")["step"]
            assert member.get("at") == written


def test_names_are_json_and_bounded() -> None:
    """Whatever a function is called, its step's name fits."""
    assert step_name('a"b') == '"a\\"b"'
    assert step_name("") == '"step"'
    assert len(json.loads(step_name("x" * 5000))) == 1024
