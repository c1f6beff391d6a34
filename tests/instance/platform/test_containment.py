"""Chains by containment between platform objects that edges name by their ids."""

from __future__ import annotations

from typing import Any

import pytest
from instance_fixture import World

MAKER, USER = 5, 6


def _edge(world: World, task: int, direction: str, kind: str, id: Any) -> None:
    body = {"teamId": 1, "node": {"type": "task", "id": task}, "type": kind, "id": id}
    world.ask(f"workflow.node.add-{direction}", body)


def _tasks(world: World, question: str, task: int) -> set[str]:
    answer = world.ask(f"lineage.graph.{question}", {"of": f"task:{task}"})
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
def test_a_part_and_its_whole_are_one_chain(world: World, made: Any, used: Any) -> None:
    """What uses a part comes from what made the whole, and the other way round."""
    world.ask("lineage.register.project", {"name": "P", "id": 1})
    world.ask("lineage.register.dataset", {"name": "d", "id": 2, "project_id": 1})
    world.ask("lineage.register.file", {"path": "/models/best.pt", "id": 31})
    _edge(world, MAKER, "output", *made)
    _edge(world, USER, "input", *used)
    assert f"task {MAKER}" in _tasks(world, "upstream", USER)
    assert f"task {USER}" in _tasks(world, "downstream", MAKER)
