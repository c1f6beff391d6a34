"""The graph: nodes, hops, groups, paths, stability."""

from __future__ import annotations

import re
from collections.abc import Callable
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


def node(page: Page, title: str) -> Any:
    """The node with a title."""
    return page.locator(".node", has=page.locator(".node-title", has_text=title))


def place(page: Page, title: str) -> tuple[float, float]:
    """Where a node is on the screen."""
    box = node(page, title).first.bounding_box()
    assert box is not None
    return round(box["x"]), round(box["y"])


def test_one_hop_each_way_left_to_right(look: Look, signs: StoryFixture) -> None:
    """A graph begins with the neighbours, sources on the left, results on the right."""
    page = look(f"/?focus={signs.find('Label signs')}")
    expect(page.locator(".node")).to_have_count(4)
    left = place(page, "Road signs")[0]
    middle = place(page, "Label signs")[0]
    right = place(page, "Labelled signs")[0]
    assert left < middle < right


def test_tasks_and_data_look_different(look: Look, signs: StoryFixture) -> None:
    """Tasks are capsules, data are sheets; each says its kind, version and status."""
    page = look(f"/?focus={signs.find('Evaluate signs')}")
    task, data = node(page, "Evaluate signs"), node(page, "best.pt")
    expect(task).to_contain_text("task")
    expect(task).to_contain_text("failed")
    expect(data).to_contain_text("model · ")
    expect(page.locator(".edge-lines .edge-line").first).to_have_css("fill", "none")
    radius = "element => getComputedStyle(element.firstElementChild).borderRadius"
    assert task.evaluate(radius) != data.evaluate(radius)


def test_an_apps_own_card_is_shown(look: Look, signs: StoryFixture) -> None:
    """Title, description, icon, colour and link come from the app."""
    page = look(f"/?focus={signs.data('/experiments/118')}")
    own = page.locator(".node.is-focus")
    expect(own).to_contain_text("checkpoints and logs")
    colour = own.locator(".tile").evaluate("tile => getComputedStyle(tile).color")
    assert colour == "rgb(122, 62, 0)"
    own.locator(".node-main").click()
    link = page.get_by_role("link", name="Open experiment")
    expect(link).to_have_attribute("href", "https://example.org/118")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")


def test_a_plus_opens_what_is_hidden_and_closes_it(
    look: Look, signs: StoryFixture
) -> None:
    """A border node shows how many neighbours are hidden, opens and closes them."""
    page = look(f"/?focus={signs.find('Label signs')}")
    source = node(page, "Road signs").first
    source.get_by_role("button", name="Show 1 more upstream").click()
    expect(node(page, "Import signs")).to_be_visible()
    assert place(page, "Import signs")[0] < place(page, "Road signs")[0]
    source.get_by_role("button", name="Hide what was opened upstream").click()
    expect(node(page, "Import signs")).to_have_count(0)


def test_depths_are_separate_and_meet_in_the_middle(
    look: Look, signs: StoryFixture
) -> None:
    """Upstream and downstream have their own depth; both ends give one graph."""
    page = look(f"/?focus={signs.find('Import signs')}&up=0")
    page.get_by_role("button", name="Downstream: one more").click()
    page.get_by_role("button", name="Downstream: one more").click()
    expect(node(page, "Labelled signs").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"up=0&down=3"))
    titles = "nodes => nodes.map(node => node.textContent)"
    from_left = page.locator(".node-title").evaluate_all(titles)
    labelled = page.locator(".node", has_text="Labelled signs").first
    other = look(f"/?focus={labelled.get_attribute('data-node')}&up=3&down=0")
    expect(node(other, "Import signs")).to_be_visible()
    from_right = other.locator(".node-title").evaluate_all(titles)
    assert set(from_left) - set(from_right) <= {"night rain"} | set(from_left)
    assert {"Import signs", "Road signs", "Label signs"} <= set(from_right)


def test_all_upstream_and_all_downstream(look: Look, signs: StoryFixture) -> None:
    """One button each shows everything before, or everything after."""
    page = look(f"/?focus={signs.find('Label signs')}")
    page.get_by_role("button", name="All upstream").click()
    expect(node(page, "37 files")).to_be_visible()
    page.get_by_role("button", name="All downstream").click()
    expect(node(page, "Evaluate signs")).to_be_visible()


def test_many_like_cards_are_one_until_unfolded(
    look: Look, signs: StoryFixture
) -> None:
    """37 files that feed the same task are one node that can be opened."""
    page = look(f"/?focus={signs.find('Import signs')}")
    expect(page.locator(".node")).to_have_count(3)
    folded = node(page, "37 files")
    folded.locator(".node-main").click()
    expect(page.locator(".panel")).to_contain_text("part-000.tar")
    folded.get_by_role("button", name="Show each of 37 files").click()
    expect(page.locator(".node")).to_have_count(3 + 20)
    node(page, "17 more files").get_by_role("button", name="Show each").click()
    expect(page.locator(".node")).to_have_count(2 + 37)


def test_a_click_selects_and_moves_nothing(look: Look, signs: StoryFixture) -> None:
    """Cards stay where they are when one is clicked; only a button re-centres."""
    page = look(f"/?focus={signs.find('Label signs')}&sel=")
    expect(node(page, "Labelled signs").first).to_be_visible()
    names = ("Road signs", "Label signs", "night rain")
    before = [place(page, name) for name in names]
    node(page, "night rain").locator(".node-main").click()
    expect(page.locator(".panel")).to_contain_text("night rain")
    assert [place(page, name) for name in names] == before
    page.get_by_role("button", name="Centre here").click()
    expect(page.locator(".node.is-focus")).to_contain_text("night rain")


def test_opening_more_keeps_the_rest_in_place(look: Look, signs: StoryFixture) -> None:
    """What a `+` adds does not throw the drawn nodes about."""
    page = look(f"/?focus={signs.find('Label signs')}&sel={signs.find('Label signs')}")
    expect(node(page, "Label signs")).to_be_visible()
    names = ("Road signs", "Label signs")
    before = [place(page, name) for name in names]
    node(page, "Road signs").first.get_by_role("button", name="more upstream").click()
    expect(node(page, "Import signs")).to_be_visible()
    for was, name in zip(before, names, strict=True):
        now = place(page, name)
        assert abs(now[0] - was[0]) < 2
        assert abs(now[1] - was[1]) < 60


def test_a_path_between_two_nodes_is_highlighted(
    look: Look, signs: StoryFixture
) -> None:
    """Choosing two ends highlights the path and dims the rest."""
    start = signs.find("Import signs")
    page = look(f"/?focus={start}&sel={start}&down=all")
    page.get_by_role("button", name="Path to…").click()
    expect(page.get_by_text("Now choose the other end")).to_be_visible()
    node(page, "Evaluate signs").locator(".node-main").click()
    expect(page.get_by_text("The path runs through")).to_be_visible()
    expect(node(page, "Label signs")).to_have_class(
        "node node-task is-task is-highlighted"
    )
    assert node(page, "night rain").count() == 0 or "is-dim" in str(
        node(page, "night rain").get_attribute("class")
    )
    expect(page.locator(".edge-line.is-highlighted").first).to_be_attached()
    page.get_by_role("button", name="Clear the path").click()
    expect(page.get_by_text("The path runs through")).to_have_count(0)


def test_a_path_is_found_beyond_what_is_drawn(look: Look, signs: StoryFixture) -> None:
    """The other end may be searched; the nodes between are added."""
    start = signs.find("Import signs")
    page = look(f"/?focus={start}&sel={start}&down=0&up=0")
    page.get_by_role("button", name="Path to…").click()
    box = page.get_by_role("combobox", name="Search the other end")
    box.fill("Evaluate signs")
    expect(page.locator(".panel").get_by_role("option").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(node(page, "Label signs")).to_be_visible()
    expect(node(page, "Evaluate signs")).to_be_visible()


def test_keys_move_zoom_and_fit(look: Look, signs: StoryFixture) -> None:
    """Arrow keys follow the lines; plus, minus, f and c move the view."""
    page = look(f"/?focus={signs.find('Label signs')}")
    page.locator(".node.is-focus .node-main").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".node.is-selected")).to_contain_text("Labelled signs")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".node.is-selected")).to_contain_text("Label signs")
    view = page.locator(".react-flow__viewport")
    before = view.get_attribute("style")
    page.keyboard.press("+")
    expect(view).not_to_have_attribute("style", str(before))
    page.keyboard.press("f")
    page.keyboard.press("Escape")
    expect(page.locator(".panel")).to_have_count(0)


def test_zoom_fit_and_map_are_there(look: Look, signs: StoryFixture) -> None:
    """The view has buttons, and a map of the whole."""
    page = look(f"/?focus={signs.find('Label signs')}")
    for name in ("Zoom in", "Zoom out", "Fit the graph", "Centre the selected node"):
        page.get_by_role("button", name=name).click()
    expect(page.locator(".react-flow__minimap-node")).to_have_count(4)


def test_the_layout_runs_off_the_pages_thread(look: Look, signs: StoryFixture) -> None:
    """Positions come from a worker that is served by this origin."""
    page = look(f"/?focus={signs.find('Label signs')}")
    expect(node(page, "Label signs")).to_be_visible()
    assert [worker for worker in page.workers if "layout" in worker.url]


def test_a_name_that_nothing_has_is_shown_as_unknown(
    look: Look, signs: StoryFixture
) -> None:
    """An unknown name gets a message that says what to do next."""
    page = look("/?focus=name:nothing-like-it")
    expect(page.locator("main")).to_contain_text("Nothing here has that name")


def test_the_graph_is_also_a_list(look: Look, signs: StoryFixture) -> None:
    """Every node and its neighbours can be read as a table."""
    page = look(f"/?focus={signs.find('Label signs')}")
    page.get_by_role("button", name="List").click()
    row = page.get_by_role("row").filter(has_text="Label signs").first
    expect(row).to_be_visible()
    expect(page.get_by_role("table")).to_contain_text("night rain")


def test_a_task_opens_into_its_steps_and_folds_again(
    look: Look, signs: StoryFixture
) -> None:
    """Each edge then ends at its step; before, the edges of the task name theirs."""
    key = signs.find("Train signs")
    page = look(f"/?focus={key}&sel={key}&by=run")
    expect(page.locator(".edge-words")).to_have_text(["fit weights"])
    node(page, "Train signs").get_by_role("button", name="Show 1 step").click()
    step = page.locator(".node-step")
    expect(step).to_contain_text("fit weights")
    expect(step).to_contain_text("step · task")
    step.locator(".node-main").click()
    expect(page.locator(".panel")).to_contain_text("Step fit weights")
    expect(page.locator(".edge-line.is-highlighted")).to_have_count(1)
    step.get_by_role("button", name="Fold the steps").click()
    expect(step).to_have_count(0)
    expect(node(page, "Train signs")).to_be_visible()
