"""Questions: impact, provenance, stale, compare, as of."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from instance_server import Served
from page_fixture import SharedStory, StoryFixture
from playwright.sync_api import Page, expect

Look = Callable[..., Any]


@pytest.fixture
def served(story: SharedStory) -> Served:
    """The instance that all tests of this file look at."""
    return story.served


@pytest.fixture
def signs(story: SharedStory) -> StoryFixture:
    """What it was filled with."""
    return story.signs


def saved(page: Page, button: str) -> str:
    """What a button hands out as a file."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Path(download.value.path()).read_text("utf-8")


def test_impact_is_a_table_that_sorts_and_leaves_as_csv(
    look: Look, signs: StoryFixture
) -> None:
    """What would break is listed, sorted at a click, and taken away."""
    key = signs.data("/models/best.pt")
    first = look(f"/?focus={key}&sel={key}")
    first.locator(".versions a").last.click()
    first.get_by_role("button", name="Impact").click()
    expect(first.get_by_role("heading", level=1)).to_have_text("What depends on it?")
    rows = first.locator("tbody tr")
    expect(rows.filter(has_text="notes.txt")).to_contain_text("must be rebuilt")
    first.get_by_role("button", name="Hops").click()
    expect(first.locator("th[aria-sort=ascending]")).to_have_text("Hops")
    cells = first.locator("tbody td:nth-child(4)").all_inner_texts()
    hops = [int(text) for text in cells]
    assert hops == sorted(hops)
    lines = list(csv.reader(io.StringIO(saved(first, "Save as CSV"))))
    assert lines[0][0] == "title"
    assert len(lines) == len(hops) + 1
    first.get_by_role("button", name="Show as a graph").click()
    expect(first.locator(".node", has_text="Evaluate signs")).to_be_visible()
    lost = first.locator(".node.is-lost")
    expect(lost.filter(has_text="notes.txt")).to_contain_text("must be rebuilt")
    first.get_by_role("button", name="Clear the marks").click()
    expect(lost).to_have_count(0)


def test_provenance_lists_the_tasks_upstream(look: Look, signs: StoryFixture) -> None:
    """The tasks upstream, nearest first, and the origins."""
    key = signs.data("notes.txt")
    page = look(f"/?view=provenance&focus={key}")
    expect(page.locator(".story").first).to_contain_text("Evaluate signs")
    expect(page.locator(".stories")).to_contain_text("Import signs")
    expect(page.locator(".origins")).to_contain_text("part-000.tar")


def test_stale_outputs_are_listed(look: Look, signs: StoryFixture) -> None:
    """What was made from something older than the newest is named, with both."""
    page = look("/?view=stale")
    row = page.locator("tbody tr").filter(has_text="notes.txt")
    expect(row).to_contain_text("Evaluate signs")
    expect(row).to_contain_text("best.pt")
    assert "notes.txt" in saved(page, "Save as CSV")


def test_two_tasks_are_compared(look: Look, signs: StoryFixture) -> None:
    """The same, added, removed and other versions are distinguished."""
    newest = signs.find("Train signs")
    page = look(f"/?view=diff&a={newest}")
    box = page.get_by_role("combobox", name="Search the second task")
    box.fill("Train signs")
    option = page.get_by_role("option")
    expect(option).to_have_count(2)
    option.last.click()
    if "b=" + newest in page.url:
        page.get_by_role("combobox", name="Choose another").last.fill("Train signs")
        page.get_by_role("option").first.click()
    expect(page.locator(".changes-version")).to_contain_text("best.pt")
    expect(page.locator(".changes-same")).to_contain_text("Check night scenes")
    expect(page.locator("main")).to_contain_text("train.py --out")
    page.get_by_role("button", name="Swap").click()
    expect(page).to_have_url(re.compile(f"b={newest}"))


def test_time_can_be_turned_back_and_replayed(look: Look, signs: StoryFixture) -> None:
    """The slider shows the graph as of then, and nothing jumps; it can be played."""
    page = look(f"/?focus={signs.find('Label signs')}&up=all&down=all")
    nodes = page.locator(".node")
    expect(nodes.filter(has_text="Evaluate signs")).to_be_visible()
    before = nodes.filter(has_text="Import signs").bounding_box()
    page.get_by_role("button", name="As of").click()
    slider = page.get_by_role("slider", name="As of")
    slider.focus()
    page.keyboard.press("Home")
    expect(nodes.filter(has_text="Evaluate signs")).to_have_count(0)
    expect(nodes.filter(has_text="Import signs")).to_be_visible()
    assert "at=" in page.url
    after = nodes.filter(has_text="Import signs").bounding_box()
    assert before
    assert after
    assert round(before["x"]) == round(after["x"])
    page.get_by_role("button", name="Replay how it grew").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.get_by_role("button", name="Back to now").click()
    expect(nodes.filter(has_text="Evaluate signs")).to_be_visible()
