"""Questions about one run or one version, where a name means several."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from store_engines import START, Facts, digest

from lineage.errors import NotFoundError, SelectorError
from lineage.instance.graph import GraphQueries
from lineage.instance.store import Store

TEAM = [1]


@pytest.fixture
def graph(store: Store) -> GraphQueries:
    """Two runs of one app, each with its own `best.pt`; the first is made again."""
    for at, folder in enumerate(("unet", "yolo", "unet")):
        path = f"/w/{folder}/best.pt"
        stat = {"local_path": path, "stat": digest(f"{at}")}
        facts = Facts(f"run-{at}")
        store.ingest(
            1,
            [
                facts.fact("task", name="Train", at=START + at * 10),
                facts.makes("file", path, at=START + at * 10 + 1, **stat),
                facts.fact("task_end", status="finished", at=START + at * 10 + 2),
            ],
        )
    return GraphQueries(store)


@pytest.mark.parametrize(
    "ask",
    [
        lambda graph: graph.why(TEAM, a="best.pt"),
        lambda graph: graph.why(TEAM, a="unet/best.pt", b="best.pt"),
        lambda graph: graph.diff(TEAM, a="best.pt", b="task:1"),
        lambda graph: graph.provenance(TEAM, of="best.pt"),
        lambda graph: graph.get_data(TEAM, key="best.pt"),
    ],
)
def test_a_name_of_several_artifacts_is_refused_with_what_distinguishes_them(
    graph: GraphQueries, ask: Callable[[GraphQueries], Any]
) -> None:
    """Path, time and task; none of them is chosen silently."""
    with pytest.raises(SelectorError) as caught:
        ask(graph)
    text = str(caught.value)
    assert "'best.pt' means 2 artifacts" in text
    for part in ("/w/unet/best.pt", "/w/yolo/best.pt", "2023-11-14 22:13", "task:3"):
        assert part in text
    assert text.index("unet") < text.index("yolo")


def test_a_name_of_several_runs_is_refused_with_their_times(
    graph: GraphQueries,
) -> None:
    """And shows how one of them is named."""
    with pytest.raises(
        SelectorError, match=r"means 3 runs; .* or as Train@last: task:3"
    ):
        graph.get_task(TEAM, key="Train")


def test_one_artifact_is_answered_by_its_current_version(graph: GraphQueries) -> None:
    """Keys and names lead to the same answer."""
    by_name = graph.get_data(TEAM, key="unet/best.pt")
    assert by_name == graph.get_data(TEAM, key=by_name.node.key)
    assert by_name.node.is_current
    older = graph.get_data(TEAM, key="unet/best.pt@-2").node
    assert (older.is_current, older.key) == (False, "data:1")


def test_a_run_is_answered_by_its_place_in_the_history(graph: GraphQueries) -> None:
    """`Train@-2` is the last but one."""
    assert graph.get_task(TEAM, key="Train@-2").node.key == "task:2"


def test_what_is_of_the_other_type_is_not_found(graph: GraphQueries) -> None:
    """A run has no versions, and a version no command."""
    with pytest.raises(NotFoundError, match="is a run"):
        graph.get_data(TEAM, key="Train@last")
    with pytest.raises(NotFoundError, match="is no task"):
        graph.get_task(TEAM, key="unet/best.pt")


def test_a_run_is_named_by_its_own_key(graph: GraphQueries) -> None:
    """As `task.key` has it in the app, which may write it into a log."""
    assert graph.get_task(TEAM, key="run-1").node.key == "task:2"
    answer = graph.upstream(TEAM, of="run-1")
    assert answer.focus == ["task:2"]
