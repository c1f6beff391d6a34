"""The handle: record at once, and hand back what was given."""

from __future__ import annotations

from typing import Any

import pytest

import lineage
from lineage import cards
from lineage.errors import SourceError
from lineage.testing import Recorded

KINDS = ["project", "dataset", "file", "folder", "job", "task"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", ["uses", "produces"])
def test_methods_hand_back_their_argument(
    verb: str, kind: str, recorded: Recorded
) -> None:
    """Each method records its fact and returns the very object."""
    artifact = "/a/b" if kind == "folder" else 123_456
    given = getattr(lineage.current_task(), f"{verb}_{kind}")(artifact)
    assert given is artifact
    assert recorded.inputs + recorded.outputs == [f"{kind}:{artifact}"]


def test_either_kind_and_work_in_place(recorded: Recorded) -> None:
    """`uses`, `produces`, `updates_project` and the task's own session."""
    task = lineage.current_task()
    task.uses(lineage.dataset(1))
    task.produces(lineage.file("x.pt", model_weight=True), derived_from=[1])
    task.updates_project(2, version=lineage.snapshot("x"))
    assert task.produces_app() is None
    assert task.produces_app(9) == 9
    assert recorded.inputs == ["dataset:1", "project:2"]
    own = f"app:{task.key}"
    assert recorded.outputs == ["model_weight:x.pt", "project:2", own, "app:9"]
    assert recorded.edges[1]["derived_from"] == [{"kind": "dataset", "id": 1}]
    assert [e.get("module") for e in recorded.edges[-2:]] == [True, None]


def test_it_belongs_to_the_step_around_it(recorded: Recorded) -> None:
    """Inside a step of the task the fact belongs to that step."""
    with lineage.step("convert") as task:
        task.uses_file("in.bin")
        task.produces_file("out.bin")
    first, second = recorded.edges
    assert first["step"]["name"] == "convert"
    assert second["step"] == second["scope"] == first["step"]["key"]


def test_many_values_and_wrong_ones(
    recorded: Recorded, caplog: pytest.LogCaptureFixture
) -> None:
    """A list means many; a wrong value is counted under the method's name."""
    lineage.current_task().uses_project([1, "x", 2, None])
    assert recorded.inputs == ["project:1", "project:2"]
    assert recorded.not_recorded == {"task.uses_project()": 1}
    assert "task.uses_project()" in caplog.text


def test_strict_mode_raises(strict: Recorded) -> None:
    """For tests a wrong value raises."""
    with pytest.raises(SourceError):
        lineage.current_task().uses_project("x")


def test_inside_disabled_nothing_is_recorded(recorded: Recorded) -> None:
    """A handle made outside records nothing inside `disabled()`."""
    task = lineage.current_task()
    with lineage.disabled():
        assert task.uses_project(1) == 1
        assert lineage.current_task().uses_project(2) == 2
    assert recorded.facts == []


def test_a_card_of_the_task(recorded: Recorded) -> None:
    """`show` gives the task's own node a card; the same card is recorded once."""
    task = lineage.current_task()
    for _ in range(2):
        task.show(cards.session.titled("Hello"))
    titles: list[Any] = [f["node_meta"]["title"] for f in recorded.facts]
    assert titles == ["<h4>Hello</h4>"]
    assert repr(task).startswith("<task ")
