"""What is known of a task follows from the times of its facts, not from their order."""

from __future__ import annotations

import itertools
import random
import time
from itertools import permutations
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
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


@pytest.mark.parametrize("end", ["finished", "error", "lost"])
def test_a_number_may_be_named_late(store: Store, end: str) -> None:
    """A fact without the task's number is of the same task, whenever that is named."""
    one, two = Facts("one"), Facts("two")
    facts = [
        one.fact("task", name="a", at=START + 1),
        two.fact("log", message="joined", task_id=7, at=START + 2),
        one.fact("task_end", status=end, at=START + 3),
        one.fact("log", message="numbered", task_id=7, at=START + 2.5),
    ]
    (found,) = lives(store, facts)
    assert found == ("a", None, end, START + 3, None, "one", START + 1)


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


def test_an_end_may_come_before_its_beginning(store: Store) -> None:
    """What the opening says is added to the task that has ended."""
    one = Facts("one")
    facts = [
        one.fact("task", name="a", command="x", task_id=1, at=START + 1),
        one.uses("project", 1, task_id=1, at=START + 2),
        one.fact("task_end", status="error", error="no", task_id=1, at=START + 3),
    ]
    (found,) = lives(store, facts)
    assert found == ("a", "x", "error", START + 3, "no", "one", START + 1)


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_worker_that_goes_on_lifts_lost(store: Store, goes_on: bool) -> None:
    """It had joined the task, whose own process is gone."""
    one = Facts("one")
    facts = [
        one.fact("task", name="a", task_id=1, at=START + 1),
        one.uses("project", 1, task_id=1, at=START + 2),
        one.fact("task_end", status="lost", task_id=1, at=START + 2),
        one.uses("project", 2, task_id=1, at=START + 3),
    ]
    (found,) = lives(store, facts if goes_on else facts[:3])
    assert found[2:4] == (("started", None) if goes_on else ("lost", START + 2))


def test_a_task_that_was_silent_too_long_is_lost_until_it_is_heard_again(
    store: Store,
) -> None:
    """Its last sign of life is its end; a server counts from its own start."""
    one = Facts("one")
    begun = one.fact("task", name="a", task_id=1, at=START + 1, lost_after_s=60)
    facts = [begun, one.uses("project", 1, task_id=1, at=START + 2)]
    # Nothing was promised here, and this one has ended.
    facts.append(Facts("two").fact("task", task_id=2, at=START + 1))
    ended = Facts("three")
    facts += [
        ended.fact("task", task_id=3, at=START + 1, lost_after_s=60),
        ended.fact("task_end", task_id=3, at=START + 2, status="finished"),
    ]
    assert not store.ingest(1, facts).refused
    now = time.time()
    assert store.end_silent_tasks(0, now + 30) == 0
    assert store.end_silent_tasks(now + 50, now + 90) == 0
    assert store.end_silent_tasks(0, now + 90) == 1
    assert store.end_silent_tasks(0, now + 90) == 0
    assert _states(store) == {
        1: ("lost", START + 2),
        2: ("started", None),
        3: ("finished", START + 2),
    }
    store.ingest(1, [one.fact("task", task_id=1, at=START + 50, lost_after_s=60)])
    assert _states(store)[1] == ("started", None)
    now = time.time()
    assert store.end_silent_tasks(0, now + 90) == 1
    assert _states(store)[1] == ("lost", START + 50)
    # A worker that had joined it goes on for a while.
    store.ingest(1, [one.uses("project", 2, task_id=1, at=now + 80)])
    assert store.end_silent_tasks(0, now + 90) == 0
    assert _states(store)[1] == ("started", None)
    assert store.end_silent_tasks(0, now + 150) == 1
    assert _states(store)[1][0] == "lost"


def _states(store: Store) -> dict[int, tuple[str, float | None]]:
    with store.db.read() as tx:
        rows = tx.all("SELECT number, status, ended_at FROM tasks WHERE team_id = 1")
    return {number: (status, ended_at) for number, status, ended_at in rows}


def _history(chosen: random.Random) -> list[dict[str, Any]]:
    """Return the facts of one to three runs of a task, and of workers of theirs."""
    facts: list[dict[str, Any]] = []
    at = START
    for run in ("one", "two", "three")[: chosen.randint(1, 3)]:
        known = Facts(run)
        forms = ["edge"] * chosen.randint(0, 2)
        forms += chosen.choice([[], ["finished"], ["error"], ["lost"]])
        forms += ["edge"] * chosen.randint(0, 1)
        at += 1
        facts.append(known.fact("task", name=run, task_id=1, at=at))
        for form in forms:
            at += 1
            facts.append(
                known.uses("project", len(facts), task_id=1, at=at)
                if form == "edge"
                else known.fact("task_end", status=form, task_id=1, at=at)
            )
    return facts


def _outcome(facts: list[dict[str, Any]]) -> tuple[str, float | None]:
    """Return status and end: the last one's that is about it, by the time."""
    status, ended_at = "started", None
    for fact in facts:
        if fact["f"] == "task_end":
            status, ended_at = fact["status"], fact["at"]
        elif fact["f"] == "task" or status == "lost":
            status, ended_at = "started", None
    return status, ended_at


@pytest.mark.parametrize("seed", range(40))
def test_what_becomes_of_a_task_does_not_depend_on_the_order(
    seed: int, store: Store
) -> None:
    """Ends, lost processes, retries and workers, one by one and in batches."""
    chosen = random.Random(seed)
    facts = _history(chosen)
    for team in range(1, 9):
        order = facts[:]
        chosen.shuffle(order)
        while order:
            size = chosen.randint(1, len(order))
            assert not store.ingest(team, order[:size]).refused
            order = order[size:]
        found = known(store, team)
        assert found[2:4] == _outcome(facts)
        assert (found[0], found[6]) == (facts_name(facts), START + 1)


def facts_name(facts: list[dict[str, Any]]) -> str:
    """Return the name that was given last."""
    return str([fact["name"] for fact in facts if fact["f"] == "task"][-1])


def test_of_each_field_the_latest_word_counts(store: Store) -> None:
    """No opening has to say everything, and the newest may say least."""
    runs = [Facts(name) for name in ("one", "two", "three", "four")]
    words_of = [{"name": "a", "command": "x"}, {"name": "b"}, {}, {"host": "h"}]
    facts = [
        run.fact("task", task_id=1, at=START + at, **words)
        for at, (run, words) in enumerate(zip(runs, words_of, strict=True))
    ]
    (found,) = lives(store, facts)
    assert found[:2] == ("b", "x")


_words = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from("abc"),
        "command": st.sampled_from("xyz"),
        "host": st.sampled_from("hi"),
        "git_dirty": st.booleans(),
    },
)
_openings = st.lists(st.tuples(st.integers(0, 5), _words), min_size=1, max_size=6)


def test_openings_in_any_order_give_the_same_task(store: Store) -> None:
    """The latest word on each field, by time and, at one time, by uid."""
    teams = itertools.count(1)

    @settings(max_examples=40, deadline=None)
    @given(_openings, st.randoms(use_true_random=False))
    def check(openings: list[tuple[int, dict[str, Any]]], chance: Any) -> None:
        facts = [
            {"f": "task", "uid": f"u{at}", "task": f"r{at}", "task_id": 1,
             "at": START + time, **words}
            for at, (time, words) in enumerate(openings)
        ]  # fmt: skip
        expected: dict[str, Any] = {}
        for fact in sorted(facts, key=lambda fact: (fact["at"], fact["uid"])):
            expected |= fact
        chance.shuffle(facts)
        team = next(teams)
        while facts:
            size = chance.randint(1, len(facts))
            assert not store.ingest(team, facts[:size]).refused
            facts = facts[size:]
        with store.db.read() as tx:
            sql = "SELECT name, command, host, git_dirty FROM tasks WHERE team_id = ?"
            (row,) = tx.all(sql, (team,))
        assert row == tuple(
            expected.get(field) for field in ("name", "command", "host", "git_dirty")
        )

    check()
