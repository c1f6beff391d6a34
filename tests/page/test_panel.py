"""The side panel shows everything known about a node."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from instance_server import Served
from openlineage_events import columns_event
from page_fixture import StoryFixture, stat
from playwright.sync_api import Locator, expect

Look = Callable[..., Any]


def section(panel: Locator, title: str) -> Locator:
    """The section of the panel with a heading."""
    heading = panel.page.get_by_role(
        "heading", name=title, level=3, include_hidden=True
    )
    return panel.locator("details", has=heading)


def test_a_task_is_shown_in_full(look: Look, signs: StoryFixture) -> None:
    """Who, where, code, command, inputs, outputs, steps and their times."""
    key = signs.find("Train signs")
    panel = look(f"/?focus={key}&sel={key}").locator(".panel")
    for text in ("mara", "gpu-7", "4711", "3.11.7", "9f8e7d6c5b", "uncommitted"):
        expect(panel).to_contain_text(text)
    expect(panel).to_contain_text("train.py --out")
    expect(panel.locator("details", has_text="Inputs")).to_contain_text("Labelled")
    expect(panel.locator("details", has_text="Outputs")).to_contain_text("best.pt")
    expect(panel.locator(".steps")).to_contain_text("fit weights")
    expect(panel.locator(".step-params")).to_have_text(
        "epochs=20 rate=0.001 optimizer=adam"
    )
    expect(panel).to_contain_text("from Labelled signs")


def test_a_failed_task_shows_error_traceback_and_log(
    look: Look, signs: StoryFixture
) -> None:
    """What went wrong is on top; the last lines of the log are there."""
    key = signs.find("Evaluate signs")
    panel = look(f"/?focus={key}&sel={key}").locator(".panel")
    error = panel.get_by_role("region", name="Error")
    expect(error).to_contain_text("ValueError: labels are empty")
    expect(error).to_contain_text("Traceback (most recent call last)")
    expect(panel.locator(".log")).to_contain_text("reading 340 pictures")


def test_an_artifact_is_shown_in_full(look: Look, signs: StoryFixture) -> None:
    """Versions over time, digest, size, who made and who used it."""
    key = signs.data("/models/best.pt")
    page = look(f"/?focus={key}&sel={key}")
    panel = page.locator(".panel")
    expect(panel).to_contain_text("/models/best.pt")
    expect(panel).to_contain_text("sha256:")
    expect(panel.locator(".versions li")).to_have_count(2)
    expect(panel).to_contain_text("Train signs")
    older = panel.locator(".versions a").last
    older.click()
    expect(panel.locator("details", has_text="Used by")).to_contain_text("Evaluate")


def test_raw_json_and_meta_can_be_read(look: Look, signs: StoryFixture) -> None:
    """Nothing that the server knows is kept from the person."""
    key = signs.data("/experiments/118")
    panel = look(f"/?focus={key}&sel={key}").locator(".panel")
    panel.get_by_text("Raw JSON").click()
    expect(panel.locator("pre").last).to_contain_text('"produced_by"')
    panel.get_by_text("Meta", exact=True).click()
    expect(panel).to_contain_text("customRelationSettings")


def test_a_text_and_a_picture_are_previewed(look: Look, signs: StoryFixture) -> None:
    """A text file shows its text, a picture itself."""
    notes = signs.data("notes.txt")
    panel = look(f"/?focus={notes}&sel={notes}").locator(".panel")
    expect(panel.locator("pre.preview")).to_contain_text("loss falls")
    picture = signs.data("confusion.png")
    panel = look(f"/?focus={picture}&sel={picture}").locator(".panel")
    image = panel.locator("img.preview")
    expect(image).to_have_attribute("alt", "Preview of confusion.png")
    expect(image).to_have_js_property("naturalWidth", 1)


def test_two_teams_tasks_of_one_number_have_their_own_panels(
    look: Look, served: Served
) -> None:
    """Who sees two teams gets the task that was chosen, not its namesake."""
    for team in ("red", "blue"):
        run = {"uid": f"{team}-0", "task": team, "at": 1e9, "task_id": 12}
        fact = {"f": "task", "name": f"Of {team}", "host": f"{team}-host", **run}
        served.post(
            "lineage.facts.add", {"facts": [fact]}, token=served.token(team)
        ).raise_for_status()
    page = look()
    page.get_by_label("Token").fill(served.token(["red", "blue"]))
    page.get_by_role("button", name="Sign in").click()
    for team in ("red", "blue"):
        page.get_by_role("link", name=f"Of {team}").first.click()
        page.locator(".node-main", has_text=f"Of {team}").click()
        expect(page.locator(".panel")).to_contain_text(f"{team}-host")
        page.goto(served.address)


def test_a_table_is_previewed_by_its_first_rows(
    look: Look, served: Served, folder: Path
) -> None:
    """A CSV file shows its head and first rows as a table."""
    story = StoryFixture(served)
    table = folder / "shop.csv"
    table.write_text("day,amount\nmonday,3\n", "utf-8")
    story.task("export", "Export shop")
    story.makes("export", "file", str(table), stat=stat(table), local_path=str(table))
    story.end("export")
    story.send()
    key = story.data("shop.csv")
    rows = look(f"/?focus={key}&sel={key}").get_by_role("region", name="First rows")
    expect(rows.get_by_role("columnheader", name="amount")).to_be_visible()
    expect(rows.get_by_role("cell", name="monday")).to_be_visible()


def test_a_parquet_file_shows_its_rows_or_names_what_they_need(
    look: Look, served: Served, folder: Path
) -> None:
    """With pyarrow the panel has schema and rows; without, one clear sentence."""
    table = folder / "shop.parquet"
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        table.write_bytes(b"PAR1")
    else:
        parquet.write_table(
            pyarrow.table({"day": ["monday", "tuesday"], "amount": [3, 4]}), table
        )
    story = StoryFixture(served)
    story.task("export", "Export shop")
    story.makes("export", "file", str(table), stat=stat(table), local_path=str(table))
    story.end("export")
    story.send()
    key = story.data("shop.parquet")
    panel = look(f"/?focus={key}&sel={key}").locator(".panel")
    if table.read_bytes() == b"PAR1":
        expect(panel).to_contain_text("pip install 'workflow-lineage[parquet]'")
        return
    expect(panel).to_contain_text("2 rows, 2 columns")
    rows = panel.get_by_role("region", name="First rows")
    expect(rows.get_by_role("columnheader", name="amount int64")).to_be_visible()
    expect(rows.get_by_role("cell", name="tuesday")).to_be_visible()


def test_the_files_of_a_folder_are_listed_whole(look: Look, served: Served) -> None:
    """Every file is listed, page after page; what changed can be listed alone."""
    story = StoryFixture(served)
    for run, count in (("one", 250), ("two", 252)):
        entries = [[f"{at:03}.jpg", 10, None, 7] for at in range(count)]
        mark = f"stat:{count:064x}"
        manifest = {"digest": mark, "files": count, "bytes": 10 * count,
                    "entries": entries}  # fmt: skip
        story.task(run, "Collect images")
        story.makes(
            run, "folder", "/data/images", manifest=manifest,
            evidence=[{"kind": "dir-stat", "value": mark}],
        )  # fmt: skip
        story.end(run)
    story.send()
    answer = served.post("lineage.graph.get", {"select": "folder:/data/images"})
    key = max(answer.json()["focus"], key=lambda key: int(key.partition(":")[2]))
    panel = look(f"/?focus={key}&sel={key}").locator(".panel")
    rows = panel.get_by_role("region", name="Files").locator("tbody tr")
    expect(rows).to_have_count(100)
    panel.get_by_role("button", name="Show 100 more of 252").click()
    expect(rows).to_have_count(200)
    panel.get_by_role("button", name="Show 52 more of 252").click()
    expect(rows).to_have_count(252)
    panel.get_by_label("Only what changed since the version before").check()
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("added")


def test_a_run_shows_values_links_and_what_it_ran_in(
    look: Look, served: Served
) -> None:
    """Parameters and metrics are tables, other tools' runs links, the rest folded."""
    story = StoryFixture(served)
    story.task("fit", "Fit forest", environment={"package:numpy": "2.2.0"})
    story.fact("params", "fit", params={"depth": 7})
    story.fact("metrics", "fit", metrics=[["auc", 0.93, None]])
    links = [
        {"name": "mlflow", "url": "https://mlflow.example.org/runs/5"},
        {"name": "other", "url": "javascript:alert(1)"},
    ]
    story.fact("links", "fit", links=links)
    story.end("fit")
    story.send()
    key = story.find("Fit forest")
    panel = look(f"/?focus={key}&sel={key}").locator(".panel")
    expect(section(panel, "Parameters")).to_contain_text("depth7")
    expect(section(panel, "Metrics")).to_contain_text("auc0.93")
    also = section(panel, "Also in")
    expect(also.get_by_role("link", name="mlflow")).to_have_attribute(
        "href", "https://mlflow.example.org/runs/5"
    )
    expect(also.get_by_role("link")).to_have_count(1)
    place = section(panel, "Ran in")
    expect(place.get_by_text("package:numpy")).to_be_hidden()
    place.get_by_text("Ran in").click()
    expect(place).to_contain_text("2.2.0")


def test_the_facets_of_a_run_are_shown_as_they_came(look: Look, served: Served) -> None:
    """Also those that mean nothing to the instance; asked for when opened."""
    event = {
        "eventType": "COMPLETE",
        "eventTime": "2026-01-01T00:00:00Z",
        "run": {"runId": "r1", "facets": {"odd_facet": {"depth": 41}}},
        "job": {"namespace": "n", "name": "nightly"},
    }
    url = f"{served.address}/api/v1/lineage"
    assert requests.post(url, json=event, timeout=20).status_code == 200
    page = look("/?focus=app:nightly&sel=task:1")
    shown = section(page.locator(".panel"), "OpenLineage")
    expect(shown.locator("pre")).to_have_count(0)
    shown.get_by_role("heading").click()
    expect(shown.locator("pre")).to_contain_text("odd_facet")
    expect(shown.locator("pre")).to_contain_text("41")


def test_the_facets_of_a_dataset_are_shown_as_they_came(
    look: Look, served: Served
) -> None:
    """Those that each run gave of it; an artifact without facets has no such part."""
    answer = requests.post(
        f"{served.address}/api/v1/lineage", json=columns_event(), timeout=20
    )
    assert answer.status_code < 300, answer.text
    key = StoryFixture(served).data("mart.orders")
    shown = section(look(f"/?focus={key}&sel={key}").locator(".panel"), "OpenLineage")
    expect(shown.locator("pre")).to_have_count(0)
    shown.get_by_role("heading").click()
    expect(shown.locator("pre")).to_contain_text("columnLineage")
    expect(shown.locator("pre")).to_contain_text("raw.orders")


def test_columns_and_what_they_are_made_from_are_a_table(
    look: Look, served: Served
) -> None:
    """What an OpenLineage event names of a table is shown beside its details."""
    answer = requests.post(
        f"{served.address}/api/v1/lineage", json=columns_event(), timeout=20
    )
    assert answer.status_code < 300, answer.text
    key = StoryFixture(served).data("mart.orders")
    table = look(f"/?focus={key}&sel={key}").get_by_role("region", name="Columns")
    row = table.get_by_role("row").filter(has_text="total")
    expect(row).to_contain_text("DECIMAL")
    expect(row).to_contain_text("raw.orders price")
    assert table.evaluate("box => box.scrollWidth <= box.clientWidth")


def test_why_a_version_changed_is_answered_on_request(
    look: Look, signs: StoryFixture
) -> None:
    """One sentence names the first difference from the version before."""
    key = signs.data("/models/best.pt")
    panel = look(f"/?focus={key}&sel={key}").locator(".panel")
    answered = section(panel, "Why it changed")
    expect(answered.locator("p")).to_have_count(0)
    answered.get_by_text("Why it changed").click()
    expect(answered.locator("p").first).to_contain_text("best.pt")
