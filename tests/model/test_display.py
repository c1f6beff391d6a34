"""Answers in Python and in notebooks."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from lineage.model.comparisons import StaleAnswer, StaleItem, StaleReason, WhyAnswer
from lineage.model.graph import GraphAnswer, GraphEdge, Node
from lineage.model.lists import HealthAnswer, TasksPage, TaskSummary


def _node(key: str, **more: Any) -> Node:
    kind = "task" if key.startswith("task") else "data"
    return Node(
        key=key, type=kind, kind="file", id=key, name=f"<{key}>", team_id=1, **more
    )


@pytest.fixture
def answer() -> GraphAnswer:
    """A table, a task and a stale model."""
    return GraphAnswer(
        nodes=[_node("data:1"), _node("task:1"), _node("data:2", is_stale=True)],
        arrows=[
            GraphEdge(source="data:1", target="task:1", role="input"),
            GraphEdge(source="task:1", target="data:2", role="output"),
        ],
        focus=["data:2"],
    )


def test_an_answer_is_one_short_line(answer: GraphAnswer) -> None:
    """It counts what it holds, and lists nothing."""
    assert repr(answer) == "<GraphAnswer: 3 nodes, 2 arrows, 1 focus>"
    assert str(answer) == repr(answer)
    assert len(repr(_node("data:1"))) < 200


def test_a_graph_is_drawn_without_a_network(answer: GraphAnswer) -> None:
    """The SVG is well formed, escapes names, and loads nothing."""
    html = answer._repr_mimebundle_()["text/html"]
    start, end = html.index("<svg"), html.index("</svg>") + 6
    drawn = ET.fromstring(html[start:end])
    assert len(drawn.findall(".//{*}rect")) == 3
    assert len(drawn.findall(".//{*}path")) == 2
    assert "<data:1>" not in html
    assert "&lt;data:1&gt;" in html
    for word in ("src=", "href=", "@import", "<script"):
        assert word not in html


def test_data_flows_to_the_right_and_cycles_end(answer: GraphAnswer) -> None:
    """Each node stands right of what leads to it."""
    answer.arrows.append(GraphEdge(source="data:2", target="data:1", role="input"))
    assert "<svg" in answer._repr_html_()
    answer.arrows.pop()
    html = answer._repr_html_()
    places = [
        int(part.split('"')[0]) for part in html.split('x="')[1:] if "height" in part
    ]
    assert places == sorted(places)


def test_other_answers_are_tables() -> None:
    """One row an item, a node by its name and its key."""
    item = StaleItem(
        node=_node("data:1"), task=_node("task:1"), used=_node("data:2"),
        newest=_node("data:3"),
        reasons=[StaleReason(used=_node("data:2"), current=_node("data:3"))],
    )  # fmt: skip
    html = StaleAnswer(items=[item])._repr_html_()
    assert "<th>node_key</th>" in html
    assert "<td>data:1</td>" in html


@pytest.mark.slow
def test_networkx_gets_every_member(answer: GraphAnswer) -> None:
    """Nodes by their keys, edges by their ends."""
    graph = answer.to_networkx()
    assert graph.nodes["data:2"]["is_stale"] is True
    assert graph.edges["data:1", "task:1"]["role"] == "input"


def test_a_missing_library_is_named_with_the_remedy(
    answer: GraphAnswer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pandas is nobody's dependency."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        answer.to_pandas()


@pytest.mark.slow
def test_pandas_gets_a_row_for_each_node(answer: GraphAnswer) -> None:
    """Rows are the nodes, columns their members."""
    pandas = pytest.importorskip("pandas")
    frame = answer.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame["key"]) == ["data:1", "task:1", "data:2"]


def test_rows_about_a_run_have_what_distinguishes_it() -> None:
    """Six hundred runs of one name are distinguished by time, status and parameters."""
    task = _node("task:7", status="error", started_at=1_700_000_000.0, params={"lr": 1})
    summary = TaskSummary(
        node=task, inputs=[], outputs=[], input_count=0, output_count=0, user="mara"
    )
    page = TasksPage(tasks=[summary])
    html = page._repr_html_()
    for text in ("<td>failed</td>", "2023-11-14 22:13 UTC", "lr=1", "mara"):
        assert text in html
    row = page.to_pandas().iloc[0]
    assert (row["node_key"], row["status"], row["params"]) == (
        "task:7",
        "error",
        {"lr": 1},
    )


def test_counts_are_one_row() -> None:
    """An answer without a list is no empty table."""
    frame = HealthAnswer(
        tasks=3, tasks_with_inputs=2, tasks_with_outputs=2, tasks_failed=0, inputs=2,
        unpinned_inputs=0, orphans=0, edges=4, edges_to_deleted=0,
    ).to_pandas()  # fmt: skip
    assert (frame["tasks"][0], frame["edges"][0]) == (3, 4)


def test_what_is_compared_is_named_by_its_key() -> None:
    """Two runs of one app have the same name."""
    answer = WhyAnswer(a=_node("task:2"), b=_node("task:1"), sentence="")
    assert "a=<task:2> (task:2), b=<task:1> (task:1)" in repr(answer)
