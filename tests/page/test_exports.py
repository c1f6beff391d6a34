"""Taking the graph away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from page_fixture import StoryFixture
from playwright.sync_api import Page, expect

Look = Callable[..., Any]


def exported(page: Page, name: str) -> bytes:
    """What an entry of the export menu hands out."""
    if page.locator(".menu").count() == 0:
        page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.locator(".menu").get_by_role("button", name=name).click()
    return Path(download.value.path()).read_bytes()


def test_pictures_and_texts_leave_the_page(look: Look, signs: StoryFixture) -> None:
    """PNG, SVG, Mermaid, DOT and JSON hold what is drawn."""
    page = look(f"/?focus={signs.find('Label signs')}")
    expect(page.locator(".node").filter(has_text="Label signs")).to_be_visible()
    assert exported(page, "PNG").startswith(b"\x89PNG")
    drawing = ElementTree.fromstring(exported(page, "SVG"))
    texts = [text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert "Label signs" in texts
    mermaid = exported(page, "Mermaid").decode()
    assert mermaid.startswith("flowchart LR\n")
    assert "-->" in mermaid
    dot = exported(page, "DOT").decode()
    assert dot.startswith("digraph lineage {")
    assert "Road signs" in dot
    graph = json.loads(exported(page, "JSON"))
    assert {node["name"] for node in graph["nodes"]} >= {"Label signs", "Road signs"}
