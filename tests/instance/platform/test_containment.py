"""Chains by containment between platform objects that edges name by their ids."""

from __future__ import annotations

import time
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


def _register_version(instance: InstanceFixture) -> None:
    """Register a version of the project as it is now."""
    form = {"project_id": 1, "id": 90, "name": "before training"}
    instance.call("lineage.register.project-version", form)


def test_a_version_of_a_project_holds_what_was_produced_before_it(
    instance: InstanceFixture,
) -> None:
    """Who uses the version uses what the importing task produced."""
    instance.call("lineage.register.project", {"name": "P", "id": 1})
    _edge(instance, MAKER, "output", "project", 1)
    _register_version(instance)
    _edge(instance, USER, "input", "project_version", 90)
    assert f"task {MAKER}" in _tasks(instance, "upstream", USER)
    assert f"task {USER}" in _tasks(instance, "downstream", MAKER)


def test_a_version_of_a_project_holds_nothing_that_came_later(
    instance: InstanceFixture,
) -> None:
    """What was produced after its creation is not in it."""
    instance.call("lineage.register.project", {"name": "P", "id": 1})
    _register_version(instance)
    time.sleep(0.005)  # Times of platform objects are cut off to milliseconds.
    _edge(instance, MAKER, "output", "project", 1)
    _edge(instance, USER, "input", "project_version", 90)
    assert f"task {MAKER}" not in _tasks(instance, "upstream", USER)
    assert f"task {USER}" not in _tasks(instance, "downstream", MAKER)
