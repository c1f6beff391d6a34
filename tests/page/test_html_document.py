"""The exported HTML document, in a browser that has no network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from page_faults import faults
from playwright.sync_api import Page, expect

from lineage.export import GraphRecord
from lineage.export.html import MAX_DRAWN, to_html
from lineage.model.details import TaskDetail
from lineage.model.graph import GraphEdge, Node

RTL = "קובץ ארוך.csv"
HOSTILE = "R&D <b>raw</b>.csv"
LONG = f"{'a_model_that_has_a_name' * 4}.pt"
ERROR = "ValueError: labels <b>are</b> empty & 340 pictures were expected in a folder"


def _data(number: int, name: str) -> Node:
    return Node(key=f"data:{number}", type="data", kind="file", id=f"/data/{name}",
                name=name, team_id=1, size=1, version="v1",
                digest=f"sha256:{number:064x}")  # fmt: skip


def _task(number: int, name: str, status: str = "finished") -> Node:
    return Node(key=f"task:{number}", type="task", kind="task", id=number, name=name,
                team_id=1, status=status, started_at=1.7e9,
                ended_at=1.7e9 + 5)  # fmt: skip


def _edge(source: str, target: str) -> GraphEdge:
    role = "input" if target.startswith("task") else "output"
    return GraphEdge(source=source, target=target, role=role, recorded_at=1.7e9)


def story() -> GraphRecord:
    """A training of hostile names, and an evaluation that failed."""
    train, evaluate = _task(1, "Train <all> & more"), _task(2, "Evaluate", "error")
    nodes = (_data(1, RTL), _data(2, HOSTILE), train, _data(3, LONG), evaluate,
             _data(4, "report.md"))  # fmt: skip
    ends = (("data:1", "task:1"), ("data:2", "task:1"), ("task:1", "data:3"),
            ("data:3", "task:2"), ("task:2", "data:4"))  # fmt: skip
    details = {
        "task:1": TaskDetail(node=train, params={"lr": 0.1, "opt": "adam"}),
        "task:2": TaskDetail(node=evaluate, error=ERROR, command=f"eval {LONG}"),
    }
    edges = tuple(_edge(*pair) for pair in ends)
    return GraphRecord("report.md", 1.7e9, nodes, edges, ("data:4",), details)


def chain(count: int) -> GraphRecord:
    """A chain of nodes of which the last was asked about."""
    nodes = [
        _task(at, f"Step {at}") if at % 2 else _data(at, f"{at}.csv")
        for at in range(count)
    ]
    edges = [_edge(a.key, b.key) for a, b in pairwise(nodes)]
    return GraphRecord("x", 1.7e9, tuple(nodes), tuple(edges), (nodes[-1].key,))


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Opens a record's document offline; fails the test for what the browser blames."""
    blamed: list[str] = []
    contexts: list[Any] = []

    def open_document(record: GraphRecord, **options: Any) -> Page:
        path = tmp_path / "lineage.html"
        path.write_text(to_html(record), "utf-8")
        context = chromium.new_context(offline=True, **options)
        contexts.append(context)
        page: Page = context.new_page()
        page.on("console", lambda message: blamed.append(message.text))
        page.goto(path.as_uri())
        return page

    yield open_document
    for context in contexts:
        context.close()
    assert blamed == []


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_sticks_out_of_the_document(
    opened: Callable[..., Page], width: int
) -> None:
    """Graph and tables scroll by themselves; what was asked about is in view."""
    size = {"width": width, "height": 800}
    page = opened(story(), viewport=size)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.locator("svg .focus")).to_be_in_viewport(ratio=0.99)


def test_the_end_of_a_long_chain_is_in_view(opened: Callable[..., Page]) -> None:
    """The drawing of hundreds of nodes begins at the one that was asked about."""
    page = opened(chain(MAX_DRAWN))
    expect(page.locator("svg .focus")).to_be_in_viewport(ratio=0.99)
    page = opened(chain(MAX_DRAWN + 101))
    expect(page.locator("svg")).to_have_count(0)
    expect(page.locator("main")).to_contain_text("The tables below have all of them")


def test_names_are_shown_as_they_are(opened: Callable[..., Page]) -> None:
    """No name is markup, and one from right to left keeps to its own cell."""
    page = opened(story())
    artifacts = page.get_by_role("region", name="Artifacts")
    tasks = page.get_by_role("region", name="Tasks")
    for name in (RTL, HOSTILE, LONG):
        expect(artifacts.locator("bdi", has_text=name).first).to_be_visible()
    row = tasks.locator("tr", has_text="Evaluate")
    expect(row).to_contain_text("failed")
    expect(row.locator(".error")).to_have_text(ERROR)
    expect(tasks).to_contain_text("opt=adam")
    edge = page.get_by_role("region", name="Edges").locator("td", has_text=RTL)
    assert edge.first.inner_text() == f"{RTL} (data:1)"
    expect(edge.first.locator("bdi")).to_have_text(RTL)


def test_columns_that_nobody_fills_are_left_out(opened: Callable[..., Page]) -> None:
    """A table has no column without a value."""
    tasks = opened(story()).get_by_role("region", name="Tasks")
    heads = tasks.get_by_role("columnheader").all_inner_texts()
    assert "parameters" in heads
    assert "metrics" not in heads


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(opened: Callable[..., Page], scheme: str) -> None:
    """Contrast, names and keyboard are right in light and in dark."""
    page = opened(story(), color_scheme=scheme)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") is (scheme == "light")
    assert faults(page) == []
