"""Large graphs: it asks first, and stays usable."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from instance_server import Served
from page_fixture import StoryFixture, record_chain
from playwright.sync_api import expect

Look = Callable[..., Any]

#: A click on one of 2,000 nodes answers within this, on a slow machine too.
CLICK_S = 3.0


@pytest.fixture
def chain(served: Served) -> Callable[[int], str]:
    """Records a chain of so many nodes and returns the key of its first task."""

    def record(nodes: int) -> str:
        world = StoryFixture(served)
        record_chain(world, nodes)
        return world.find("Chain 0000")

    return record


def test_it_asks_before_drawing_200(look: Look, chain: Callable[[int], str]) -> None:
    """More than 150 nodes are drawn only when asked to; there are other ways out."""
    page = look(f"/?focus={chain(200)}&down=all")
    expect(page.get_by_role("heading", name="Draw 200 nodes?")).to_be_visible()
    page.get_by_role("button", name="Show a list").click()
    expect(page.get_by_role("table")).to_be_visible()
    page.get_by_role("button", name="Graph").click()
    page.get_by_role("button", name="One hop only").click()
    expect(page.locator(".node")).to_have_count(4)


@pytest.mark.parametrize("nodes", [200, 1000, 2000])
def test_many_cards_stay_usable(
    look: Look, chain: Callable[[int], str], nodes: int
) -> None:
    """So many nodes are drawn, selected, moved and zoomed without waiting."""
    page = look(f"/?focus={chain(nodes)}&down=all&many=1")
    focus = page.locator(".node.is-focus")
    expect(focus).to_be_visible(timeout=20_000)
    assert page.locator(".node").count() < 150
    start = time.monotonic()
    focus.locator(".node-main").click()
    expect(page.locator(".panel h2")).to_have_text("Chain 0000")
    assert time.monotonic() - start < CLICK_S
    start = time.monotonic()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".node.is-selected")).not_to_contain_text("Chain 0000")
    assert time.monotonic() - start < CLICK_S
    page.get_by_role("button", name="Fit the graph").click()
    expect(page.locator(".react-flow__minimap-node")).to_have_count(nodes)


def test_a_larger_answer_offers_the_next_step(
    look: Look, chain: Callable[[int], str]
) -> None:
    """What one answer cannot hold is stated and can be added."""
    page = look(f"/?focus={chain(2400)}&down=all&many=1")
    expect(page.get_by_text("There is more")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Add the next 2,000").click()
    expect(page.get_by_text("There is more")).to_have_count(0, timeout=20_000)
