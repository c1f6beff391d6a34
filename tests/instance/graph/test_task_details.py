"""Details of many tasks at once are those of each alone."""

from __future__ import annotations

import pytest
from store_engines import START, Facts, digest

from lineage.instance.graph import GraphQueries, details
from lineage.instance.store import Store

TEAM = [1]
RUNS = 12


@pytest.fixture
def graph(store: Store) -> GraphQueries:
    """Runs of which every second has steps, values, a log and an environment."""
    for number in range(RUNS):
        facts = Facts(f"run-{number}")
        at = START + 100 * number
        rows = [facts.fact("task", name="Train", at=at)]
        if number % 2:
            rows[0] |= {"environment": {"python": "3.12", "package:numpy": "2.2"}}
            step = {"key": "1", "name": "fit", "at": at + 1}
            rows += [
                facts.fact("params", params={"lr": number}, at=at + 1),
                facts.fact("metrics", metrics=[["loss", 0.5, None]], at=at + 1),
                facts.fact("links", links=[{"name": "mlflow", "url": "http://m/1"}],
                           at=at + 1),
                facts.fact("step_end", step=step, at=at + 2, outcome="ok"),
            ]  # fmt: skip
        rows.append(facts.uses("file", "/w/a.csv", at=at + 1, stat=digest("a")))
        rows += [
            facts.makes("file", f"/w/{number}-{part}.pt", at=at + 3)
            for part in range(3)
        ]
        rows.append(facts.fact("task_end", status="finished", at=at + 4))
        store.ingest(1, rows)
    return GraphQueries(store)


def keys_of(graph: GraphQueries) -> list[str]:
    """Return the keys of all tasks."""
    tasks = graph.list_tasks(TEAM, limit=RUNS).tasks
    return [task.node.key for task in tasks]


def test_many_at_once_are_as_each_alone(graph: GraphQueries) -> None:
    """In the order in which they were named; unknown ones are left out."""
    keys = keys_of(graph)
    found = graph.get_tasks(TEAM, keys=[*keys, "task:99999", "task:nobody"]).tasks
    assert found == [graph.get_task(TEAM, key=key) for key in keys]
    assert {len(one.edges) for one in found} == {4}
    full = [one for one in found if one.environment_digest]
    assert len(full) == RUNS // 2
    assert {(len(one.steps), *one.metrics.values(), *one.links) for one in full} == {
        (1, 0.5, "mlflow")
    }


def test_a_task_with_many_edges_has_the_first_and_counts_all(
    graph: GraphQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One task above the bound does not take the others' edges."""
    monkeypatch.setattr(details, "MAX_EDGES", 3)
    for one in graph.get_tasks(TEAM, keys=keys_of(graph)).tasks:
        assert (len(one.edges), one.edges_total) == (3, 4)
