"""A store with 600 runs and 3,000 artifacts: the first view stays readable."""

# Longer than 400 lines: filling the store takes longest, and one serves all tests.

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from instance_server import Served, in_thread, settings_for
from page_store import FAIL_EVERY, RUNS, fill_store
from playwright.sync_api import Page, Response, Route, expect
from shared_making import made_once

Look = Callable[..., Any]

#: Nodes of a first view, at most.
MAX_NODES = 60
#: Bytes of the answer from which a first view is drawn, at most.
MAX_BYTES = 60_000
#: Versions of `best.pt`, of which every training that does not fail makes one.
VERSIONS = 186
#: Keeps the names of what is asked for before and after the first node stands.
_WATCH = """() => {
  window.asked = {before: [], after: []};
  const ask = window.fetch;
  window.fetch = (address, ...rest) => {
    const name = String(address).split('/').pop();
    const isPolled = ['lineage.changes', 'lineage.delivery.status'].includes(name);
    const when = document.querySelector('.node.is-focus') ? 'after' : 'before';
    if (!isPolled) window.asked[when].push(name);
    return ask(address, ...rest);
  };
}"""
#: No text on the screen is smaller.
MIN_TEXT_PX = 11.0


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a store with 600 runs, built once; each worker has its own copy."""
    made = made_once(tmp_path_factory, "600 runs", fill_store)
    return shutil.copytree(made / "home", tmp_path_factory.mktemp("runs") / "home")


@pytest.fixture
def served(filled: Path, tmp_path: Path) -> Iterator[Served]:
    """The filled store, served."""
    store = f"sqlite:///{filled / 'instance.db'}"
    with in_thread(settings_for(tmp_path / "served", store=store)) as served:
        yield served


def artifact(served: Served, name: str) -> str:
    """Return the key of the current version of an artifact."""
    body = {"text": name, "sort": "-versions", "limit": 1}
    page = served.post("lineage.artifacts.list", body).json()
    return str(page["artifacts"][0]["node"]["key"])


def smallest_text(page: Page) -> float:
    """Return the size on the screen of the smallest text that is shown in the graph."""
    return float(
        page.evaluate(
            """() => {
              const view = document.querySelector('.react-flow__viewport');
              const zoom = new DOMMatrix(getComputedStyle(view).transform).a;
              const sizes = [...view.querySelectorAll('*')].filter(element =>
                element.checkVisibility() && [...element.childNodes].some(
                  child => child.nodeType === 3 && child.data.trim()))
                .map(element => parseFloat(getComputedStyle(element).fontSize) * zoom);
              return Math.min(99, ...sizes);
            }"""
        )
    )


#: Names and counts of the nodes of which a part is cut off, or which are not shown.
_CUT = """() => [...document.querySelectorAll(
    '.node-head, .node-tail, .expand span')]
  .filter(part => !part.checkVisibility() || part.scrollWidth > part.clientWidth + 1)
  .filter(part => part.textContent)
  .map(part => part.textContent)"""


@pytest.mark.parametrize("width", [1280, 1400])
def test_a_long_chain_fits_with_whole_names(
    look: Look, served: Served, width: int
) -> None:
    """Seven columns fit beside each other: no name is cut and no count is a dot."""
    key = artifact(served, "best.pt")
    size = {"width": width, "height": 800}
    page = look(f"/?focus={key}&up=all&down=all", viewport=size)
    expect(page.locator(".node", has_text="project 12")).to_be_visible()
    expect(page.locator(".outside")).to_have_text("14 nodes in view")
    page.wait_for_timeout(300)
    assert page.evaluate(_CUT) == []
    assert smallest_text(page) >= MIN_TEXT_PX - 0.1


def test_a_graph_beside_its_panel_is_fitted_by_narrower_nodes(
    look: Look, served: Served
) -> None:
    """A click moves nothing; fitted again, all stands beside the panel, uncut."""
    key = artifact(served, "best.pt")
    page = look(f"/?focus={key}&up=all&down=all")
    train = page.locator(".node", has_text="Train unet")
    train.locator(".node-main").click()
    expect(page.locator(".outside")).to_contain_text("outside the view")
    page.get_by_role("button", name="Fit the graph").click()
    expect(page.locator(".outside")).to_have_text("14 nodes in view")
    page.wait_for_timeout(500)
    assert page.evaluate(_CUT) == []


def test_what_is_opened_comes_into_view(look: Look, served: Served) -> None:
    """The runs of a group stand beside it, where there was nothing to see before."""
    page = look(f"/?focus={artifact(served, 'best.pt')}&up=1&down=1")
    runs = page.locator(".node", has_text="Train unet")
    runs.locator(".ungroup").click()
    expect(runs).not_to_have_count(1)
    page.wait_for_timeout(1000)
    canvas = page.locator(".canvas").bounding_box()
    boxes = [run.bounding_box() for run in runs.all()]
    assert canvas
    assert all(boxes)
    assert min(box["x"] for box in boxes if box) >= canvas["x"]
    assert min(box["y"] for box in boxes if box) >= canvas["y"]


@pytest.mark.parametrize("by", ["artifact", "run"])
@pytest.mark.parametrize("depth", ["1", "all"])
@pytest.mark.parametrize("name", ["best.pt", "berlin/shop.csv"])
def test_a_first_view_has_60_nodes_at_most(
    look: Look, served: Served, name: str, depth: str, by: str
) -> None:
    """Whatever the focus and depth, nodes are few, readable, and counted."""
    key = artifact(served, name)
    page = look(f"/?focus={key}&up={depth}&down={depth}&by={by}")
    expect(page.locator(".node.is-focus").first).to_be_visible()
    assert page.locator(".node").count() <= MAX_NODES
    assert smallest_text(page) >= MIN_TEXT_PX - 0.1
    expect(page.locator(".outside")).to_contain_text(re.compile("in view|outside"))


@pytest.mark.parametrize("depth", ["1", "all"])
def test_a_first_view_requests_little(look: Look, served: Served, depth: str) -> None:
    """One small answer draws the graph, whatever number of versions it counts."""
    key = artifact(served, "best.pt")
    requested: dict[str, list[Response]] = {}
    page = look("/")
    page.on(
        "response",
        lambda answer: requested.setdefault(answer.url.rsplit("/", 1)[-1], []).append(
            answer
        ),
    )
    page.goto(f"{served.address}/?focus={key}&up={depth}&down={depth}")
    expect(page.locator(".node.is-focus").first).to_be_visible()
    (answer,) = requested["lineage.graph.overview"]
    drawn = answer.json()
    assert len(answer.body()) <= MAX_BYTES
    assert len(drawn["items"]) <= MAX_NODES
    assert drawn["nodes"] >= RUNS // 2
    assert "lineage.graph.get" not in requested


def test_the_graph_stands_before_its_details_are_requested(
    look: Look, served: Served
) -> None:
    """From the click to the graph there is one request; the details are one more."""
    key = artifact(served, "best.pt")
    page = look("/")
    page.wait_for_load_state("networkidle")
    page.get_by_role("combobox").first.fill("best.pt")
    hit = page.get_by_role("option").filter(has_text="best.pt").first
    hit.wait_for()
    page.evaluate(_WATCH)
    hit.click()
    expect(page.locator(".node.is-focus").first).to_be_visible()
    expect(page.get_by_text(f"Show more of {VERSIONS}")).to_be_visible()
    page.wait_for_load_state("networkidle")
    before, after = page.evaluate("[window.asked.before, window.asked.after]")
    assert before == ["lineage.graph.overview"]
    assert sorted(after) == ["lineage.data.get", "lineage.graph.get"]
    detail = served.post("lineage.data.get", {"key": key, "most_versions": 50}).json()
    assert len(detail["versions"]) == 50
    assert detail["versions_total"] == VERSIONS


def test_a_linked_graph_is_requested_while_its_view_is_fetched(
    look: Look, served: Served
) -> None:
    """The first answer does not wait for the part of the page that draws it."""
    key = artifact(served, "best.pt")
    page = look("/")
    held: list[Route] = []
    page.route("**/assets/GraphView*.js", lambda route: held.append(route))  # noqa: PLW0108  playwright marks it
    with page.expect_response("**/lineage.graph.overview"):
        page.goto(f"{served.address}/?focus={key}", wait_until="commit")
    assert page.locator(".node").count() == 0
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    for route in held:
        route.continue_()
    expect(page.locator(".node.is-focus").first).to_be_visible()
    assert not [url for url in requests if url.endswith("lineage.graph.overview")]


def test_runs_and_versions_are_counted_and_opened(look: Look, served: Served) -> None:
    """An app is one node with its runs and failures, an artifact one with versions."""
    page = look(f"/?focus={artifact(served, 'berlin/shop.csv')}")
    train = page.locator(".node", has_text="Train unet")
    expect(train).to_contain_text("runs")
    expect(train).to_contain_text("failed")
    expect(page.locator(".node.is-focus")).to_contain_text("67 versions")
    train.get_by_role("button", name="Show each of Train unet").click()
    each = page.locator(".node-task", has_text="Train unet")
    expect(each).to_have_count(20)
    expect(page.locator(".node-group", has_text="Train unet")).to_contain_text("more")


def test_the_list_has_a_row_for_each_group_and_pages_of_its_members(
    look: Look, served: Served
) -> None:
    """The list shows what the picture shows; a group opens into all of its members."""
    page = look(f"/?focus={artifact(served, 'best.pt')}&as=list")
    region = page.get_by_role("region", name="The graph as a list")
    rows = region.locator("tbody tr")
    best = rows.filter(has=page.get_by_role("rowheader", name=f"{VERSIONS} versions"))
    expect(best).to_have_count(1)
    before = rows.count()
    assert before <= MAX_NODES
    best.get_by_role("button", name="Members of").click()
    shown = 50
    while shown < VERSIONS:
        more = region.get_by_role("button", name=re.compile(f"more of {VERSIONS}"))
        expect(rows).to_have_count(before + shown + 1)
        more.click()
        shown = min(shown + 50, VERSIONS)
    expect(rows).to_have_count(before + VERSIONS)
    expect(region).to_contain_text("Train unet")
    runs = rows.filter(has=page.get_by_role("rowheader", name="200 runs"))
    runs.get_by_role("button", name="Members of").click()
    expect(region).to_contain_text("threshold=0.1")
    expect(region).to_contain_text("threshold=0.7")


def test_runs_are_distinguished_by_number_time_and_parameters(
    look: Look, served: Served
) -> None:
    """No two runs read the same; a failed one differs in shape and word."""
    page = look(f"/?focus={artifact(served, 'berlin/shop.csv')}")
    train = page.locator(".node-group", has_text="Train unet")
    train.get_by_role("button", name="Show each of Train unet").click()
    each = page.locator(".node-task", has_text="Train unet")
    expect(each).to_have_count(20)
    texts = each.all_text_contents()
    assert len(set(texts)) == len(texts)
    assert all("lr=" in text and "task " in text for text in texts)
    failed = page.locator(".node-task.is-failed").first
    expect(failed).to_contain_text("failed")
    expect(failed.locator("svg.status-icon")).to_be_visible()


def test_impact_names_an_artifact_once(look: Look, served: Served) -> None:
    """A name that 67 versions have is one line, with their number."""
    page = look("/?view=impact&focus=berlin/shop.csv")
    lead = page.locator(".lead-nodes")
    expect(lead.get_by_role("link")).to_have_count(1)
    expect(lead).to_contain_text("berlin/shop.csv")
    expect(lead).to_contain_text("and 66 other versions")
    first = page.locator("tbody tr").first
    expect(first.locator('[data-column="Status"]')).to_have_text("stale")


@pytest.mark.parametrize("view", ["stale", "impact"])
def test_a_table_fits_on_a_phone(look: Look, served: Served, view: str) -> None:
    """No column is outside the screen, and each cell says its column."""
    phone = {"width": 390, "height": 844}
    page = look(f"/?view={view}&focus=berlin/shop.csv&all=1", viewport=phone)
    if view == "stale":
        page.get_by_role("button", name="Show everything").click()
    cells = page.locator("tbody tr").first.locator("td")
    expect(cells.first).to_be_visible()
    for cell in cells.all():
        box = cell.bounding_box()
        assert box is None or box["x"] + box["width"] <= 390
    expect(cells.nth(1)).to_have_attribute("data-column", re.compile("Made by|Effect"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_list_of_nodes_fits_on_a_phone(look: Look, served: Served) -> None:
    """A row is a block, whose cells name their columns; nothing is scrolled aside."""
    phone = {"width": 390, "height": 844}
    key = artifact(served, "best.pt")
    page = look(f"/?focus={key}&as=list", viewport=phone)
    box = page.get_by_role("region", name="The graph as a list")
    row = box.locator("tbody tr").filter(has_text="Evaluate unet").first
    expect(row.locator('[data-column="Comes from"]')).to_contain_text("best.pt")
    expect(row.locator('[data-column="Leads to"]')).to_be_visible()
    row.get_by_role("button", name="Members of").click()
    expect(box.locator('[data-column="Differs in"]').first).to_contain_text("threshold")
    assert box.evaluate("box => box.scrollWidth <= box.clientWidth")


@pytest.mark.parametrize("width", [1440, 390])
def test_a_path_keeps_its_end_however_narrow(
    look: Look, served: Served, width: int
) -> None:
    """The folder of all is the same; what distinguishes files is the end."""
    page = look("/?tab=data", viewport={"width": width, "height": 844})
    rows = page.locator(".artifact-row")
    expect(rows.first).to_be_visible()
    for row in rows.all()[:10]:
        place = row.locator(".task-place")
        path = place.get_attribute("title") or ""
        assert path.endswith(place.locator(".middle-tail").inner_text())
        end = place.locator(".middle-tail > span").bounding_box()
        cell = row.get_by_role("rowheader").bounding_box()
        assert end is not None
        assert cell is not None
        assert end["x"] + end["width"] <= cell["x"] + cell["width"]
    assert "file://" not in rows.first.inner_text()


def test_runs_that_are_found_have_number_time_and_parameters(
    look: Look, served: Served
) -> None:
    """Two hundred runs have one name."""
    page = look()
    page.get_by_role("combobox", name="Search tasks and data").fill("train")
    hits = page.get_by_role("option")
    expect(hits.first).to_contain_text(re.compile(r"task 599 · finished · lr=0\.003"))
    expect(hits.first).to_contain_text(re.compile("ago|just now"))
    texts = [hit.inner_text() for hit in hits.all()]
    assert len(set(texts)) == len(texts) > 5


def test_the_strip_of_versions_names_how_many_it_shows(
    look: Look, served: Served
) -> None:
    """The newest come with the panel, all of them on request."""
    key = artifact(served, "best.pt")
    panel = look(f"/?focus={key}&sel={key}").locator(".panel")
    count = panel.locator(".strip figcaption span").nth(1)
    expect(count).to_have_text(f"the newest 50 of {VERSIONS} versions")
    expect(panel.locator(".facts")).to_contain_text(re.compile("Path/.*best.pt"))
    panel.get_by_role("button", name=f"Show more of {VERSIONS}").click()
    expect(count).to_have_text(f"{VERSIONS} versions")


def test_the_chosen_node_is_never_covered(look: Look, served: Served) -> None:
    """The panel takes its room from the graph, and the chosen node moves into view."""
    page = look(f"/?focus={artifact(served, 'best.pt')}&up=all&down=all")
    node = page.locator(".node", has_text="report.md").first
    node.locator(".node-main").click()
    panel = page.locator(".panel")
    expect(panel).to_be_visible()
    page.wait_for_timeout(500)
    box, side = node.bounding_box(), panel.bounding_box()
    assert box
    assert side
    assert box["x"] + box["width"] <= side["x"] + 1


def test_the_minimap_covers_no_node(look: Look, served: Served) -> None:
    """The map stands beside the graph."""
    page = look(f"/?focus={artifact(served, 'best.pt')}&up=all&down=all")
    expect(page.locator(".react-flow__minimap")).to_be_visible()
    graph = page.locator(".canvas").bounding_box()
    minimap = page.locator(".react-flow__minimap").bounding_box()
    assert graph
    assert minimap
    assert minimap["y"] >= graph["y"] + graph["height"]


def test_the_store_is_written_into_its_folder_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the environment says, and wherever the program is started."""
    started = tmp_path / "started"
    started.mkdir()
    monkeypatch.chdir(started)
    monkeypatch.setenv("LINEAGE_HOME", str(tmp_path / "other"))
    monkeypatch.setenv("LINEAGE_ENABLED", "0")
    home = fill_store(tmp_path / "store", 3)
    assert (home / "instance.db").exists()
    assert not list(started.iterdir())
    assert {path.name for path in tmp_path.iterdir()} == {"store", "started"}


def test_the_store_is_as_large_as_promised(served: Served) -> None:
    """600 runs, 3,000 artifacts, and trainings that failed."""
    tasks = served.post("lineage.tasks.list", {"limit": 1}).json()
    assert tasks["total"] == RUNS
    failed = {"limit": 1, "status": "error"}
    assert served.post("lineage.tasks.list", failed).json()["total"] == RUNS // 3 // (
        FAIL_EVERY
    )
    page = served.post("lineage.artifacts.list", {"limit": 1}).json()
    assert page["total"] >= 3000
