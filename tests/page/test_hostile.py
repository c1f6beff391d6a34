"""What apps send is shown as text, whatever they send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from instance_server import Served
from page_fixture import StoryFixture
from playwright.sync_api import expect

Look = Callable[..., Any]

IMAGE = "<img src=x onerror=\"document.body.dataset.hit='1'\">"
TITLES = {
    "image": IMAGE + "Plain",
    "script": "<script>document.body.dataset.hit='1'</script>Plain",
    "svg": "<svg onload=\"document.body.dataset.hit='1'\"></svg>Plain",
    "style": "<p style='position:fixed;inset:0'>Plain</p>",
    "heading": f"<h4>{IMAGE}Plain</h4><small>{IMAGE}more</small>",
}


def record(
    world: StoryFixture, title: str, *, name: str = "artifact", link: str = ""
) -> str:
    """Record a task with a card of this title; return the artifact's key."""
    settings: dict[str, Any] = {"title": title, "description": title}
    if link:
        settings["mainLink"] = {"url": link, "title": "Open it"}
    world.task("t", name[:1000])
    world.makes("t", "project", 5, name=name[:1000],
                meta={"customRelationSettings": settings})  # fmt: skip
    world.send()
    return world.key("project:5")


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES)
def test_markup_cannot_act(look: Look, served: Served, title: str) -> None:
    """Markup of an app neither runs nor loads nor covers anything."""
    key = record(StoryFixture(served), title)
    page = look(f"/?focus={key}&sel={key}")
    expect(page.locator(".node.is-focus .node-title")).to_have_text("Plain")
    expect(page.locator(".panel h2")).to_have_text("Plain")
    main = page.locator("main")
    assert main.locator("img, script, .panel-description [style]").count() == 0
    assert page.evaluate("document.body.dataset.hit") is None


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "JaVa\tScRiPt:alert(1)", "data:text/html,x", "//evil"],
)
def test_links_that_could_act_are_no_links(
    look: Look, served: Served, link: str
) -> None:
    """Only http, https and mailto are links."""
    key = record(StoryFixture(served), "Linked", link=link)
    page = look(f"/?focus={key}&sel={key}")
    expect(page.locator(".panel h2")).to_have_text("Linked")
    expect(page.get_by_role("link", name="Open it")).to_have_count(0)
    hrefs = page.locator("a").evaluate_all("links => links.map(link => link.protocol)")
    assert set(hrefs) <= {"http:", "https:"}


NAMES = {
    "override": "\u202eevil.exe\u202c",
    "arabic": "مشروع الطرق",
    "emoji": "👩‍🚀🛰️ 火星",
    "10kB": "x" * 10_000,
    "breaks": "a\nb\tc",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_strange_names_keep_their_place(look: Look, served: Served, name: str) -> None:
    """Names of any script and length stay inside their node and panel."""
    key = record(StoryFixture(served), name, name=name)
    page = look(f"/?focus={key}&sel={key}")
    node = page.locator(".node.is-focus")
    expect(node).to_be_visible()
    box, title = node.bounding_box(), node.locator(".node-title").bounding_box()
    assert box
    assert title
    assert title["x"] >= box["x"]
    assert title["x"] + title["width"] <= box["x"] + box["width"]
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert page.evaluate(wide) is False
    panel = page.locator(".panel")
    assert panel.evaluate("box => box.scrollWidth > box.clientWidth + 1") is False


def test_the_policy_allows_no_script_of_others(look: Look, served: Served) -> None:
    """The page comes with a strict policy, and inline script does not run."""
    page = look()
    policy = page.evaluate(
        "fetch('.').then(r => r.headers.get('content-security-policy'))"
    )
    assert "default-src 'none'" in policy
    assert "'unsafe" not in policy
