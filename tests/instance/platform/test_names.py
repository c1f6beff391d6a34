"""Platform objects name their artifacts, whenever they come and are renamed."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from instance_fixture import InstanceFixture

TASK = 77


def _edge(
    instance: InstanceFixture, kind: str, id: int, direction: str = "input"
) -> None:
    body = {"teamId": 1, "node": {"type": "task", "id": TASK}, "type": kind, "id": id}
    instance.call(f"workflow.node.add-{direction}", body)


def _names(instance: InstanceFixture) -> dict[str, str]:
    nodes = instance.call("lineage.graph.upstream", {"of": f"task:{TASK}"})["nodes"]
    return {node["kind"]: node["name"] for node in nodes if node["kind"] != "task"}


def _found(instance: InstanceFixture, text: str) -> list[str]:
    return [hit["node"]["name"] for hit in _hits(instance, text)]


def _hits(instance: InstanceFixture, text: str) -> list[dict[str, Any]]:
    return [
        hit
        for hit in instance.call("lineage.search", {"text": text})["hits"]
        if hit["node"]["kind"] != "task"
    ]


def _register(instance: InstanceFixture) -> None:
    instance.call("lineage.register.project", {"name": "Wire project", "id": 1})


def _use(instance: InstanceFixture) -> None:
    _edge(instance, "project", 1)


def _rename(instance: InstanceFixture) -> None:
    instance.call("projects.editInfo", {"id": 1, "name": "Copper project"})


@pytest.mark.parametrize(
    "steps",
    [p for p in permutations((_register, _use, _rename))
     if p.index(_register) < p.index(_rename)],
)  # fmt: skip
def test_a_project_is_shown_and_found_by_its_last_name(
    instance: InstanceFixture, steps: tuple[Any, ...]
) -> None:
    """Whether the edge, the project or its new name comes first makes no difference."""
    for step in steps:
        step(instance)
    assert _names(instance) == {"project": "Copper project"}
    assert _found(instance, "Copper") == ["Copper project"]
    assert _found(instance, "Wire") == []


@pytest.mark.parametrize("is_known_first", [True, False])
def test_each_kind_is_named(instance: InstanceFixture, is_known_first: bool) -> None:
    """Datasets, files, models and jobs are named as projects are."""
    if not is_known_first:
        _edge_all(instance)
    instance.call("lineage.register.project", {"name": "P", "id": 1})
    instance.call("lineage.register.dataset", {"name": "day", "id": 2, "project_id": 1})
    instance.call("lineage.register.file", {"path": "/models/best.pt", "id": 3})
    instance.call("lineage.register.job", {"name": "Check", "id": 4})
    if is_known_first:
        _edge_all(instance)
    named = {"dataset": "day", "model_weight": "best.pt", "job": "Check"}
    assert _names(instance) == named


def _edge_all(instance: InstanceFixture) -> None:
    _edge(instance, "dataset", 2)
    _edge(instance, "model_weight", 3)
    _edge(instance, "job", 4)


def test_an_object_of_another_team_names_nothing(instance: InstanceFixture) -> None:
    """An id belongs to a team; another team's object of the same id is no name."""
    instance.call("lineage.register.dataset", {
        "name": "d", "id": 1,
        "project_id": instance.call("lineage.register.project", {"name": "p"})["id"],
    })  # fmt: skip
    _edge(instance, "project", 99)
    assert _names(instance) == {"project": "project 99"}
