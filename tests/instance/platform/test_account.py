"""The caller, teams, workspaces and agents."""

from __future__ import annotations

from instance_fixture import InstanceFixture


def test_the_caller_and_the_teams_are_shown(instance: InstanceFixture) -> None:
    """A client finds itself and its team, as the SDK asks for them at the start."""
    assert instance.call("users.me", {})["login"]
    (team,) = instance.call("teams.list", {"filter": []})["entities"]
    assert instance.call("teams.info", {"id": team["id"]}) == team


def test_workspaces_are_those_of_projects(instance: InstanceFixture) -> None:
    """A workspace is there as soon as a project lies in it; names filter the list."""
    for workspace in (7, 7, 9):
        body = {"name": "p", "workspace_id": workspace}
        instance.call("lineage.register.project", body)
    listed = instance.call("workspaces.list", {"teamId": 1})
    assert [one["id"] for one in listed["entities"]] == [1, 7, 9]
    named = {"field": "name", "operator": "=", "value": "workspace 7"}
    found = instance.call("workspaces.list", {"teamId": 1, "filter": [named]})
    assert [one["id"] for one in found["entities"]] == [7]
    assert instance.call("workspaces.info", {"id": 7}) == found["entities"][0]


def test_an_unknown_operator_is_refused(instance: InstanceFixture) -> None:
    """A condition is never ignored: it would show what nobody requested."""
    condition = {"field": "name", "operator": "~", "value": "x"}
    body = {"teamId": 1, "filter": [condition]}
    status, details = instance.refusal("workspaces.list", body)
    assert (status, details["field"]) == (400, "filter.operator")


def test_there_are_no_agents(instance: InstanceFixture) -> None:
    """The instance runs no apps, so no agent is available."""
    assert instance.call("agents.available", {"teamId": 1}) == []
