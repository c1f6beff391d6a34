"""Taking the graph away."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from instance_server import Served
from page_fixture import StoryFixture
from playwright.sync_api import Page, expect
from source_tree import ROOT

Look = Callable[..., Any]

#: What draws Mermaid on the pages where people paste it; of the page's own packages.
MERMAID = ROOT / "web" / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"


@dataclass(frozen=True)
class Document:
    """A file that was saved."""

    name: str
    content: bytes


def exported(page: Page, name: str) -> Document:
    """What an entry of the export menu hands out."""
    if page.locator(".menu").count() == 0:  # closed by a click elsewhere
        page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.locator(".menu").get_by_role(
            "button", name=re.compile(f"^{name} ")
        ).click()
    content = Path(download.value.path()).read_bytes()
    return Document(download.value.suggested_filename, content)


#: Every document of the menu, with the file that it is saved as.
DOCUMENTS = {
    "HTML": "lineage.html",
    "JSON": "lineage.json",
    "CSV": "lineage.csv",
    "Mermaid": "lineage.mmd",
    "DOT": "lineage.dot",
    "GraphML": "lineage.graphml",
    "PROV": "prov.json",
    "RO-Crate": "ro-crate-metadata.json",
    "ML-BOM": "ml-bom.cdx.json",
    "OpenLineage": "openlineage.jsonl",
}


def test_pictures_leave_the_page(look: Look, signs: StoryFixture) -> None:
    """PNG and SVG hold what is drawn."""
    page = look(f"/?focus={signs.find('Label signs')}")
    expect(page.locator(".node").filter(has_text="Label signs")).to_be_visible()
    assert exported(page, "PNG").content.startswith(b"\x89PNG")
    drawing = ElementTree.fromstring(exported(page, "SVG").content)
    texts = [text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert "Label signs" in texts


def test_every_document_leaves_the_page(look: Look, signs: StoryFixture) -> None:
    """All formats of `lineage export` are there, and hold the graph that is shown."""
    page = look(f"/?focus={signs.find('Label signs')}")
    expect(page.locator(".node").filter(has_text="Label signs")).to_be_visible()
    texts = {}
    for name, file in DOCUMENTS.items():
        document = exported(page, name)
        assert document.name == file
        texts[name] = document.content.decode()
    for name, text in texts.items():
        assert "Road signs" in text or name in ("ML-BOM", "OpenLineage"), name
    graph = json.loads(texts["JSON"])
    assert {node["name"] for node in graph["nodes"]} >= {"Label signs", "Road signs"}
    assert texts["DOT"].startswith("digraph")
    rows = list(csv.DictReader(io.StringIO(texts["CSV"])))
    assert len(rows) == len(graph["edges"])
    assert json.loads(texts["ML-BOM"])["bomFormat"] == "CycloneDX"
    events = [json.loads(line) for line in texts["OpenLineage"].splitlines()]
    assert "Label signs" in {event["job"]["name"] for event in events}


def test_a_passport_is_all_documents_with_their_digests(
    look: Look, signs: StoryFixture
) -> None:
    """The zip holds the origin of the focus, and the manifest fits its files."""
    page = look(f"/?focus={signs.data('notes.txt')}&up=0&down=0")
    expect(page.locator(".node.is-focus")).to_be_visible()
    passport = exported(page, "Passport")
    assert passport.name == "passport.zip"
    with zipfile.ZipFile(io.BytesIO(passport.content)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert set(manifest["documents"]) == set(DOCUMENTS.values())
        for file, digest in manifest["documents"].items():
            assert hashlib.sha256(archive.read(file)).hexdigest() == digest
    names = {artifact["name"] for artifact in manifest["artifacts"]}
    assert {"notes.txt", "best.pt", "Road signs"} <= names


def test_a_reader_exports_what_a_reader_may_see(
    chromium: Any, served: Served, signs: StoryFixture
) -> None:
    """A document is of the teams of whoever is signed in, and of no other."""
    task = signs.find("Label signs")
    secret = served.token("elsewhere", role="reader")
    page = chromium.new_page()
    page.goto(served.address)
    page.get_by_label("Token").fill(secret)
    page.get_by_role("button", name="Sign in").click()
    # Only when the token was accepted does its field go.
    expect(page.get_by_label("Token")).to_have_count(0)
    status = page.evaluate(
        """select => fetch('public/api/v3/lineage.graph.export', {
             method: 'POST', credentials: 'same-origin',
             headers: {'content-type': 'application/json', 'x-lineage-page': '1'},
             body: JSON.stringify({select, format: 'json'}),
           }).then(answer => answer.status)""",
        task,
    )
    assert status == 404
    page.close()


def test_mermaid_draws_what_is_exported(look: Look, signs: StoryFixture) -> None:
    """The package itself draws the flowchart, with a label for each node."""
    page = look(f"/?focus={signs.find('Label signs')}&up=all&down=all")
    expect(page.locator(".node").filter(has_text="Label signs")).to_be_visible()
    text = exported(page, "Mermaid").content.decode()
    nodes = len(json.loads(exported(page, "JSON").content)["nodes"])
    board = page.context.new_page()
    board.add_script_tag(path=MERMAID)
    drawing = board.evaluate(
        """async text => {
             mermaid.initialize({startOnLoad: false, maxEdges: 5000});
             return (await mermaid.render('drawing', text)).svg;
           }""",
        text,
    )
    board.set_content(drawing)
    assert board.locator("g.node").count() == nodes
    expect(board.locator("g.node").filter(has_text="Label signs")).to_have_count(1)
