"""Landing: recent tasks and a search box that has the focus."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from instance_server import Served, in_thread, settings_for
from page_fixture import StoryFixture
from playwright.sync_api import Route, expect

Look = Callable[..., Any]


def test_recent_tasks_are_listed_in_words(look: Look, signs: StoryFixture) -> None:
    """One lands on what ran last: name, status, when, how long, what became what."""
    page = look()
    rows = page.locator(".task-row")
    expect(rows).to_have_count(7)
    training = rows.filter(has_text="Train signs").last
    expect(training).to_contain_text("finished")
    expect(training).to_contain_text("Labelled signs")
    expect(training).to_contain_text("→")
    expect(training).to_contain_text("best.pt")
    expect(training).to_contain_text("6 min")
    expect(rows.filter(has_text="Import signs")).to_contain_text("more")
    expect(rows.filter(has_text="Evaluate signs")).to_contain_text("failed")


def test_tasks_are_narrowed_by_status(look: Look, signs: StoryFixture) -> None:
    """A status shows its tasks only."""
    page = look()
    page.get_by_role("button", name="Failed", exact=True).click()
    expect(page.locator(".task-row")).to_have_count(1)
    expect(page.locator(".task-row")).to_contain_text("Evaluate signs")


def test_typing_arrows_and_enter_open_the_graph(
    look: Look, signs: StoryFixture
) -> None:
    """The box has the focus: part of a name, an arrow and Enter lead to the graph."""
    page = look()
    box = page.get_by_role("combobox", name="Search tasks and data")
    expect(box).to_be_focused()
    page.keyboard.type("best")
    expect(page.get_by_role("option").first).to_contain_text("best.pt")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.locator(".node.is-focus")).to_contain_text("best.pt")


def test_enter_opens_the_first_hit_of_the_whole_text(
    look: Look, signs: StoryFixture
) -> None:
    """Enter waits for the answer to what was typed, while hits of a part are shown."""
    page = look()
    box = page.get_by_role("combobox", name="Search tasks and data")
    box.fill("e")
    expect(page.get_by_role("option").first).not_to_contain_text("best.pt")
    held: list[Route] = []
    is_held = True

    def hold(route: Route) -> None:
        # New facts, too, have the page request the answer again.
        held.append(route) if is_held else route.continue_()

    page.route("**/lineage.search", hold)
    with page.expect_request("**/lineage.search"):
        box.fill("best.pt")
    page.keyboard.press("Enter")
    expect(page.get_by_role("option").first).not_to_contain_text("best.pt")
    is_held = False
    for route in held:
        route.continue_()
    expect(page.locator(".node.is-focus")).to_contain_text("best.pt")


def test_a_typed_id_or_selector_opens_its_graph(
    look: Look, signs: StoryFixture
) -> None:
    """`project:12` and Enter show that project without choosing a hit."""
    page = look()
    page.get_by_role("combobox", name="Search").fill("project:12")
    page.keyboard.press("Enter")
    expect(page.locator(".node.is-focus")).to_contain_text("Road signs")


def test_a_search_without_hits_shows_that_nothing_is_found(
    look: Look, signs: StoryFixture
) -> None:
    """Nothing found is a message, not emptiness."""
    page = look()
    page.get_by_role("combobox", name="Search").fill("zzzzz")
    expect(page.locator(".hits-note")).to_contain_text("Nothing has that name")


def test_an_empty_store_shows_what_to_do(look: Look, served: Served) -> None:
    """An empty store shows the lines to write and the command to run."""
    page = look()
    expect(page.get_by_text("Nothing was recorded yet")).to_be_visible()
    expect(page.locator("pre")).to_contain_text("@produces_file")
    expect(page.get_by_text("lineage doctor")).to_be_visible()


def test_waiting_facts_are_shown(chromium: Any, folder: Path) -> None:
    """The header shows facts on their way, the empty page why it is empty."""
    status = {"waiting": 12, "refused": 2, "oldest_s": 90.0, "dropped": 0}
    settings = settings_for(folder / "home", delivery_status=lambda: status)
    with in_thread(settings) as served:
        page = chromium.new_page()
        page.goto(served.address)
        header = page.locator(".delivery")
        expect(header).to_contain_text("12 facts waiting, oldest 1 min 30 s, 2 refused")
        expect(page.get_by_text("Recorded, but not here yet")).to_be_visible()
        expect(page.get_by_text("lineage status")).to_be_visible()
        page.close()


def test_new_facts_appear_by_themselves(look: Look, signs: StoryFixture) -> None:
    """A running app's facts are shown without a reload."""
    page = look()
    expect(page.locator(".task-row")).to_have_count(7)
    signs.task("late", "A late task")
    signs.makes("late", "project", 99)
    signs.send()
    expect(page.locator(".task-row")).to_have_count(8)
    expect(page.locator(".task-row").filter(has_text="A late task")).to_be_visible()


def test_a_token_is_requested_once(look: Look, served: Served) -> None:
    """Where tokens exist the page asks for one, and keeps it out of scripts' reach."""
    secret = served.token("7")
    page = look()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Token").fill(secret)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Nothing was recorded yet")).to_be_visible()
    stored = page.evaluate(
        "JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage},"
        " location.href])"
    )
    assert secret not in stored
    page.reload()
    expect(page.get_by_text("Nothing was recorded yet")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_server_that_is_gone_is_shown(look: Look, signs: StoryFixture) -> None:
    """When the server stops answering, the header says so and the page stays."""
    page = look()
    expect(page.locator(".task-row")).to_have_count(7)
    page.route("**/public/**", lambda route: route.fulfill(status=503, body="{}"))
    expect(page.locator(".delivery")).to_contain_text("no answer")
    expect(page.locator(".task-row")).to_have_count(7)
    page.unroute("**/public/**")
    expect(page.locator(".delivery")).to_contain_text("live")


def test_runs_are_sorted_and_filtered_in_the_address(
    look: Look, signs: StoryFixture
) -> None:
    """A header sorts, a text or selector narrows, and the address holds both."""
    page = look()
    expect(page.locator(".task-row")).to_have_count(7)
    page.get_by_role("columnheader", name="Run").get_by_role("button").click()
    names = page.locator(".task-row .task-name a")
    expect(names.first).to_have_text("Evaluate signs")
    page.get_by_label("Filter the runs").fill("label")
    expect(page.locator(".task-row")).to_have_count(2)
    assert "sort=name" in page.url
    assert "q=label" in page.url
    other = look("/" + page.url.split("/", 3)[3])
    expect(other.locator(".task-row")).to_have_count(2)
    other.get_by_label("Filter the runs").fill("user:mara")
    expect(other.locator(".task-row")).to_have_count(3)


def test_models_and_data_are_one_row_each(look: Look, signs: StoryFixture) -> None:
    """An artifact is one row with its versions and runs, and opens its graph."""
    page = look()
    page.get_by_role("button", name="Models").click()
    row = page.locator(".artifact-row")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("best.pt")
    expect(row).to_contain_text("2 runs")
    page.get_by_role("button", name="Data", exact=True).click()
    page.get_by_label("Filter the artifacts").fill("confusion")
    # The one row of the models may still stand there, and then all rows of the data.
    expect(row).to_contain_text(["confusion.png"])
    expect(row).to_have_count(1)
    page.locator(".artifact-row").get_by_role("link").click()
    expect(page.locator(".node.is-focus")).to_contain_text("confusion.png")


def test_a_run_is_compared_with_the_one_before_by_one_click(
    look: Look, signs: StoryFixture
) -> None:
    """The last two runs of an app stand side by side after one click."""
    page = look()
    row = page.locator(".task-row", has_text="Train signs").first
    row.get_by_role("button", name="with the run before").click()
    expect(page.locator(".side .node-line")).to_have_count(2)
    expect(page.locator("main")).to_contain_text("best.pt")


def test_two_runs_are_chosen_to_compare(look: Look, signs: StoryFixture) -> None:
    """Checkboxes choose the two runs that are compared."""
    page = look()
    boxes = page.locator(".task-row", has_text="Train signs").get_by_role("checkbox")
    boxes.first.check()
    expect(page.get_by_role("button", name="Compare", exact=True)).to_be_disabled()
    boxes.last.check()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page).to_have_url(re.compile(r"view=diff&a=task:\d+&b=task:\d+"))


@pytest.mark.parametrize("width", [390, 900])
def test_the_login_shows_its_whole_command(
    look: Look, served: Served, width: int
) -> None:
    """Nothing of the form is cut or sticks out, on a phone neither."""
    served.token("research")
    page = look(viewport={"width": width, "height": 700})
    form = page.locator(".login form")
    expect(form).to_contain_text("lineage token create --team TEAM --role reader")
    for part in (form, form.locator("code").first):
        is_cut = part.evaluate("part => part.scrollWidth > part.clientWidth + 1")
        assert not is_cut
