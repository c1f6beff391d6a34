"""Platform objects name their artifacts, whenever they come and are renamed."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from instance_fixture import World

TASK = 77


def _edge(world: World, kind: str, id: int, direction: str = "input") -> None:
    body = {"teamId": 1, "node": {"type": "task", "id": TASK}, "type": kind, "id": id}
    world.ask(f"workflow.node.add-{direction}", body)


def _names(world: World) -> dict[str, str]:
    nodes = world.ask("lineage.graph.upstream", {"of": f"task:{TASK}"})["nodes"]
    return {node["kind"]: node["name"] for node in nodes if node["kind"] != "task"}


def _found(world: World, text: str) -> list[str]:
    return [hit["node"]["name"] for hit in _hits(world, text)]


def _hits(world: World, text: str) -> list[dict[str, Any]]:
    return [
        hit
        for hit in world.ask("lineage.search", {"text": text})["hits"]
        if hit["node"]["kind"] != "task"
    ]


def _register(world: World) -> None:
    world.ask("lineage.register.project", {"name": "Wire project", "id": 1})


def _use(world: World) -> None:
    _edge(world, "project", 1)


def _rename(world: World) -> None:
    world.ask("projects.editInfo", {"id": 1, "name": "Copper project"})


@pytest.mark.parametrize(
    "steps",
    [p for p in permutations((_register, _use, _rename))
     if p.index(_register) < p.index(_rename)],
)  # fmt: skip
def test_a_project_is_shown_and_found_by_its_last_name(
    world: World, steps: tuple[Any, ...]
) -> None:
    """Whether the edge, the project or its new name comes first makes no difference."""
    for step in steps:
        step(world)
    assert _names(world) == {"project": "Copper project"}
    assert _found(world, "Copper") == ["Copper project"]
    assert _found(world, "Wire") == []


@pytest.mark.parametrize("is_known_first", [True, False])
def test_each_kind_is_named(world: World, is_known_first: bool) -> None:
    """Datasets, files, models and jobs are named as projects are."""
    if not is_known_first:
        _edge_all(world)
    world.ask("lineage.register.project", {"name": "P", "id": 1})
    world.ask("lineage.register.dataset", {"name": "day", "id": 2, "project_id": 1})
    world.ask("lineage.register.file", {"path": "/models/best.pt", "id": 3})
    world.ask("lineage.register.job", {"name": "Check", "id": 4})
    if is_known_first:
        _edge_all(world)
    named = {"dataset": "day", "model_weight": "best.pt", "job": "Check"}
    assert _names(world) == named


def _edge_all(world: World) -> None:
    _edge(world, "dataset", 2)
    _edge(world, "model_weight", 3)
    _edge(world, "job", 4)


def test_an_object_of_another_team_names_nothing(world: World) -> None:
    """An id belongs to a team; another team's object of the same id is no name."""
    world.ask("lineage.register.dataset", {
        "name": "d", "id": 1,
        "project_id": world.ask("lineage.register.project", {"name": "p"})["id"],
    })  # fmt: skip
    _edge(world, "project", 99)
    assert _names(world) == {"project": "project 99"}
