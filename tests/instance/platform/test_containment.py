"""Chains by containment between platform objects that edges name by their ids."""

from __future__ import annotations

from typing import Any

import pytest
from instance_fixture import InstanceFixture

MAKER, USER = 5, 6


def _edge(
    instance: InstanceFixture, task: int, direction: str, kind: str, id: Any
) -> None:
    body = {"teamId": 1, "node": {"type": "task", "id": task}, "type": kind, "id": id}
    instance.call(f"workflow.node.add-{direction}", body)


def _tasks(instance: InstanceFixture, question: str, task: int) -> set[str]:
    answer = instance.call(f"lineage.graph.{question}", {"of": f"task:{task}"})
    return {node["name"] for node in answer["nodes"] if node["kind"] == "task"}


@pytest.mark.parametrize(
    ("made", "used"),
    [
        (("folder", "/models"), ("model_weight", 31)),
        (("file", 31), ("folder", "/models")),
        (("folder", "/models/deep"), ("folder", "/models")),
        (("project", 1), ("dataset", 2)),
        (("dataset", 2), ("project", 1)),
    ],
    ids=lambda pair: f"{pair[0]} {pair[1]}",
)
def test_a_part_and_its_whole_are_one_chain(
    instance: InstanceFixture, made: Any, used: Any
) -> None:
    """What uses a part comes from what made the whole, and the other way round."""
    instance.call("lineage.register.project", {"name": "P", "id": 1})
    instance.call("lineage.register.dataset", {"name": "d", "id": 2, "project_id": 1})
    instance.call("lineage.register.file", {"path": "/models/best.pt", "id": 31})
    _edge(instance, MAKER, "output", *made)
    _edge(instance, USER, "input", *used)
    assert f"task {MAKER}" in _tasks(instance, "upstream", USER)
    assert f"task {USER}" in _tasks(instance, "downstream", MAKER)
