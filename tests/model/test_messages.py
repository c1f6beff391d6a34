"""Questions and answers: plain objects, and the JSON that they are made of."""

from __future__ import annotations

import json
import math

import pytest
from pydantic import ValidationError

from lineage.model.comparisons import FieldDiff, ImpactAnswer, ImpactParams
from lineage.model.details import Step, TaskDetail
from lineage.model.graph import GraphAnswer, Node
from lineage.model.messages import encode_json

NODE = Node(key="task:1", type="task", kind="task", id=1, name="Train", team_id=1)


def test_a_message_takes_its_members_by_name_and_no_others() -> None:
    """A member that is missing, or that nobody knows, is named."""
    with pytest.raises(TypeError, match=r"GraphAnswer: no member 'arow', 'arrows' is"):
        GraphAnswer(nodes=[], arow=[])  # type: ignore[call-arg]  # that is the test


def test_no_two_messages_share_a_list() -> None:
    """A default that can change belongs to one message."""
    one, other = (GraphAnswer(nodes=[], arrows=[]) for _ in range(2))
    one.focus.append("data:1")
    assert other.focus == []


def test_messages_are_equal_by_class_and_members() -> None:
    """Two of one class with the same members are equal, and nothing else is."""
    assert NODE.model_copy() == NODE
    assert NODE.model_copy(update={"name": "Other"}) != NODE
    assert NODE.model_dump() != NODE


def test_json_of_an_answer_makes_the_same_answer() -> None:
    """What a server sends is what the client gives back, parts included."""
    answer = TaskDetail(
        node=NODE,
        steps=[Step(key="1", name="fit", started_at=1.5, params={"C": 0.1, "n": None})],
        metrics={"auc": 0.93},
    )
    text = answer.model_dump_json()
    assert TaskDetail.model_validate(json.loads(text)) == answer
    assert json.loads(text) == answer.model_dump(mode="json")
    assert TaskDetail.model_validate(answer) is answer


def test_unknown_members_of_a_newer_server_are_left_out() -> None:
    """An answer with more members than this version knows can be read."""
    assert Node.model_validate({**NODE.model_dump(), "new": 1}) == NODE
    with pytest.raises(ValidationError, match="team_id"):
        Node.model_validate({"key": "task:1"})


def test_a_number_that_is_none_becomes_null() -> None:
    """JSON has no word for NaN and for infinity; the rest of the answer stays."""
    params = {"lr": math.nan, "size": math.inf, "C": 1.0}
    step = Step(key="1", name="fit", started_at=1.0, params=params)
    shown = json.loads(encode_json({"steps": [step]}))["steps"][0]["params"]
    assert shown == {"lr": None, "size": None, "C": 1.0}


def test_members_can_be_left_out_of_a_dump() -> None:
    """By name, or where they are None, in the message and inside of it."""
    diff = FieldDiff(field="C", a={"x": None, "y": 1})
    assert diff.model_dump(exclude={"b"}) == {"field": "C", "a": {"x": None, "y": 1}}
    assert diff.model_dump(exclude_none=True) == {"field": "C", "a": {"y": 1}}


def test_an_answer_with_few_members_shows_them() -> None:
    """A question is shown with its parameters."""
    assert repr(ImpactParams(of="a.csv")).startswith("ImpactParams(of='a.csv', as_of=")
    assert ImpactAnswer.model_fields["remake"].is_required()
