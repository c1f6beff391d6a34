"""Environments: one for all tasks that ran in the same, and how two differ."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from store_engines import START, Facts, digest

from lineage.instance.graph import GraphQueries
from lineage.instance.store import Store
from lineage.instance.store.forget import forget_task
from lineage.instance.store.migrate import migrate
from lineage.model.environment import environment_digest

TEAM = [1]
OLD = {"package:numpy": "2.1.0", "git.branch": "main", "host": "a", "python": "3.12.1"}
NEW = {**OLD, "package:numpy": "2.2.0", "host": "b"}


def _train(run: str, at: float, content: str, **more: Any) -> list[dict[str, Any]]:
    """A training that makes the same model file from the same data."""
    facts = Facts(run)
    path = {"local_path": "/w/m.pt", "stat": digest(content)}
    return [
        facts.fact("task", name="Train", at=START + at, **more),
        facts.uses("file", "/w/a.csv", at=START + at + 1, stat=digest("in")),
        facts.makes("file", "/w/m.pt", at=START + at + 2, **path),
        facts.fact("task_end", status="finished", at=START + at + 3),
    ]


@pytest.fixture
def graph(store: Store) -> GraphQueries:
    """Two trainings in two environments."""
    store.ingest(1, _train("one", 0, "a", environment=OLD, git_commit="a1b2" * 10))
    store.ingest(1, _train("two", 9, "b", environment=NEW, git_commit="c3d4" * 10))
    return GraphQueries(store)


def _rows(store: Store) -> list[str]:
    with store.db.read() as tx:
        return [row[0] for row in tx.all("SELECT digest FROM environments")]


def test_why_names_the_package_and_the_commit(graph: GraphQueries) -> None:
    """The host differs as well, and is not named where better reasons do."""
    sentence = graph.why(TEAM, a="m.pt").sentence
    assert sentence == (
        "m.pt changed because git commit a1b2a1b → c3d4c3d and numpy 2.1.0 → 2.2.0"
    )


def test_why_names_the_host_where_nothing_else_differs(store: Store) -> None:
    """It may be the reason, and is better than none."""
    store.ingest(1, _train("one", 0, "a", environment=OLD))
    store.ingest(1, _train("two", 9, "b", environment={**OLD, "host": "b"}))
    sentence = GraphQueries(store).why(TEAM, a="m.pt").sentence
    assert sentence == "m.pt changed because host a → b"


def test_diff_lists_what_differs(graph: GraphQueries) -> None:
    """What is recorded of a task itself, such as its host, is named once."""
    found = graph.diff(TEAM, a="task:1", b="task:2")
    assert [(d.field, d.a, d.b) for d in found.environment] == [
        ("package:numpy", "2.1.0", "2.2.0")
    ]
    assert "git_commit" in {d.field for d in found.fields}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_facts_changes_nothing(
    store: Store, order: tuple[int, ...]
) -> None:
    """A digest may arrive before its members, which are kept once."""
    one, two = Facts("one"), Facts("two")
    facts = [
        one.fact("task", name="A", environment=OLD),
        two.fact("task", name="B", environment_digest=environment_digest(OLD)),
        two.fact("task_end", status="finished"),
    ]
    for place in order:
        store.ingest(1, [facts[place]])
    graph = GraphQueries(store)
    for number in (1, 2):
        task = graph.get_task(TEAM, id=number)
        assert task.environment == OLD
        assert task.environment_digest == environment_digest(OLD)
    assert _rows(store) == [environment_digest(OLD)]


def test_tasks_are_found_by_the_digest(graph: GraphQueries) -> None:
    """A few of its digits are enough; artifacts pass by the task that made them."""
    start = environment_digest(NEW)[7:17]
    found = graph.get(TEAM, select=f"environment:{start}", up=0, down=0)
    assert {node.key.split(":")[0] for node in found.nodes} == {"task", "data"}
    assert [node.key for node in found.nodes if node.type == "task"] == ["task:2"]


def test_a_forgotten_run_takes_its_environment_along(
    graph: GraphQueries, store: Store
) -> None:
    """Unless another run ran in the same."""
    forget_task(store.db, 1)
    assert _rows(store) == [environment_digest(NEW)]
    assert graph.get_task(TEAM, id=1).environment_digest is None


def test_a_store_of_before_is_brought_along(store: Store) -> None:
    """What each task kept for itself is one environment of both."""
    store.ingest(1, _train("one", 0, "a"))
    store.ingest(1, _train("two", 9, "b"))
    with store.db.write() as tx:
        for statement in (
            "DROP TABLE environments",
            "ALTER TABLE tasks DROP COLUMN environment_digest",
            "DELETE FROM lineage_migrations WHERE number = 900",
        ):
            tx.run(statement)
        tx.run("UPDATE tasks SET environment = ?", (json.dumps(OLD),))
    assert migrate(store.db) == ["0900_environments"]
    graph = GraphQueries(store)
    found = [graph.get_task(TEAM, id=number) for number in (1, 2)]
    assert [task.environment for task in found] == [OLD, OLD]
    assert _rows(store) == [environment_digest(OLD)]
