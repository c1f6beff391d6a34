"""The picture of a large part of the graph, over real stores."""

from __future__ import annotations

import pytest
from store_engines import START, Facts, digest

from lineage.errors import NotFoundError
from lineage.instance.graph import GraphQueries
from lineage.instance.store import Store
from lineage.model.overview import DEFAULT_ITEMS, OverviewAnswer, OverviewItem

TEAM = [1]
#: Runs of the story; every third fails.
RUNS = 30


def weights(number: int) -> dict[str, object]:
    """Make the stat of a file whose content belongs to one run."""
    return {"size": 3, "mtime_ns": 1, "digest": f"sha256:{number:064x}"}


def run(number: int) -> list[dict[str, object]]:
    """Train on a table and four files of its own, in two steps."""
    facts = Facts(f"run-{number}")
    at = START + 100 * number
    load = {"key": "1", "name": "load", "at": at + 1}
    fit = {"key": "2", "name": "fit", "at": at + 2}
    end = "error" if number % 3 == 0 else "finished"
    return [
        facts.fact("task", name="Train", at=at),
        facts.uses("file", "/w/a.csv", step=load, at=at + 1,
                   stat=digest("abc"[number // 10])),
        *(
            facts.uses("file", f"/w/{number}/{part}.csv", step=load, at=at + 1)
            for part in range(4)
        ),
        facts.makes("file", "/w/best.pt", is_model=True, step=fit, at=at + 3,
                    stat=weights(number)),
        facts.makes("file", "/w/notes.txt", at=at + 4),
        facts.fact("step_end", step="2", at=at + 5,
                   outcome="error" if end == "error" else "ok"),
        facts.fact("task_end", status=end, at=at + 6),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def graph(shared_store: Store) -> GraphQueries:
    """Thirty trainings, which no test adds anything to."""
    for number in range(RUNS):
        shared_store.ingest(1, run(number))
    return GraphQueries(shared_store)


def named(answer: OverviewAnswer, name: str) -> OverviewItem:
    """Return the item whose newest member has a name."""
    return next(item for item in answer.items if item.node.name == name)


def test_an_app_and_an_artifact_are_one_item(graph: GraphQueries) -> None:
    """Runs, failures and versions are counted, whatever the number of runs."""
    answer = graph.overview(TEAM, select="file:/w/best.pt")
    train, best = named(answer, "Train"), named(answer, "best.pt")
    assert (train.grouping, train.count, train.failed) == ("app", RUNS, RUNS // 3)
    assert (best.grouping, best.count) == ("artifact", RUNS)
    assert answer.focus == [best.key]
    assert len(answer.items) == 2
    (arrow,) = answer.arrows
    assert (arrow.source, arrow.target) == (train.key, best.key)
    assert (arrow.count, arrow.steps) == (RUNS, ["fit"])


def test_what_is_left_out_is_counted_once(graph: GraphQueries) -> None:
    """An artifact that every run used is one more, not one for each run."""
    train = named(graph.overview(TEAM, select="file:/w/best.pt"), "Train")
    # A table, and four files of each run; one file of notes.
    assert (train.hidden_up, train.hidden_down) == (4 * RUNS + 1, 1)
    alone = named(graph.overview(TEAM, select="file:/w/best.pt", up=0), "best.pt")
    assert (alone.hidden_up, alone.hidden_down) == (1, 0)
    table = graph.overview(TEAM, select="file:/w/a.csv", up=0, down=0)
    assert named(table, "a.csv").hidden_down == 1


def test_what_is_left_out_of_runs_is_versions_and_tasks(graph: GraphQueries) -> None:
    """By runs, a version that two drawn tasks used is one, and each run is one."""
    answer = graph.overview(TEAM, select="file:/w/a.csv", by="run")
    for item in answer.items:
        if item.node.name == "Train":
            assert item.hidden_up == 4 * item.count
            assert item.hidden_down == 2 * item.count


def test_opening_what_is_left_out_leaves_nothing_out(graph: GraphQueries) -> None:
    """What was opened is drawn, so it is counted no more."""
    select = {"select": "file:/w/best.pt"}
    train = named(graph.overview(TEAM, **select), "Train")
    opened = graph.overview(TEAM, **select, expanded=[f"{train.key}.down"])
    assert named(opened, "notes.txt").node.kind == "file"
    assert named(opened, "Train").hidden_down <= 1


@pytest.mark.parametrize("by", ["artifact", "run"])
def test_a_picture_is_bounded_and_counts_the_rest(graph: GraphQueries, by: str) -> None:
    """Without a limit of hops there are few items, which count all that was reached."""
    answer = graph.overview(TEAM, select="file:/w/a.csv", up=None, down=None, by=by)
    assert len(answer.items) <= DEFAULT_ITEMS
    whole = graph.get(
        TEAM, select="file:/w/a.csv", up=None, down=None,
        all_versions=by == "artifact", limit=5000,
    )  # fmt: skip
    assert answer.nodes == len(whole.nodes)
    ends = {end for arrow in answer.arrows for end in (arrow.source, arrow.target)}
    assert ends <= {item.key for item in answer.items}


def test_a_group_opens_in_parts_and_is_listed(graph: GraphQueries) -> None:
    """Opening shows the newest 20; the members are listed page by page."""
    select = {"select": "file:/w/best.pt"}
    app = named(graph.overview(TEAM, **select), "Train").key
    answer = graph.overview(TEAM, **select, opened=[app])
    singles = [item for item in answer.items if item.node.type == "task"]
    assert [item.count for item in singles if item.grouping == "single"] == [1] * 20
    (rest,) = (item for item in singles if item.grouping == "app")
    assert (rest.key, rest.count, rest.opened) == (app, 10, 20)
    page = graph.members(TEAM, **select, item=app, first=25, most=50)
    assert (len(page.nodes), page.total) == (5, RUNS)
    with pytest.raises(NotFoundError, match="'app:x'"):
        graph.members(TEAM, **select, item="app:x")


def test_a_task_opens_into_its_steps(graph: GraphQueries) -> None:
    """Each edge ends at its step; what belongs to no step stays at the task."""
    select = {"select": "task:30", "by": "run"}
    closed = graph.overview(TEAM, **select)
    assert named(closed, "Train").steps == 2
    answer = graph.overview(TEAM, **select, opened=["task:30"])
    steps = {item.step.name: item for item in answer.items if item.step}
    assert list(steps) == ["load", "fit"]
    assert steps["fit"].key == "task:30/2"
    ends = {(arrow.source, arrow.target) for arrow in answer.arrows}
    best = named(answer, "best.pt").key
    notes = named(answer, "notes.txt").key
    assert ("task:30/2", best) in ends
    assert ("task:30", notes) in ends
    assert {target for _, target in ends} == {"task:30/1", best, notes}
    # Without an edge of its own the task is its steps.
    alone = graph.overview(TEAM, **select, down=0, opened=["task:30"])
    assert "task:30" not in {item.key for item in alone.items}
    assert alone.focus == ["task:30/1", "task:30/2"]


def test_neighbours_of_a_group_are_added(graph: GraphQueries) -> None:
    """A group expands as a node does; of many members, the newest 20."""
    select = {"select": "file:/w/best.pt", "up": 1, "down": 0}
    app = named(graph.overview(TEAM, **select), "Train")
    assert app.hidden_up == RUNS * 4 + 1
    answer = graph.overview(TEAM, **select, expanded=[f"{app.key}.up"])
    assert named(answer, "a.csv").count == 2
    assert len(answer.items) <= DEFAULT_ITEMS


def test_a_filter_counts_what_passes(graph: GraphQueries) -> None:
    """What does not pass is counted, not left out: it may be dimmed."""
    failed = {"statuses": ["error"], "kinds": ["task"]}
    answer = graph.overview(TEAM, select="file:/w/best.pt", filter=failed)
    assert named(answer, "Train").passing == RUNS // 3
    assert named(answer, "best.pt").passing == 0
    name = graph.overview(TEAM, select="file:/w/best.pt", filter={"name": "BEST"})
    assert named(name, "best.pt").passing == RUNS
    late = {"since": START + 100 * (RUNS - 1)}
    assert (
        named(
            graph.overview(TEAM, select="file:/w/best.pt", filter=late), "Train"
        ).passing
        == 1
    )


def test_an_impact_is_marked_and_a_key_found(graph: GraphQueries) -> None:
    """The item of what would have to be rebuilt says so; a version has its place."""
    key = graph.get(TEAM, select="file:/w/a.csv", up=0, down=0).focus[-1]
    answer = graph.overview(
        TEAM, select=key, impact_of=key, down=2, up=0, find=[key, "data:99999"]
    )
    assert named(answer, "best.pt").mark in ("remake", "loses source", "possibly")
    assert answer.places == {key: named(answer, "a.csv").key}


def test_a_path_beside_the_picture_is_added(graph: GraphQueries) -> None:
    """What is named by `also` is there, however far away it is."""
    answer = graph.overview(
        TEAM, select="task:1", up=0, down=0, by="run", also=["task:7"]
    )
    assert {item.key for item in answer.items} == {"task:1", "task:7"}
    assert answer.places == {"task:7": "task:7"}


def test_a_picture_is_of_a_moment(graph: GraphQueries) -> None:
    """As of a time, later runs do not exist, nor ends of steps."""
    answer = graph.overview(
        TEAM, select="file:/w/best.pt", as_of=START + 450, opened=["task:1"]
    )
    assert named(answer, "Train").count == 5


@pytest.mark.parametrize("by", ["artifact", "run"])
def test_opening_hides_nothing_that_was_shown(graph: GraphQueries, by: str) -> None:
    """Where the limit is reached, what is opened or looked for gets more room."""
    base = {"select": "file:/w/a.csv", "by": by, "limit": 12, "down": 2}
    first = graph.overview(TEAM, **base)
    shown = {item.key for item in first.items}
    changes: list[tuple[dict[str, list[str]], str]] = []
    for item in first.items:
        ways = (("up", item.hidden_up), ("down", item.hidden_down))
        changes += [
            ({"expanded": [f"{item.key}.{way}"]}, item.key)
            for way, is_hiding in ways if is_hiding
        ]  # fmt: skip
        if item.grouping != "single":
            changes.append(({"opened": [item.key]}, item.key))
        if item.second:
            changes.append(({"find": [item.second]}, item.key))
    assert changes
    for change, key in changes:
        answer = graph.overview(TEAM, **base, **change)
        assert shown - {key} <= {item.key for item in answer.items}
        assert answer.nodes >= first.nodes


def test_what_was_added_first_stays_when_more_is_added(graph: GraphQueries) -> None:
    """Each expansion has room of its own; a group may part into its members."""
    base = {"select": "task:30", "by": "run", "limit": 10, "up": 1}
    first = graph.overview(TEAM, **base)
    ways = [f"{item.key}.down" for item in first.items if item.hidden_down]
    ways += [f"{item.key}.up" for item in first.items if item.hidden_up]
    shown: set[str] = set()
    for most in range(len(ways) + 1):
        answer = graph.overview(TEAM, **base, expanded=ways[:most])
        keys = {item.key for item in answer.items if item.grouping == "single"}
        assert shown <= keys
        shown = keys
    assert len(shown) > len(first.items)
