"""Screen readers, keyboard alone, and a phone's width."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from instance_server import Served
from page_faults import faults
from page_fixture import SharedStory, StoryFixture
from playwright.sync_api import expect

Look = Callable[..., Any]


@pytest.fixture
def served(story: SharedStory) -> Served:
    """The instance that all tests of this file look at."""
    return story.served


@pytest.fixture
def signs(story: SharedStory) -> StoryFixture:
    """What it was filled with."""
    return story.signs


PHONE = {"viewport": {"width": 390, "height": 844}}


VIEWS = {
    "home": "/",
    "graph": "/?focus={task}&sel={task}&up=all&down=all",
    "data": "/?focus={data}&sel={data}",
    "list": "/?focus={task}&as=list",
    "impact": "/?view=impact&focus={data}",
    "provenance": "/?view=provenance&focus={data}",
    "stale": "/?view=stale",
    "compare": "/?view=diff&a={task}&b={other}",
    "compare, one chosen": "/?view=diff&a={task}",
    "models": "/?tab=models",
    "no run": "/?q=nothing-like-it",
    "runs": "/?focus={data}&by=run&up=all",
    "steps": "/?focus={other}&by=run&ungroup={other}",
    "as of": "/?focus={task}&at=1790000900",
    "marks": "/?focus={data}&down=all&up=0&impact={data}",
    "unknown": "/?focus=name:nothing-like-it",
    "nothing stale": "/?view=stale&focus={task}",
    "nothing depends": "/?view=impact&focus=notes.txt",
}
#: What opens over a graph, by the buttons or keys that open it.
OPENED = {"Filter": ".popover-box", "Export": ".popover-box", "As of": ".timeline",
          "?": "dialog.shortcuts", "Shift+F10": ".context-menu"}  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_no_serious_fault(look: Look, signs: StoryFixture, view: str) -> None:
    """Names, roles, contrast and order are right in every view."""
    address = VIEWS[view].format(
        task=signs.find("Evaluate signs"),
        other=signs.find("Train signs"),
        data=signs.data("/models/best.pt"),
    )
    page = look(address, reduced_motion="reduce")
    expect(page.locator("main h1").first).to_be_attached()
    page.wait_for_load_state("networkidle")
    assert faults(page) == []
    # Of all that axe looks at, colours alone are others in the dark.
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert faults(page, "color-contrast") == []


@pytest.mark.parametrize("view", ["home", "graph", "impact", "stale", "compare"])
def test_axe_finds_no_serious_fault_on_a_phone(
    look: Look, signs: StoryFixture, view: str
) -> None:
    """Narrow nodes, and rows that are blocks, keep their names, roles and contrast."""
    address = VIEWS[view].format(
        task=signs.find("Evaluate signs"),
        other=signs.find("Train signs"),
        data=signs.data("/models/best.pt"),
    )
    page = look(address, reduced_motion="reduce", **PHONE)
    expect(page.locator("main h1").first).to_be_attached()
    page.wait_for_load_state("networkidle")
    assert faults(page) == []


@pytest.mark.parametrize("opener", OPENED)
def test_axe_finds_no_serious_fault_in_what_opens(
    look: Look, signs: StoryFixture, opener: str
) -> None:
    """Menus, filters, time and the list of keys are as sound as the rest."""
    page = look(f"/?focus={signs.find('Label signs')}", reduced_motion="reduce")
    node = page.locator(".node.is-focus .node-main")
    node.focus()
    if opener in ("?", "Shift+F10"):
        page.keyboard.press(opener)
    else:
        page.get_by_role("button", name=opener).first.click()
    expect(page.locator(OPENED[opener])).to_be_visible()
    assert faults(page) == []


def test_keyboard_alone_leads_from_landing_to_answer(
    look: Look, signs: StoryFixture
) -> None:
    """Search, select, ask and come back without a mouse."""
    page = look()
    expect(page.get_by_role("combobox", name="Search")).to_be_focused()
    page.keyboard.type("Label signs")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".node.is-focus")).to_be_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.node-main')"):
            break
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".panel h2")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search")).to_be_focused()


def test_a_node_has_a_sentence_for_screen_readers(
    look: Look, signs: StoryFixture
) -> None:
    """A screen reader hears title, kind, version and status of a node."""
    key = signs.find("Evaluate signs")
    page = look(f"/?focus={key}&sel={key}")
    button = page.get_by_role(
        "button", name=re.compile(r"Evaluate signs, task \d+ · .*, failed")
    )
    expect(button).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("view", VIEWS)
def test_a_phone_shows_everything(look: Look, signs: StoryFixture, view: str) -> None:
    """Nothing is wider than a phone, and the nodes can be read and tapped."""
    address = VIEWS[view].format(
        task=signs.find("Evaluate signs"),
        other=signs.find("Train signs"),
        data=signs.data("/models/best.pt"),
    )
    page = look(address, **PHONE)
    expect(page.locator("main h1").first).to_be_attached()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    if view in ("graph", "data"):
        node = page.locator(".node.is-focus").bounding_box()
        assert node
        assert node["width"] > 90
