"""What is known of a task follows from the times of its facts, not from their order."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from store_engines import START, Facts

from lineage.instance.store import Store

_COLUMNS = "name, command, status, ended_at, error, run, started_at"


def known(store: Store, team: int) -> tuple[Any, ...]:
    """Return what the store knows of a team's only task."""
    with store.db.read() as tx:
        sql = f"SELECT {_COLUMNS} FROM tasks WHERE team_id = ?"
        (row,) = tx.all(sql, (team,))
    return row


def lives(store: Store, facts: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    """Store facts in every order, one by one, each time for another team."""
    found = set()
    for team, order in enumerate(permutations(facts), 1):
        for fact in order:
            assert not store.ingest(team, [fact]).refused
        found.add(known(store, team))
    return found


def test_a_task_that_goes_on_is_not_ended_by_a_late_end(store: Store) -> None:
    """Another run opened it after the end, whenever that end arrives."""
    one, two = Facts("one"), Facts("two")
    facts = [
        one.fact("task", name="a", command="x", task_id=1, at=START + 1),
        one.fact("task_end", status="error", error="no", task_id=1, at=START + 2),
        two.fact("task", name="b", task_id=1, at=START + 3),
    ]
    (found,) = lives(store, facts)
    assert found == ("b", "x", "started", None, None, "two", START + 1)


def test_a_lost_task_ends_with_its_last_sign_of_life(store: Store) -> None:
    """Its process is gone."""
    one = Facts("one")
    opened = one.fact("task", name="a", task_id=1, at=START + 1)
    lost = one.fact("task_end", status="lost", task_id=1, at=START + 3)
    (found,) = lives(store, [opened, lost])
    assert found[2:4] == ("lost", START + 3)


@pytest.mark.parametrize(
    ("form", "more", "status"),
    [
        ("task", {"at": START + 4}, "started"),
        ("task_end", {"status": "finished", "at": START + 2}, "finished"),
        ("task_end", {"status": "error", "at": START + 4}, "error"),
    ],
)
def test_what_a_lost_task_reports_later_counts(
    store: Store, form: str, more: dict[str, Any], status: str
) -> None:
    """Its own run opens it again, or really ended."""
    one = Facts("one")
    facts = [
        one.fact("task", name="a", task_id=1, at=START + 1),
        one.fact("task_end", status="lost", task_id=1, at=START + 3),
        one.fact(form, task_id=1, **more),
    ]
    (found,) = lives(store, facts)
    assert found[2] == status


def test_the_last_end_counts(store: Store) -> None:
    """Also when both runs have ended, and the second one's end came first."""
    one, two = Facts("one"), Facts("two")
    facts = [
        one.fact("task", name="a", task_id=1, at=START + 1),
        one.fact("task_end", status="error", task_id=1, at=START + 2),
        two.fact("task", task_id=1, at=START + 3),
        two.fact("task_end", status="finished", task_id=1, at=START + 4),
    ]
    (found,) = lives(store, facts)
    assert (found[0], found[2], found[3]) == ("a", "finished", START + 4)
