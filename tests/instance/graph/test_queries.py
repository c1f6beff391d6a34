"""All questions, on both engines, over one small story."""

from __future__ import annotations

import pytest
from store_engines import START, Facts, digest

from lineage.errors import NotFoundError, SelectorError
from lineage.instance.graph import GraphQueries, neighborhood
from lineage.instance.graph.team_graph import TeamGraph
from lineage.instance.store import Store

TEAM = [1]


@pytest.fixture
def graph(store: Store) -> GraphQueries:
    """A training and a serving: project 42 and a table make a model, which serves."""
    train, serve = Facts("train"), Facts("serve")
    csv = {"local_path": "/w/data/a.csv", "stat": digest("a")}
    store.ingest(
        1,
        [
            train.fact("task", name="Train model", host="h", git_dirty=False),
            train.uses(
                "project", 42, step={"key": "1", "name": "load", "at": START + 1.0}
            ),
            train.uses("file", "data/a.csv", **csv),
            train.makes(
                "file",
                "/w/best.pt",
                is_model=True,
                derived_from=[{"kind": "file", "id": "data/a.csv"}],
                meta={
                    "customRelationSettings": {"title": "<h4>Top net</h4>"},
                    "customNodeSettings": {"title": "<h4>Run</h4>"},
                },
            ),
            train.makes("project", 42, updates=True),
            train.makes("app", 1),
            train.fact("step_end", step="1", outcome="ok"),
            train.fact("log", message="hello"),
            train.fact("task_end", status="finished"),
        ],
    )
    store.ingest(
        1,
        [
            serve.fact("task", name="Serve", at=START + 2000.0, parent="train"),
            serve.uses("file", "/w/best.pt", is_model=True, at=START + 2001.0),
            serve.uses("task", 1, at=START + 2002.0),
            serve.makes("folder", "/w//out/", at=START + 2003.0),
            serve.fact("task_end", status="error", error="E: x", at=START + 2004.0),
        ],
    )
    return GraphQueries(store)


def names(answer: object) -> list[str]:
    """Return the names of an answer's cards, sorted."""
    return sorted(node.name for node in answer.nodes)  # type: ignore[attr-defined]


def test_upstream_follows_what_fed_an_output(graph: GraphQueries) -> None:
    """An output with named sources comes from those alone, not from all inputs."""
    answer = graph.upstream(TEAM, of="model_weight:best.pt")
    assert names(answer) == ["Train model", "a.csv", "best.pt"]
    arrow = next(a for a in answer.arrows if a.role == "output")
    assert arrow.derived_from == [n.key for n in answer.nodes if n.name == "a.csv"]


def test_downstream_goes_through_tasks(graph: GraphQueries) -> None:
    """What a task made is downstream of what it used, by distance."""
    answer = graph.downstream(TEAM, of="file:data/a.csv")
    hops = {node.name: node.hops_down for node in answer.nodes}
    assert hops["best.pt"] == 2
    # The serving used the training itself, which is nearer than by the model.
    assert hops["out"] == 3


def test_depth_and_kinds_limit_an_answer(graph: GraphQueries) -> None:
    """A depth ends the walk; kinds choose among what was reached."""
    assert names(graph.downstream(TEAM, of="file:a.csv", depth=1)) == [
        "Train model", "a.csv",
    ]  # fmt: skip
    answer = graph.downstream(TEAM, of="file:a.csv", kinds=["folder"])
    assert names(answer) == ["a.csv", "out"]


def test_get_counts_what_it_leaves_out(graph: GraphQueries) -> None:
    """A card on the border shows how many neighbours are hidden."""
    answer = graph.get(TEAM, select="file:best.pt", up=1, down=0)
    hidden = {node.name: (node.hidden_up, node.hidden_down) for node in answer.nodes}
    assert hidden["best.pt"] == (0, 1)
    # Project 42 and the table upstream; project state 2 and the serving downstream.
    assert hidden["Train model"] == (2, 2)


def test_pages_add_up_to_the_whole(graph: GraphQueries) -> None:
    """Pages hold every card and every arrow once."""
    whole = graph.get(TEAM, select="+file:best.pt+")
    nodes, arrows, after = [], [], None
    for _ in range(20):
        page = graph.get(TEAM, select="+file:best.pt+", limit=2, after=after)
        nodes += [node.key for node in page.nodes]
        arrows += [(arrow.source, arrow.target) for arrow in page.arrows]
        assert page.truncated == (page.next is not None)
        after = page.next
        if after is None:
            break
    assert nodes == [node.key for node in whole.nodes]
    assert sorted(arrows) == sorted((a.source, a.target) for a in whole.arrows)


def test_work_in_place_makes_no_cycle(graph: GraphQueries) -> None:
    """An updated project is a newer state that grew out of the one that was used."""
    answer = graph.get(TEAM, select="project:42@latest", up=None, down=None)
    versions = {n.key: n.version for n in answer.nodes if n.kind == "project"}
    revision = next(arrow for arrow in answer.arrows if arrow.role == "revision")
    assert (versions[revision.source], versions[revision.target]) == (
        "state 1",
        "state 2",
    )


def test_a_task_named_as_an_artifact_is_that_task(graph: GraphQueries) -> None:
    """`uses_task` leads to the task's own card; its own app is no loop."""
    answer = graph.get(TEAM, select="task:2", up=1, down=0)
    assert names(answer) == ["Serve", "Train model", "best.pt"]
    assert all(arrow.source != arrow.target for arrow in answer.arrows)


def test_tasks_are_listed_newest_first(graph: GraphQueries) -> None:
    """The list can be filtered, and counts artifacts of each direction."""
    lines = graph.list_tasks(TEAM).tasks
    assert [line.node.name for line in lines] == ["Serve", "Train model"]
    assert (lines[0].input_count, lines[0].output_count) == (2, 1)
    assert lines[0].node.status == "error"
    for options in (
        {"text": "train"}, {"status": "finished"}, {"kind": "project"},
        {"until": START + 1500.0}, {"text": "1"},
    ):  # fmt: skip
        found = graph.list_tasks(TEAM, **options).tasks  # type: ignore[arg-type]
        assert [line.node.name for line in found] == ["Train model"], options


def test_the_list_of_tasks_has_pages(graph: GraphQueries) -> None:
    """`next` goes on where a page ended."""
    first = graph.list_tasks(TEAM, limit=1)
    second = graph.list_tasks(TEAM, limit=1, after=first.next)
    assert (first.total, second.next) == (2, None)
    assert second.tasks[0].node.name == "Train model"
    with pytest.raises(ValueError, match="next"):
        graph.list_tasks(TEAM, after="nonsense")


def test_a_task_shows_everything(graph: GraphQueries) -> None:
    """Steps, edges, log, card and machine of a task are in the answer."""
    task = graph.get_task(TEAM, id=1)
    assert (task.run, task.host, task.git_dirty) == ("train", "h", False)
    assert [(s.name, s.outcome) for s in task.steps] == [("load", "ok")]
    assert [e.uid for e in task.edges] == [f"train-{n}" for n in range(2, 7)]
    assert task.edges[0].step == task.steps[0].key
    assert (task.log[0].message, task.node.title) == ("hello", "<h4>Run</h4>")
    assert [child.name for child in task.children] == ["Serve"]
    child = graph.get_task(TEAM, run="serve")
    assert (child.parent, child.parent_run) == ("task:1", "train")
    assert child.started_by == task.node
    assert graph.get_task(TEAM, key="task:2").error == "E: x"


def test_a_version_shows_everything(graph: GraphQueries) -> None:
    """Makers, users, path and card of one version are in the answer."""
    key = graph.get(TEAM, select="file:best.pt").focus[0]
    data = graph.get_data(TEAM, key=key)
    assert [e.task for e in data.produced_by] == ["task:1"]
    assert [e.task for e in data.used_by] == ["task:2"]
    assert (data.path, data.node.title) == ("/w/best.pt", "<h4>Top net</h4>")
    assert len(data.produced_by[0].derived_from or ()) == 1


@pytest.mark.parametrize(
    ("text", "name", "matched"),
    [
        ("best", "best.pt", "name"),
        ("w/best", "best.pt", "path"),
        ("pt", "best.pt", "name"),
        ("top n", "best.pt", "title"),
        ("42", "project 42", "id"),
        ("aaaaaa", "a.csv", "digest"),
        ("erve", "Serve", None),
        ("train mo", "Train model", "name"),
        ("model train", "Train model", "name"),
        ("est.p", "best.pt", "name"),
    ],
)
def test_search(graph: GraphQueries, text: str, name: str, matched: str | None) -> None:
    """Artifacts are found by starts of words, ids, digests, titles, or inside words."""
    hits = graph.search(TEAM, text=text).hits
    if matched is None:
        assert hits == []
    else:
        assert (hits[0].node.name, hits[0].matched) == (name, matched)


def test_search_has_kinds_and_pages(graph: GraphQueries) -> None:
    """Kinds narrow a search, and `next` goes on."""
    assert graph.search(TEAM, text="  ").hits == []
    assert graph.search(TEAM, text="best", kinds=["folder"]).hits == []
    answer = graph.search(TEAM, text="t", limit=1)
    assert answer.next == "1"
    more = graph.search(TEAM, text="t", limit=1, after=answer.next)
    assert more.hits[0].node.key != answer.hits[0].node.key


def test_impact_splits_by_what_is_left(store: Store, graph: GraphQueries) -> None:
    """What another task also made only loses a source, the rest is to be remade."""
    before = graph.impact(TEAM, of="file:a.csv")
    assert sorted(item.node.name for item in before.remake) == [
        "best.pt", "out", "project 42",
    ]  # fmt: skip
    other = Facts("other")
    store.ingest(1, [other.makes("folder", "/w/out", at=START + 5000.0)])
    after = graph.impact(TEAM, of="file:a.csv")
    # The folder's new state comes from nothing: only its old one is affected.
    assert sorted(item.node.name for item in after.remake) == ["best.pt", "project 42"]
    assert after.superseded == 1
    assert after.fingerprint != before.fingerprint
    assert graph.impact(TEAM, of="file:a.csv").fingerprint == after.fingerprint


def test_provenance_shows_tasks_and_sources(graph: GraphQueries) -> None:
    """The tasks on the way, nearest first, and what no task produced."""
    answer = graph.provenance(TEAM, of="folder:/w/out")
    assert [task.node.name for task in answer.tasks] == ["Serve", "Train model"]
    assert {node.name for node in answer.inputs} >= {"a.csv"}
    assert answer.node.name == "out"


def test_diff_pairs_artifacts_and_fields(store: Store, graph: GraphQueries) -> None:
    """An artifact in another version is one change; equal tasks are the same."""
    again = Facts("again")
    csv = {"local_path": "/w/data/a.csv", "stat": digest("b")}
    store.ingest(1, [again.fact("task", name="x"), again.uses("file", "a", **csv)])
    answer = graph.diff(TEAM, a="task:1", b="3")
    changes = {
        (item.direction, item.change, (item.a or item.b).name)  # type: ignore[union-attr]
        for item in answer.items
    }
    assert ("input", "version", "a.csv") in changes
    assert ("input", "removed", "project 42") in changes
    assert not answer.is_same
    assert graph.diff(TEAM, a="task:1", b="1").is_same
    with pytest.raises(NotFoundError, match="no task"):
        graph.diff(TEAM, a="task:1", b="file:a.csv")


def test_stale_names_what_is_newer(store: Store, graph: GraphQueries) -> None:
    """An output is stale once an input has a newer version, made by another task."""
    assert graph.stale(TEAM).items == []
    csv = {"local_path": "/w/data/a.csv", "stat": digest("b"), "at": START + 3000.0}
    store.ingest(1, [Facts("new").makes("file", "a", **csv)])
    items = graph.stale(TEAM).items
    assert {item.node.name for item in items} >= {"best.pt"}
    assert {(item.used.version, item.newest.version) for item in items} == {
        ("aaaaaaaa", "bbbbbbbb")
    }
    assert graph.stale(TEAM, of="folder:out").items == []
    assert graph.stale(TEAM, of="task:1").items
    assert graph.stale(TEAM, limit=1).next == "1"
    card = graph.get(TEAM, select="file:best.pt", up=0, down=0).nodes[0]
    assert card.is_stale


def test_path_finds_the_way_both_ways(graph: GraphQueries) -> None:
    """A way along the flow is found from either end."""
    for source, target in (("file:a.csv", "folder:out"), ("folder:out", "file:a.csv")):
        answer = graph.path(TEAM, source=source, target=target)
        assert answer.nodes[0].name == "a.csv"
        assert len(answer.nodes) in (4, 5)
    with pytest.raises(NotFoundError, match="connects"):
        graph.path(TEAM, source="file:best.pt", target="project:42@state2")


def test_a_way_that_the_links_do_not_lead_back_along_is_none(
    graph: GraphQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a walk met what no link leads to, no path is invented."""

    def meets_all(
        view: TeamGraph, refs: set[int], *, up: bool, depth: int | None
    ) -> dict[int, int]:
        rows = view.rows("SELECT id FROM nodes WHERE team_id = :team")
        far = {} if up else {row[0]: 50 for row in rows}
        return {**far, **dict.fromkeys(refs, 0)}

    monkeypatch.setattr(neighborhood, "walk", meets_all)
    with pytest.raises(NotFoundError, match="no path connects"):
        graph.path(TEAM, source="file:best.pt", target="project:42@state2")


def test_as_of_leaves_out_what_came_later(graph: GraphQueries) -> None:
    """The graph of an earlier moment has no later edges."""
    answer = graph.downstream(TEAM, of="file:a.csv", as_of=START + 1999.0)
    assert "out" not in names(answer)
    assert "best.pt" in names(answer)


def test_selectors_combine(graph: GraphQueries) -> None:
    """Sets meet and join, filters narrow, hops surround."""

    def keys(select: str) -> list[str]:
        return names(graph.get(TEAM, select=select, up=0, down=0))

    assert keys("kind:folder | task:1") == ["Train model", "out"]
    assert keys("+folder:out & kind:file") == ["a.csv", "best.pt"]
    assert keys("name:BEST*") == ["best.pt"]
    assert keys("status:failed & kind:folder") == ["out"]
    assert keys("status:finished & kind:task") == ["Train model"]
    assert keys("Train model") == ["Train model"]
    assert keys("team:1 & kind:model_weight") == ["best.pt"]
    assert keys("(1+folder:out) & kind:task") == ["Serve"]
    assert keys("file:a.csv@aaaaaa") == ["a.csv"]


@pytest.mark.parametrize(
    "select", ["file:nope", "task:99", "data:999", "team:2", "x y"]
)
def test_what_is_not_there_is_not_found(graph: GraphQueries, select: str) -> None:
    """A selector that means nothing is an error that names it."""
    with pytest.raises(NotFoundError, match="nothing is called"):
        graph.get(TEAM, select=select)


def test_bad_values_are_refused(graph: GraphQueries) -> None:
    """Selectors, pages and depths that make no sense are distinguished."""
    with pytest.raises(SelectorError):
        graph.get(TEAM, select="foo:1")
    for options in ({"limit": 0}, {"after": "x"}, {"up": -1}):
        with pytest.raises(ValueError, match=r"limit|after|up"):
            graph.get(TEAM, select="task:1", **options)  # type: ignore[arg-type]
    with pytest.raises(SelectorError, match="data: takes a whole number"):
        graph.get_data(TEAM, key="data:x")
    with pytest.raises(NotFoundError):
        graph.get_data(TEAM, key="data:12345")
    with pytest.raises(NotFoundError):
        graph.get_task(TEAM, run="none")
    with pytest.raises(NotFoundError):
        graph.delete_data(TEAM, key="data:12345")


def test_health_counts(graph: GraphQueries) -> None:
    """Health counts tasks, edges, and what is unpinned or deleted."""
    key = graph.get(TEAM, select="folder:out").focus[0]
    assert graph.delete_data(TEAM, key=key).is_deleted
    health = graph.health(TEAM)
    assert (health.tasks, health.tasks_failed, health.edges) == (2, 1, 8)
    assert (health.tasks_with_inputs, health.tasks_with_outputs) == (2, 2)
    assert (health.unpinned_inputs, health.edges_to_deleted) == (2, 1)


def test_changes_follow_a_cursor(store: Store, graph: GraphQueries) -> None:
    """A cursor shows which tasks got facts since."""
    first = graph.changes(TEAM)
    assert first.changed
    assert not graph.changes(TEAM, cursor=first.cursor).changed
    store.ingest(1, [Facts("later").uses("job", 3)])
    later = graph.changes(TEAM, cursor=first.cursor)
    assert (later.changed, later.tasks) == (True, ["task:3"])
    assert graph.changes(TEAM, cursor="nonsense").tasks == []


def test_no_team_sees_another(store: Store, graph: GraphQueries) -> None:
    """Every question to another team finds nothing of this one."""
    store.ingest(2, [Facts("theirs").uses("job", 3)])
    other = [2]
    for select in ("task:2", "file:best.pt", "data:1", "kind:project"):
        with pytest.raises(NotFoundError):
            graph.get(other, select=select)
    assert graph.search(other, text="best").hits == []
    assert [t.node.team_id for t in graph.list_tasks(other).tasks] == [2]
    with pytest.raises(NotFoundError):
        graph.get_data(other, key="data:1")
    assert graph.health(other).edges == 1
    assert len(graph.list_tasks([1, 2]).tasks) == 3


def test_the_warm_graph_follows_new_facts(store: Store, graph: GraphQueries) -> None:
    """What a question kept in memory is renewed by what this process stores."""
    assert "more" not in names(graph.downstream(TEAM, of="file:a.csv"))
    more = Facts("third")
    store.ingest(
        1,
        [
            more.uses("file", "/w/best.pt", at=START + 4000.0),
            more.makes("file", "/x/more", at=START + 4001.0),
        ],
    )
    assert "more" in names(graph.downstream(TEAM, of="file:a.csv"))
