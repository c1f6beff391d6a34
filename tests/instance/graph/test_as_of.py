"""The graph of an earlier moment: only what had been recorded by then."""

from __future__ import annotations

import pytest
from store_engines import START, Facts, digest

from lineage.errors import NotFoundError
from lineage.instance.graph import GraphQueries
from lineage.instance.store import Store

TEAM = [1]
CSV = {"local_path": "/w/a.csv"}


@pytest.fixture
def graph(store: Store) -> GraphQueries:
    """A model of table `a`; at 200 comes table `b`, at 300 `a` again, at 400 a user."""
    train, later, back, last = (
        Facts(run) for run in ("train", "later", "back", "last")
    )
    store.ingest(
        1,
        [
            train.fact("task", name="Train", at=START + 90.0),
            train.uses("file", "a.csv", stat=digest("a"), at=START + 100.0, **CSV),
            train.makes("file", "/w/m.pt", at=START + 110.0),
            train.makes("folder", "/w/out", at=START + 115.0),
            train.fact("log", message="early", at=START + 116.0),
            later.makes("file", "a.csv", stat=digest("b"), at=START + 200.0, **CSV),
            later.makes("folder", "/w/out", at=START + 210.0),
            back.uses("file", "a.csv", stat=digest("a"), at=START + 300.0, **CSV),
            last.uses("file", "/w/m.pt", at=START + 400.0),
            last.makes("file", "/w/m.pt", at=START + 410.0),
            train.uses("job", 7, at=START + 450.0),
            train.fact("log", message="late", at=START + 460.0),
            train.fact("task_end", status="error", error="E: x", at=START + 500.0),
        ],
    )
    return GraphQueries(store)


@pytest.mark.parametrize(
    ("as_of", "is_stale"),
    [
        (START + 150.0, False),
        (START + 250.0, True),
        (START + 350.0, False),
        (None, False),
    ],
)
def test_staleness_is_that_of_the_moment(
    graph: GraphQueries, as_of: float | None, is_stale: bool
) -> None:
    """A model is stale while the newest known table is another one than it took."""
    answer = graph.get(TEAM, select="file:m.pt", up=0, down=0, as_of=as_of)
    stale = [node.is_stale for node in answer.nodes if node.is_current]
    assert stale == [is_stale]


def test_the_maker_of_the_newer_version_is_not_stale(store: Store) -> None:
    """A task that took the old state and made the new one left nothing out of date."""
    run = Facts("run")
    store.ingest(
        1,
        [
            run.uses("project", 1, at=START + 10.0),
            run.makes("project", 1, at=START + 20.0),
            run.makes("file", "/w/x", at=START + 30.0),
        ],
    )
    answer = GraphQueries(store).get(
        TEAM, select="file:x", up=0, down=0, as_of=START + 99.0
    )
    assert not answer.nodes[0].is_stale


@pytest.mark.parametrize("is_read_again", [False, True])
def test_what_was_made_again_from_what_is_current_is_not_stale(
    store: Store, is_read_again: bool
) -> None:
    """One task looked at two states of a table, as a cell of a notebook does again."""
    run = Facts("run")
    step = {"key": "1", "name": "clean"}
    made = {"local_path": "/w/m.pt", "scope": "1", "step": step}
    facts = [run.uses("file", "t", stat=digest("a"))]
    facts.append(Facts("other").makes("file", "t", stat=digest("b"), at=START + 1500.0))
    if is_read_again:
        facts.append(
            run.uses("file", "t", stat=digest("b"), step=step, at=START + 1600.0)
        )
    facts.append(run.makes("file", "m", **made, at=START + 1700.0))
    store.ingest(1, facts)
    items = GraphQueries(store).stale(TEAM).items
    assert bool(items) is not is_read_again


@pytest.mark.parametrize("is_changed_since", [False, True])
@pytest.mark.parametrize("as_of", [None, START + 900.0])
def test_what_a_kept_version_of_a_project_made_is_stale_once_the_project_changed(
    store: Store, is_changed_since: bool, as_of: float | None
) -> None:
    """A kept version has what was produced last before it was created."""
    label, train = Facts("label"), Facts("train")
    facts = [
        label.makes("project", 7, at=START + 10.0),
        train.uses("project", 7, version_num=4, at=START + 20.0),
        train.makes("file", "/w/m.pt", at=START + 30.0),
    ]
    if is_changed_since:
        facts.append(Facts("more").makes("project", 7, at=START + 40.0))
    store.ingest(1, facts)
    graph = GraphQueries(store)
    assert bool(graph.stale(TEAM).items) is is_changed_since
    (node,) = graph.get(TEAM, select="file:m.pt", up=0, down=0, as_of=as_of).nodes
    assert node.is_stale is is_changed_since


def test_hidden_neighbours_are_those_of_the_moment(graph: GraphQueries) -> None:
    """Who used or made an artifact later is not counted as hidden."""

    def hidden(select: str, as_of: float | None) -> tuple[int, int]:
        answer = graph.get(TEAM, select=select, up=0, down=0, as_of=as_of)
        node = answer.nodes[0]
        return node.hidden_up, node.hidden_down

    assert hidden("file:m.pt", START + 150.0) == (1, 0)
    assert hidden("file:m.pt", None) == (1, 1)
    assert hidden("task:1", START + 150.0) == (1, 2)
    assert hidden("task:1", None) == (2, 2)


def test_makers_to_come_save_nothing(graph: GraphQueries) -> None:
    """What another task made later had to be made again at the moment."""
    then = graph.impact(TEAM, of="file:a.csv@aaaaaa", as_of=START + 150.0)
    assert {item.node.name for item in then.remake} == {"m.pt", "out"}
    # The second maker of the model took the model itself: that saves nothing. The
    # folder has been made again without the table.
    now = graph.impact(TEAM, of="file:a.csv@aaaaaa")
    assert {item.node.name for item in now.remake} == {"m.pt"}
    assert now.superseded == 2
    assert now.loses_source == []


def test_another_maker_counts_from_its_time_on(store: Store) -> None:
    """A second maker remains only where it had made the artifact by the moment."""
    one, two = Facts("one"), Facts("two")
    store.ingest(
        1,
        [
            one.uses("job", 1, at=START + 10.0),
            one.makes("file", "/w/x", at=START + 20.0, stat=digest("a")),
            two.makes("file", "/w/x", at=START + 30.0, stat=digest("a")),
        ],
    )
    graph = GraphQueries(store)
    then, now = (
        graph.impact(TEAM, of="job:1", as_of=at) for at in (START + 25.0, START + 35.0)
    )
    assert ([i.left for i in then.remake], then.loses_source) == ([0], [])
    assert ([i.left for i in now.loses_source], now.remake) == ([1], [])


def test_runs_are_ordered_by_what_they_had_used_by_then(store: Store) -> None:
    """A use that came after the moment does not put its task behind another one."""
    one, two = Facts("one"), Facts("two")
    store.ingest(
        1,
        [
            one.uses("job", 1, at=START + 10.0),
            one.makes("file", "/w/a", at=START + 11.0, stat=digest("a")),
            two.uses("job", 1, at=START + 20.0),
            two.makes("file", "/w/b", at=START + 21.0, stat=digest("b")),
            one.uses("file", "/w/b", at=START + 30.0, stat=digest("b")),
        ],
    )

    def order(as_of: float | None) -> list[int | str | None]:
        answer = GraphQueries(store).impact(TEAM, of="job:1", as_of=as_of)
        return [rerun.task.id for rerun in answer.reruns]

    assert order(START + 25.0) == [1, 2]
    assert order(None) == [2, 1]


@pytest.mark.parametrize("select", ["task:3", "file:a.csv@bbbbbb", "job:7"])
def test_what_came_later_is_not_there(graph: GraphQueries, select: str) -> None:
    """A task or artifact first recorded after the moment means nothing then."""
    with pytest.raises(NotFoundError):
        graph.get(TEAM, select=select, as_of=START + 150.0)
    assert graph.get(TEAM, select=select).focus


def test_the_newest_version_is_that_of_the_moment(graph: GraphQueries) -> None:
    """`@latest` goes back and forth with what was seen, and counts what there was."""

    def latest(select: str, as_of: float | None) -> tuple[str | None, int]:
        answer = graph.get(TEAM, select=select, up=0, down=0, as_of=as_of)
        return answer.nodes[0].version, answer.nodes[0].version_count

    table = "file:a.csv@latest"
    assert latest(table, START + 150.0) == ("aaaaaaaa", 1)
    assert latest(table, START + 250.0) == ("bbbbbbbb", 2)
    assert latest(table, START + 350.0) == latest(table, None) == ("aaaaaaaa", 2)
    assert latest("folder:out@latest", START + 150.0) == ("v1", 1)
    assert latest("folder:out@latest", START + 250.0) == ("v2", 2)


def test_a_task_that_ended_later_was_running(graph: GraphQueries) -> None:
    """Its card, its story and `status:` show it as started, without its end."""
    answer = graph.get(TEAM, select="task:1", as_of=START + 150.0)
    card = next(node for node in answer.nodes if node.kind == "task")
    assert (card.status, card.ended_at) == ("started", None)
    running = "status:started & name:Train"
    assert graph.get(TEAM, select=running, as_of=START + 150.0).focus == ["task:1"]
    with pytest.raises(NotFoundError):
        graph.get(TEAM, select="status:error & kind:task", as_of=START + 150.0)
    assert graph.get(TEAM, select="status:error & kind:task").focus == ["task:1"]
    story = graph.provenance(TEAM, of="file:m.pt", as_of=START + 150.0).tasks[0]
    assert (story.error, [line.message for line in story.log]) == (None, ["early"])
    whole = graph.get_task(TEAM, id=1)
    assert (whole.error, len(whole.log)) == ("E: x", 2)


def test_a_deletion_is_of_its_moment(graph: GraphQueries) -> None:
    """What was deleted later was not deleted yet."""
    graph.delete_data(TEAM, key="file:m.pt")
    assert graph.get(TEAM, select="file:m.pt").nodes
    then = graph.get(TEAM, select="file:m.pt", up=0, down=0, as_of=START + 150.0)
    now = graph.get(TEAM, select="file:m.pt", up=0, down=0)
    assert (then.nodes[0].is_deleted, now.nodes[0].is_deleted) == (False, True)


def test_steps_end_when_they_ended(store: Store) -> None:
    """A step that began later is not there, one that ended later goes on."""
    run = Facts("run")
    steps = [{"key": str(n), "name": f"s{n}", "at": START + 10.0 * n} for n in (1, 2)]
    store.ingest(
        1,
        [
            run.uses("job", 1, step=steps[0], at=START + 11.0),
            run.makes("file", "/w/x", scope="1", at=START + 12.0),
            run.uses("job", 2, step=steps[1], at=START + 21.0),
            run.fact("step_end", step="1", outcome="ok", at=START + 30.0),
        ],
    )
    graph = GraphQueries(store)
    then = graph.provenance(TEAM, of="file:x", as_of=START + 15.0).tasks[0]
    assert [(s.name, s.ended_at) for s in then.steps] == [("s1", None)]
    assert [s.outcome for s in graph.get_task(TEAM, id=1).steps] == ["ok", None]


def test_a_state_of_a_project_is_no_version_of_the_platform(store: Store) -> None:
    """What the platform calls version 2 is another state than the second one seen."""
    run = Facts("numbered")
    store.ingest(1, [
        run.uses("project", 7, at=START + 1.0),
        Facts("edits").makes("project", 7, at=START + 2.0),
        run.uses("project", 7, at=START + 3.0, version_num=2),
        run.makes("file", "/of2", at=START + 4.0),
    ])  # fmt: skip
    queries = GraphQueries(store)

    def states(select: str) -> list[str | None]:
        answer = queries.get(TEAM, select=select, up=0, down=0)
        return [node.version for node in answer.nodes]

    assert states("project:7@v2") == states("project:7@2") == ["v2"]
    assert states("project:7@state2") == ["state 2"]
