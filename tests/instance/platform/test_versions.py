"""Versions of projects, as the SDK makes them: reserve, then commit or cancel."""

from __future__ import annotations

import json

import pytest
from instance_fixture import InstanceFixture


def _project(instance: InstanceFixture) -> int:
    return int(instance.call("lineage.register.project", {"name": "p"})["id"])


def _reserve(instance: InstanceFixture, project: int) -> dict[str, object]:
    return instance.call("projects.versions.reserve", {"projectId": project})


def test_a_reserved_version_is_listed_when_it_is_committed(
    instance: InstanceFixture,
) -> None:
    """The id of a reservation is the version's; only a committed one is listed."""
    project = _project(instance)
    reserved = _reserve(instance, project)
    listing = {"projectId": project}
    assert instance.call("projects.versions.list", listing)["total"] == 0
    commit = {**reserved, "title": "before", "description": "training"}
    assert instance.call("projects.versions.commit", commit) == {"success": True}
    (version,) = instance.call("projects.versions.list", listing)["entities"]
    assert version["id"] == reserved["id"]
    shown = version["name"], version["description"], version["version"]
    assert shown == ("before", "training", 1)


def test_an_unchanged_project_has_its_last_version(instance: InstanceFixture) -> None:
    """The refusal names the version to use; a change makes a new one possible."""
    project = _project(instance)
    reserved = _reserve(instance, project)
    instance.call("projects.versions.commit", reserved)
    answer = instance.send("projects.versions.reserve", {"projectId": project})
    details = json.loads(answer.content())["details"]
    assert answer.status == 400
    assert details["useExistingVersion"] is True
    assert details["version"] == {"id": reserved["id"], "version": 1}
    instance.call("lineage.register.dataset", {"project_id": project, "name": "d"})
    assert _reserve(instance, project)["id"] != reserved["id"]


def test_one_process_at_a_time_reserves(instance: InstanceFixture) -> None:
    """A second reservation is refused until the first is committed or given up."""
    project = _project(instance)
    reserved = _reserve(instance, project)
    body = {"projectId": project}
    status, details = instance.refusal("projects.versions.reserve", body)
    assert (status, "is already committing" in details["message"]) == (400, True)
    assert instance.call("projects.versions.cancel-reservation", reserved)["success"]
    assert _reserve(instance, project)["id"] != reserved["id"]


@pytest.mark.parametrize("end", ["commit", "cancel-reservation"])
def test_a_reservation_ends_with_its_own_token_only(
    instance: InstanceFixture, end: str
) -> None:
    """Another token neither commits nor gives up what somebody else reserved."""
    reserved = _reserve(instance, _project(instance))
    wrong = {**reserved, "commitToken": "x"}
    assert instance.refusal(f"projects.versions.{end}", wrong)[0] == 400
    assert instance.call(f"projects.versions.{end}", reserved)["success"]
    assert instance.refusal(f"projects.versions.{end}", reserved)[0] == 400
