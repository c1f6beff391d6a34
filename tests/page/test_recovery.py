"""The page never goes white: it waits for the server, and survives an upgrade."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from page_fixture import StoryFixture
from playwright.sync_api import expect

Look = Callable[..., Any]

#: Shown while a part of the page cannot be fetched.
AWAY = "The server does not answer"


def test_a_view_whose_parts_are_out_of_reach_comes_back(
    look_quietly: Look, signs: StoryFixture
) -> None:
    """Without the server a view says so, and is there when the server is."""
    page = look_quietly(block="**/assets/*")
    page.goto(page.url + f"?focus={signs.find('Label signs')}")
    expect(page.get_by_role("heading", name=AWAY)).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.unroute("**/assets/*")
    expect(page.locator(".node.is-focus")).to_be_visible()


def test_a_graph_stays_while_the_server_is_away(
    look_quietly: Look, signs: StoryFixture
) -> None:
    """A click that is not answered hides nothing, and is answered later by itself."""
    page = look_quietly(block="**/no-part-has-this-name")
    page.goto(page.url + f"?focus={signs.find('Label signs')}&down=1")
    expect(page.locator(".node.is-focus")).to_be_visible()
    before = page.locator(".node").count()
    page.route("**/api/v3/**", lambda route: route.abort())
    page.get_by_role("button", name="Downstream: one more").click()
    expect(page.get_by_role("status").get_by_text("no answer")).to_be_visible()
    assert page.locator(".node").count() == before
    page.unroute("**/api/v3/**")
    expect(page.locator(".node")).not_to_have_count(before)


def test_parts_are_fetched_before_they_are_needed(
    look: Look, signs: StoryFixture
) -> None:
    """Once the page stands, its views open without another request for a part."""
    page = look()
    page.wait_for_load_state("networkidle")
    with page.expect_event("requestfinished", lambda one: "GraphView" in one.url):
        page.reload()
    page.wait_for_load_state("networkidle")
    expect(page.locator(".task-row")).to_have_count(7)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.locator(".task-row", has_text="Label signs").get_by_role("link").click()
    expect(page.locator(".node.is-focus")).to_be_visible()
    assert [
        url for url in requested if url.endswith(".js") and "worker" not in url
    ] == []


def test_a_dropped_file_is_found_by_its_bytes(
    look: Look, signs: StoryFixture, folder: Path
) -> None:
    """The browser digests the file, and the version with these bytes is named."""
    page = look()
    expect(page.locator(".task-row")).to_have_count(7)
    for text, answer in (("first weights", "best.pt"), ("others", "No recorded")):
        page.evaluate(
            """text => {
              const transfer = new DataTransfer();
              transfer.items.add(new File([text], 'copy.pt'));
              const options = {
                dataTransfer: transfer, bubbles: true, cancelable: true,
              };
              document.body.dispatchEvent(new DragEvent('dragover', options));
              document.body.dispatchEvent(new DragEvent('drop', options));
            }""",
            text,
        )
        expect(page.locator(".dropped")).to_contain_text(answer)


def test_shortcuts_are_listed(look: Look, signs: StoryFixture) -> None:
    """A question mark shows the shortcuts, Escape closes them."""
    page = look(f"/?focus={signs.find('Label signs')}")
    expect(page.locator(".node.is-focus")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Shortcuts")).to_contain_text(
        "Fit the graph"
    )
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_node_has_a_menu_for_mouse_and_keyboard(
    look: Look, signs: StoryFixture
) -> None:
    """A right click and Shift+F10 open it, arrows move in it, a choice acts."""
    page = look(f"/?focus={signs.find('Label signs')}")
    node = page.locator(".node", has_text="Road signs").locator(".node-main")
    node.click(button="right")
    expect(page.get_by_role("menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    node.click(button="right")
    page.get_by_role("menuitem", name="Centre here").click()
    expect(page.locator(".node.is-focus")).to_contain_text("Road signs")


def test_a_double_click_centres(look: Look, signs: StoryFixture) -> None:
    """The graph is drawn around the node that was double clicked."""
    page = look(f"/?focus={signs.find('Label signs')}")
    page.locator(".node", has_text="night rain").locator(".node-main").dblclick()
    expect(page.locator(".node.is-focus")).to_contain_text("night rain")


def test_a_path_is_in_view_as_a_whole(look: Look, signs: StoryFixture) -> None:
    """Every node of a path is inside the graph's area."""
    start, end = signs.find("Import signs"), signs.find("Evaluate signs")
    page = look(f"/?focus={start}&up=all&down=all&from={start}&to={end}")
    expect(page.get_by_text("The path runs through")).to_be_visible()
    page.wait_for_timeout(700)
    area = page.locator(".canvas").bounding_box()
    assert area
    lit = page.locator(".node.is-highlighted")
    assert lit.count() > 3
    for at in range(lit.count()):
        box = lit.nth(at).bounding_box()
        assert box
        assert box["x"] >= area["x"] - 1
        assert box["x"] + box["width"] <= area["x"] + area["width"] + 1
