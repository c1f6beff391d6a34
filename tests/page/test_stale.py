"""Stale outputs, and what was made of them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from instance_server import Served
from page_faults import faults
from page_fixture import StoryFixture, digest
from playwright.sync_api import Page, expect

Look = Callable[..., Any]
SUPERSEDED, MADE_OF = "Also superseded outputs", "Also what was made of stale outputs"


@pytest.fixture
def published(signs: StoryFixture) -> StoryFixture:
    """A site was made of the notes, which are stale."""
    signs.task("publish", "Publish notes")
    signs.uses("publish", "file", signs.node("notes.txt")["id"],
               stat=digest("loss falls\nall is well\n"))  # fmt: skip
    signs.makes("publish", "file", "/site/index.html", stat=digest("site"))
    signs.end("publish")
    signs.send()
    return signs


def rows(page: Page) -> Any:
    """Return the rows of the table."""
    return page.locator("tbody tr")


def test_what_was_made_of_stale_outputs_is_listed_on_demand(
    look: Look, published: StoryFixture
) -> None:
    """A switch, kept in the address, adds what a new run would make differently."""
    page = look("/?view=stale")
    expect(rows(page)).to_have_count(2)
    expect(page.locator("main")).to_contain_text("2 stale outputs")
    page.get_by_role("checkbox", name=MADE_OF).check()
    site = rows(page).filter(has_text="index.html")
    expect(site).to_contain_text("Publish notes")
    expect(site).to_contain_text("notes.txt")
    expect(site).to_contain_text("would be made differently by a new run")
    expect(page.locator("main")).to_contain_text(
        "2 stale outputs, 1 output made of stale ones"
    )
    expect(page).to_have_url(re.compile(r"\?view=stale&indirect=1$"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV").click()
    text = Path(download.value.path()).read_text("utf-8")
    why = {row["output"]: row["why"] for row in csv.DictReader(io.StringIO(text))}
    assert why["index.html"] == "made of a stale output"
    assert why["notes.txt"] == "stale"
    page.reload()
    expect(rows(page)).to_have_count(3)


def test_the_switches_need_no_mouse(look: Look, published: StoryFixture) -> None:
    """Both are reached by the tab key and turned by the space bar."""
    page = look("/?view=stale")
    page.get_by_role("checkbox", name=SUPERSEDED).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name=MADE_OF)).to_be_checked()
    expect(rows(page).filter(has_text="index.html")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile("all=1&indirect=1"))


def test_an_address_limits_the_list_to_one_artifact(
    look: Look, published: StoryFixture
) -> None:
    """What the command line's address shows is limited to it, and can be widened."""
    key = published.data("index.html")
    page = look(f"/?view=stale&focus={key}&indirect=1")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("index.html")
    expect(page.locator(".only")).to_contain_text("index.html")
    expect(page.locator(".only")).not_to_contain_text(key)
    page.get_by_role("checkbox", name=MADE_OF).uncheck()
    expect(page.get_by_role("heading", name="Nothing is stale")).to_be_visible()
    page.get_by_role("button", name="Show everything").click()
    expect(rows(page)).to_have_count(2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_in_what_is_indirect(
    look: Look, published: StoryFixture, scheme: str
) -> None:
    """Names, contrast and order are right with all that can be shown."""
    key = published.data("index.html")
    page = look(f"/?view=stale&focus={key}&all=1&indirect=1", color_scheme=scheme)
    expect(rows(page)).to_have_count(1)
    assert faults(page) == []


def test_a_phone_shows_both_switches(look: Look, published: StoryFixture) -> None:
    """Nothing is wider than a phone."""
    page = look("/?view=stale&indirect=1", viewport={"width": 390, "height": 844})
    expect(rows(page)).to_have_count(3)
    expect(page.get_by_role("checkbox", name=MADE_OF)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [1400, 390])
def test_what_changed_is_named_whole(look: Look, served: Served, width: int) -> None:
    """A reason with a long name has as many lines as it needs; nothing is cut."""
    story, name = StoryFixture(served), "measured_in_the_second_quarter_" * 4 + ".csv"
    story.task("train", "Train")
    story.uses("train", "file", f"/data/{name}", stat=digest("old"))
    story.makes("train", "file", "/out/model.pt", stat=digest("model"))
    story.end("train")
    story.task("export", "Export")
    story.makes("export", "file", f"/data/{name}", stat=digest("new"))
    story.end("export")
    story.send()
    page = look("/?view=stale", viewport={"width": width, "height": 800})
    reason = page.locator(".reasons li")
    expect(reason).to_contain_text("is now")
    table = page.locator(".table").bounding_box()
    for part in (".node-line-title", ".node-line-kind", ".reason-now a"):
        found = reason.locator(part)
        assert found.evaluate("box => box.scrollWidth <= box.clientWidth + 1"), part
        box = found.bounding_box()
        assert box["x"] + box["width"] <= table["x"] + table["width"], part
    expect(reason.locator(".node-line-title")).to_have_text(name)
