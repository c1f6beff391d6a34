"""Edges of the platform become facts, each once."""

from __future__ import annotations

from typing import Any

import pytest
from instance_fixture import InstanceFixture

from lineage.model.kinds import WIRE_TYPES

META = {"customNodeSettings": {"title": "<h4>N</h4>"}}


def edge(**body: Any) -> dict[str, Any]:
    """Return an edge as the platform's client sends it."""
    node = {"type": "task", "id": "77"}
    return {"teamId": 5, "node": node, "type": "project", "id": 11, **body}


def edges_of(instance: InstanceFixture, task: int) -> list[Any]:
    """Return the edges that the graph has of a task."""
    edges: list[Any] = instance.call("lineage.tasks.get", {"id": task})["edges"]
    return edges


def test_a_resent_edge_is_stored_once(instance: InstanceFixture) -> None:
    """The same edge, its ids as text or numbers, is one edge."""
    first = instance.call("workflow.node.add-input", edge())
    again = edge(node={"type": "task", "id": 77}, id="11")
    assert instance.call("workflow.node.add-input", again) == first
    (stored,) = edges_of(instance, 77)
    assert (stored["direction"], stored["data"]["id"]) == ("input", 11)


def test_a_changed_card_is_another_edge(instance: InstanceFixture) -> None:
    """An edge with a new card is not a resent one."""
    instance.call("workflow.node.add-input", edge())
    instance.call("workflow.node.add-input", edge(meta=META))
    assert len(edges_of(instance, 77)) == 2


@pytest.mark.parametrize("type", WIRE_TYPES)
@pytest.mark.parametrize("direction", ["input", "output"])
def test_every_type_of_the_wire_is_accepted(
    instance: InstanceFixture, type: str, direction: str
) -> None:
    """All types go in; an app's session is only ever an output."""
    body = edge(type=type, id="/a/b" if type == "folder" else 31)
    method = f"workflow.node.add-{direction}"
    if (type, direction) == ("app_session", "input"):
        assert instance.refusal(method, body)[0] == 400
    else:
        assert instance.call(method, body)


def test_a_version_belongs_to_its_project(instance: InstanceFixture) -> None:
    """A pinned version is a version of the project that it was made of."""
    project = instance.call("lineage.register.project", {"name": "p"})["id"]
    body = {"project_id": project, "id": 900}
    instance.call("lineage.register.project-version", body)
    instance.call("workflow.node.add-input", edge(type="project_version", id=900))
    (stored,) = edges_of(instance, 77)
    assert (stored["data"]["kind"], stored["data"]["id"]) == ("project", project)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "model"}, "type"),
        ({"node": {"type": "app", "id": 1}}, "node.type"),
        ({"node": {"type": "task", "id": True}}, "node.id"),
        ({"node": {"type": "task", "id": "x"}}, "node.id"),
        ({"node": {"type": "task"}}, "node.id"),
        ({"id": None}, "id"),
        ({"id": True}, "id"),
        ({"id": "abc"}, "id"),
        ({"id": -1}, "id"),
        ({"id": 2**70}, "id"),
        ({"teamId": None}, "teamId"),
        ({"meta": "text"}, "meta"),
    ],
)
def test_bad_edges_name_the_field(
    instance: InstanceFixture, change: dict[str, Any], field: str
) -> None:
    """A refused edge names its field and what is allowed, and stores nothing."""
    status, details = instance.refusal("workflow.node.add-output", edge(**change))
    assert (status, details["field"]) == (400, field)
    assert details["allowed"]
    assert instance.refusal("lineage.tasks.get", {"id": 77})[0] == 404


def test_an_edge_without_an_id_is_refused_for_good(instance: InstanceFixture) -> None:
    """A missing id is 400, so that no client retries it."""
    body = edge()
    del body["id"]
    status, details = instance.refusal("workflow.node.add-input", body)
    assert (status, details["field"]) == (400, "id")
