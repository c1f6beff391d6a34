"""Keys and links of cards, deletion by them, and answers that say they are cut."""

from __future__ import annotations

import pytest
from store_engines import Facts, digest

from lineage.errors import NotFoundError
from lineage.instance.graph import GraphQueries, details
from lineage.instance.store import Store


@pytest.fixture
def teams(store: Store) -> GraphQueries:
    """Teams 1 and 5 both have a task 12; only team 5 has a task 13."""
    for team in (1, 5):
        run = Facts(f"run{team}")
        facts = [run.fact("task", name=f"of {team}", task_id=12)]
        facts += [
            run.uses("job", team, task_id=12),
            run.makes("file", "/w/x", task_id=12),
        ]
        store.ingest(team, facts)
    store.ingest(5, [Facts("more").fact("task", name="more", task_id=13)])
    return GraphQueries(store)


def test_tasks_with_one_number_have_two_keys(teams: GraphQueries) -> None:
    """In a view over both teams the second one's key names its team."""
    lines = teams.list_tasks([1, 5]).tasks
    assert {line.node.name: line.node.key for line in lines} == {
        "of 1": "task:12", "of 5": "task:12@5", "more": "task:13",
    }  # fmt: skip
    assert [line.node.key for line in teams.list_tasks([5]).tasks][-1] == "task:12"
    arrows = teams.get([1, 5], select="kind:task").arrows
    assert {arrow.source for arrow in arrows} >= {"task:12", "task:12@5"}


@pytest.mark.parametrize(
    ("key", "name"),
    [("task:12", "of 1"), ("task:12@5", "of 5"), ("task:12@1", "of 1"),
     ("task:13", "more"), ("task:13@5", "more")],
)  # fmt: skip
def test_a_key_is_read_back(teams: GraphQueries, key: str, name: str) -> None:
    """Selectors and details find exactly the task that a key is of."""
    answer = teams.get([1, 5], select=key, up=0, down=0)
    assert [node.name for node in answer.nodes] == [name]
    assert teams.get_task([1, 5], key=key).node.name == name
    assert teams.get_task([1, 5], key=answer.focus[0]).node.name == name


def test_a_key_of_another_team_is_not_found(teams: GraphQueries) -> None:
    """A team's task is not found by another team's number, nor where it is hidden."""
    for key in ("task:13@1", "task:12@7"):
        with pytest.raises(NotFoundError):
            teams.get_task([1, 5], key=key)
    with pytest.raises(NotFoundError):
        teams.get([1], select="task:12@5")


def test_changes_name_tasks_by_their_keys(store: Store, teams: GraphQueries) -> None:
    """What is reported as changed can be queried."""
    cursor = teams.changes([1, 5]).cursor
    store.ingest(5, [Facts("again").uses("job", 9, task_id=12)])
    assert teams.changes([1, 5], cursor=cursor).tasks == ["task:12@5"]
    assert teams.changes([5], cursor="5:1").tasks == ["task:12", "task:13"]


def versions(graph: GraphQueries) -> dict[str | None, bool]:
    """Return which versions of the table are deleted."""
    answer = graph.get([1], select="file:a.csv", up=0, down=0)
    return {node.version: node.is_deleted for node in answer.nodes}


@pytest.mark.parametrize(
    ("select", "deleted"),
    [("file:a.csv@latest", [False, True]), ("file:a.csv", [True, True])],
)
def test_deleting_marks_a_version_or_all(
    store: Store, select: str, deleted: list[bool]
) -> None:
    """A version is marked alone, an artifact without a version with all of them."""
    run = Facts("run")
    for sign in "ab":
        fact = run.uses("file", "a.csv", stat=digest(sign), local_path="/w/a.csv")
        store.ingest(1, [fact])
    graph = GraphQueries(store)
    cursor = graph.changes([1]).cursor
    assert graph.delete_data([1], key=select).version == "b" * 8
    assert [versions(graph)[sign * 8] for sign in "ab"] == deleted
    assert graph.changes([1], cursor=cursor).changed
    for key in ("task:1", "file:none"):
        with pytest.raises(NotFoundError):
            graph.delete_data([1], key=key)


def test_deleting_a_node_marks_that_version(store: Store) -> None:
    """`data:12` is one version, whatever others there are."""
    run = Facts("run")
    for sign in "ab":
        fact = run.uses("file", "a.csv", stat=digest(sign), local_path="/w/a.csv")
        store.ingest(1, [fact])
    graph = GraphQueries(store)
    old = graph.get([1], select="file:a.csv@aaaaaa", up=0, down=0).focus[0]
    assert graph.delete_data([1], key=old).key == old
    assert versions(graph) == {"a" * 8: True, "b" * 8: False}


def link(url: str) -> dict[str, object]:
    """Make a card with a link."""
    return {"title": "t", "mainLink": {"url": url, "title": "Open"}}


def test_open_places_of_links_are_filled_or_the_link_dropped(store: Store) -> None:
    """Cards lead somewhere: the task's number or the artifact's id, else nowhere."""
    run = Facts("run")
    own = {"customNodeSettings": link("/apps/sessions/{task_id}")}
    expected = [("job", 3, "/jobs/{id}"), ("file", "/w/x", "/files/{id}"),
            ("job", 4, "/m/{module_id}"), ("job", 5, "https://h/x")]  # fmt: skip
    facts = [run.fact("task", task_id=12, node_meta=own)]
    facts += [
        run.uses(kind, id, meta={"customRelationSettings": link(url)})
        for kind, id, url in expected
    ]
    store.ingest(1, facts)
    nodes = GraphQueries(store).get([1], select="task:12").nodes
    links = {node.id: node.link.url if node.link else None for node in nodes}
    assert links == {
        12: "/apps/sessions/12", 3: "/jobs/3", "/w/x": None, 4: None, 5: "https://h/x",
    }  # fmt: skip


def test_provenance_misses_no_edge_on_the_way(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Edges off the way take no room; what is cut says so."""
    monkeypatch.setattr(details, "MAX_EDGES", 4)
    run = Facts("run")
    facts = [run.uses("job", n) for n in range(9)]
    derived = [{"kind": "job", "id": n} for n in (7, 8)]
    store.ingest(1, [*facts, run.makes("file", "/w/x", derived_from=derived)])
    graph = GraphQueries(store)
    answer = graph.provenance([1], of="file:x")
    assert sorted(edge.data.name for edge in answer.tasks[0].edges) == [
        "job 7", "job 8", "x",
    ]  # fmt: skip
    assert (answer.tasks[0].edges_total, answer.truncated) == (3, False)
    store.ingest(1, [run.makes("file", "/w/all")])
    cut = graph.provenance([1], of="file:all")
    assert (len(cut.tasks[0].edges), cut.tasks[0].edges_total) == (4, 10)
    assert cut.truncated
