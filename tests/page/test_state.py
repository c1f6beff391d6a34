"""Filters, and that every state is in the address."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from page_fixture import StoryFixture
from playwright.sync_api import expect

Look = Callable[..., Any]


def test_filters_dim_or_hide(look: Look, signs: StoryFixture) -> None:
    """Kind, status and name narrow the graph; what is out is dimmed or gone."""
    page = look(f"/?focus={signs.find('Label signs')}&up=all&down=all")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("checkbox", name="projects").check()
    dim = page.locator(".node.is-dim")
    expect(dim.filter(has_text="Evaluate signs")).to_have_count(1)
    page.get_by_role("button", name="Hide", exact=True).click()
    expect(page.locator(".node").filter(has_text="Evaluate signs")).to_have_count(0)
    expect(page.locator(".node").filter(has_text="Road signs").first).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("checkbox", name="failed").check()
    expect(page.locator(".node").filter(has_text="Import signs")).to_have_count(0)
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Name").fill("night")
    expect(page.locator(".node")).to_have_count(1)


def test_time_narrows_too(look: Look, signs: StoryFixture) -> None:
    """What ran before or after the chosen time is filtered out."""
    page = look(
        f"/?focus={signs.find('Label signs')}&up=all&mode=hide&since=9999999999"
    )
    expect(page.get_by_text("The filters leave none")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.locator(".node").filter(has_text="Label signs")).to_be_visible()


def test_a_shared_address_shows_the_same(look: Look, signs: StoryFixture) -> None:
    """Depth, selection, filters and form survive a copy of the address."""
    page = look(f"/?focus={signs.find('Label signs')}")
    page.get_by_role("button", name="All upstream").click()
    page.locator(".node", has_text="night rain").locator(".node-main").click()
    page.get_by_role("button", name="Filter").click()
    page.get_by_label("Name").fill("rain")
    expect(page).to_have_url(re.compile("name=rain"))
    address = page.url.split("/", 3)[3]
    other = look("/" + address)
    expect(other.locator(".panel")).to_contain_text("night rain")
    expect(other.locator(".depth output").first).to_have_text("all")
    expect(other.locator(".node.is-dim").first).to_be_visible()


def test_back_and_reload_work(look: Look, signs: StoryFixture) -> None:
    """The back button undoes one step; a reload changes nothing."""
    page = look()
    page.locator(".task-row", has_text="Label signs").click()
    expect(page.locator(".node.is-focus")).to_contain_text("Label signs")
    page.get_by_role("button", name="All upstream").click()
    expect(page.locator(".node").filter(has_text="37 files")).to_be_visible()
    page.reload()
    expect(page.locator(".node").filter(has_text="37 files")).to_be_visible()
    page.go_back()
    expect(page.locator(".node").filter(has_text="37 files")).to_have_count(0)
    page.go_back()
    expect(page.get_by_label("Filter the runs")).to_be_visible()


def test_a_graph_grows_while_one_looks(look: Look, signs: StoryFixture) -> None:
    """New facts join the drawn graph without a reload and without a jump."""
    page = look(f"/?focus={signs.find('Label signs')}")
    focus = page.locator(".node.is-focus")
    expect(focus).to_be_visible()
    before = focus.bounding_box()
    signs.uses("label", "dataset", 89, name="fog at dawn")
    signs.send()
    expect(page.locator(".node", has_text="fog at dawn")).to_be_visible()
    after = focus.bounding_box()
    assert before
    assert after
    assert abs(before["x"] - after["x"]) < 2
    assert abs(before["y"] - after["y"]) < 2


def test_colours_follow_the_machine_or_the_choice(
    look: Look, signs: StoryFixture
) -> None:
    """Dark where the machine is dark, and as chosen after that."""
    page = look(color_scheme="dark")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(ground) == "rgb(21, 22, 24)"
    page.get_by_role("button", name="Colours: auto. Change").click()
    assert page.evaluate(ground) == "rgb(250, 250, 248)"
    page.reload()
    assert page.evaluate(ground) == "rgb(250, 250, 248)"
