"""What lights with a chosen node: what it was made from, and what was made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from instance_server import Served
from page_fixture import START, StoryFixture, digest
from playwright.sync_api import expect

Look = Callable[..., Any]


@pytest.fixture
def shop(served: Served) -> StoryFixture:
    """Three runs that fit a model of rows and draw a chart of sales, in two steps."""
    story = StoryFixture(served)
    for number in range(3):
        key = f"run-{number}"
        story.task(key, "Report shop")
        for name, used, made in (
            ("fit", "rows.csv", "model.pt"),
            ("draw", "sales.csv", "chart.svg"),
        ):
            step = {"key": f"{key}-{name}", "name": name, "at": START + number}
            story.uses(key, "file", f"/w/{used}", step=step, stat=digest(used))
            story.makes(key, "file", f"/w/{made}", step=step["key"],
                        scope=step["key"], stat=digest(f"{made} {number}"))  # fmt: skip
        story.end(key)
    story.send()
    return story


@pytest.mark.parametrize("by", ["artifact", "run"])
def test_an_output_lights_only_what_it_was_made_from(
    look: Look, shop: StoryFixture, by: str
) -> None:
    """Runs that are drawn as one light the inputs of the steps that made the output."""
    model = shop.data("model.pt")
    page = look(f"/?focus=app:Report shop&by={by}&sel={model}")
    expect(page.locator(".node.is-highlighted", has_text="rows.csv")).to_have_count(1)
    expect(page.locator(".node", has_text="sales.csv")).to_have_count(1)
    expect(page.locator(".node.is-highlighted", has_text="sales.csv")).to_have_count(0)
    page.locator(".node", has_text="sales.csv").locator(".node-main").click()
    expect(
        page.locator(".node.is-highlighted", has_text="chart.svg").first
    ).to_be_visible()
    expect(page.locator(".node.is-highlighted", has_text="model.pt")).to_have_count(0)
