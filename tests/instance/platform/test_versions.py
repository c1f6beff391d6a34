"""Versions of projects, as the SDK makes them: reserve, then commit or cancel."""

from __future__ import annotations

import json

import pytest
from instance_fixture import World


def _project(world: World) -> int:
    return int(world.ask("lineage.register.project", {"name": "p"})["id"])


def _reserve(world: World, project: int) -> dict[str, object]:
    return world.ask("projects.versions.reserve", {"projectId": project})


def test_a_reserved_version_is_listed_when_it_is_committed(world: World) -> None:
    """The id of a reservation is the version's; only a committed one is listed."""
    project = _project(world)
    reserved = _reserve(world, project)
    listing = {"projectId": project}
    assert world.ask("projects.versions.list", listing)["total"] == 0
    commit = {**reserved, "title": "before", "description": "training"}
    assert world.ask("projects.versions.commit", commit) == {"success": True}
    (version,) = world.ask("projects.versions.list", listing)["entities"]
    assert version["id"] == reserved["id"]
    shown = version["name"], version["description"], version["version"]
    assert shown == ("before", "training", 1)


def test_an_unchanged_project_has_its_last_version(world: World) -> None:
    """The refusal names the version to use; a change makes a new one possible."""
    project = _project(world)
    reserved = _reserve(world, project)
    world.ask("projects.versions.commit", reserved)
    answer = world.send("projects.versions.reserve", {"projectId": project})
    details = json.loads(answer.content())["details"]
    assert answer.status == 400
    assert details["useExistingVersion"] is True
    assert details["version"] == {"id": reserved["id"], "version": 1}
    world.ask("lineage.register.dataset", {"project_id": project, "name": "d"})
    assert _reserve(world, project)["id"] != reserved["id"]


def test_one_process_at_a_time_reserves(world: World) -> None:
    """A second reservation is refused until the first is committed or given up."""
    project = _project(world)
    reserved = _reserve(world, project)
    body = {"projectId": project}
    status, details = world.refusal("projects.versions.reserve", body)
    assert (status, "is already committing" in details["message"]) == (400, True)
    assert world.ask("projects.versions.cancel-reservation", reserved)["success"]
    assert _reserve(world, project)["id"] != reserved["id"]


@pytest.mark.parametrize("end", ["commit", "cancel-reservation"])
def test_a_reservation_ends_with_its_own_token_only(world: World, end: str) -> None:
    """Another token neither commits nor gives up what somebody else reserved."""
    reserved = _reserve(world, _project(world))
    wrong = {**reserved, "commitToken": "x"}
    assert world.refusal(f"projects.versions.{end}", wrong)[0] == 400
    assert world.ask(f"projects.versions.{end}", reserved)["success"]
    assert world.refusal(f"projects.versions.{end}", reserved)[0] == 400
