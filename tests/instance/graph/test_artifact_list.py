"""The list of artifacts, every version as a start, and the parameters of tasks."""

from __future__ import annotations

import pytest
from store_engines import Facts

from lineage.instance.graph import GraphQueries
from lineage.instance.store import Store

TEAM = [1]


@pytest.fixture
def graph(store: Store) -> GraphQueries:
    """Two runs that each make a new version of a model from one project."""
    first, second = Facts("first"), Facts("second")
    facts = []
    for at, run in enumerate((first, second)):
        facts += [
            run.fact("task", name="Train"),
            run.uses("project", 12),
            run.makes(
                "file",
                "/models/best.pt",
                is_model=True,
                stat={"size": 1, "mtime_ns": 1, "digest": f"sha256:{at}{'a' * 63}"},
                step={"key": "s", "name": "fit", "at": 1.0, "params": {"lr": at}},
            ),
            run.makes("file", f"/runs/{at}.csv"),
        ]
    store.ingest(1, facts)
    return GraphQueries(store)


def names(graph: GraphQueries, **fields: object) -> list[str]:
    """Return the names of the artifacts that are listed."""
    page = graph.list_artifacts(TEAM, **fields)
    return [row.node.name for row in page.artifacts]


def test_an_artifact_is_one_row_with_its_runs(graph: GraphQueries) -> None:
    """Versions, producers and users are counted over all versions."""
    row = graph.list_artifacts(TEAM, sort="-versions").artifacts[0]
    assert row.node.name == "best.pt"
    assert (row.versions, row.produced_by, row.used_by) == (2, 2, 0)


def test_artifacts_are_sorted_both_ways(graph: GraphQueries) -> None:
    """A sort and its reverse list the same rows in opposite order."""
    upwards = names(graph, sort="name")
    assert upwards == sorted(upwards)
    assert names(graph, sort="-name") == upwards[::-1]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"kinds": ["model_weight"]}, ["best.pt"]),
        ({"kinds": ["file"]}, ["0.csv", "1.csv"]),
        ({"text": "RUNS/"}, ["0.csv", "1.csv"]),
        ({"text": "100%_"}, []),
    ],
)
def test_artifacts_are_narrowed(
    graph: GraphQueries, fields: dict[str, object], expected: list[str]
) -> None:
    """Kinds keep models apart from other files; a text is a part of name or path."""
    assert names(graph, sort="name", **fields) == expected


def test_pages_of_artifacts_add_up(graph: GraphQueries) -> None:
    """Pages repeat and lose nothing, and count the whole."""
    first = graph.list_artifacts(TEAM, limit=3)
    rest = graph.list_artifacts(TEAM, limit=3, after=first.next)
    listed = [row.node.key for page in (first, rest) for row in page.artifacts]
    assert len(listed) == len(set(listed)) == first.total == 4
    assert rest.next is None


def test_a_graph_may_start_from_every_version(graph: GraphQueries) -> None:
    """With all versions, the runs that made the older ones are neighbours too."""
    key = graph.list_artifacts(TEAM, kinds=["model_weight"]).artifacts[0].node.key
    one = graph.get(TEAM, select=key, down=0)
    every = graph.get(TEAM, select=key, down=0, all_versions=True)
    assert len([node for node in one.nodes if node.type == "task"]) == 1
    assert len([node for node in every.nodes if node.type == "task"]) == 2
    assert len(every.focus) == 2


def test_tasks_carry_the_parameters_of_their_steps(graph: GraphQueries) -> None:
    """What distinguishes two runs of an app stands on their nodes."""
    tasks = graph.list_tasks(TEAM).tasks
    assert sorted(task.node.params["lr"] for task in tasks) == [0, 1]


@pytest.mark.parametrize("sort", ["created", "name", "status", "duration"])
def test_tasks_are_sorted_both_ways_in_pages(store: Store, sort: str) -> None:
    """Pages of a sort add up to the whole list, and its reverse is the opposite."""
    facts = []
    for at in range(7):
        run = Facts(f"run-{at}")
        end = run.fact("task_end", status=("finished", "error")[at % 2])
        # Of the last one only the end arrived: it has no name.
        begun = [run.fact("task", name=f"App {at * 5 % 7}")] if at < 6 else []
        facts += [*begun, end]
    store.ingest(1, facts)
    graph = GraphQueries(store)

    def listed(order: str, limit: int) -> list[str]:
        keys: list[str] = []
        page = graph.list_tasks(TEAM, sort=order, limit=limit)
        while True:
            keys += [task.node.key for task in page.tasks]
            if page.next is None:
                return keys
            page = graph.list_tasks(TEAM, sort=order, limit=limit, after=page.next)

    whole = listed(sort, 50)
    assert len(set(whole)) == 7
    assert listed(sort, 3) == whole
    assert listed(f"-{sort}", 2) == whole[::-1]
