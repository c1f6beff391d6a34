"""Questions over the wire: whose task an answer is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from instance_fixture import InstanceFixture, edge_fact

from lineage.instance.authorization import OPEN

METHOD = "lineage.tasks.get"


@pytest.fixture
def teams(instance: InstanceFixture) -> InstanceFixture:
    """A caller that sees teams 1 and 5, which both have a task 12."""
    for team in (1, 5):
        named = {"f": "task", "uid": f"t-{team}", "task": f"run{team}", "at": 1.0}
        facts = [{**named, "name": f"of {team}", "task_id": 12},
                 edge_fact(team, task=f"run{team}", task_id=12)]  # fmt: skip
        instance.services.store.ingest(team, facts)
    instance.principal = replace(OPEN, team_ids=(1, 5), is_open=False)
    return instance


@pytest.mark.parametrize(
    ("body", "name"),
    [({"key": "task:12"}, "of 1"), ({"key": "task:12@5"}, "of 5"),
     ({"key": "task:12@1"}, "of 1"), ({"id": 12}, "of 1"), ({"id": "12"}, "of 1")],
)  # fmt: skip
def test_a_task_is_described_by_its_key(
    teams: InstanceFixture, body: dict[str, Any], name: str
) -> None:
    """The key of a card leads to that team's task; a number to the first team's."""
    assert teams.call(METHOD, body)["node"]["name"] == name


def test_several_tasks_are_answered_together(teams: InstanceFixture) -> None:
    """In the order in which they are named, without those that are not there."""
    keys = ["task:12@5", "task:77", "task:12@1"]
    answer = teams.call("lineage.tasks.details", {"keys": keys})
    assert [one["node"]["name"] for one in answer["tasks"]] == ["of 5", "of 1"]
    assert len(answer["tasks"][0]["edges"]) == 1


def test_every_listed_task_is_found_by_its_own_key(teams: InstanceFixture) -> None:
    """What the list of tasks shows is what its key is answered with."""
    lines = teams.call("lineage.tasks.list")["tasks"]
    assert len(lines) == 2
    for line in lines:
        assert teams.call(METHOD, {"key": line["node"]["key"]})["node"] == line["node"]


def test_another_teams_task_is_not_described(teams: InstanceFixture) -> None:
    """A key names the team, and gives no way into it."""
    teams.principal = replace(teams.principal, team_ids=(1,))
    assert teams.refusal(METHOD, {"key": "task:12@5"})[0] == 404


@pytest.mark.parametrize("key", ["data:1", "task:x", "Train@last"])
def test_a_selector_of_no_task_is_not_found(
    instance: InstanceFixture, key: str
) -> None:
    """What is no key is read as any other selector."""
    assert instance.refusal(METHOD, {"key": key})[0] == 404


@pytest.mark.parametrize("body", [{}, {"key": "task:12", "id": 12}])
def test_a_task_is_named_once_and_rightly(
    instance: InstanceFixture, body: dict[str, Any]
) -> None:
    """Neither and both are refused."""
    status, details = instance.refusal(METHOD, body)
    assert (status, details["field"]) == (400, "key")
