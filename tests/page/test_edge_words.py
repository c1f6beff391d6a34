"""The words of edges have room of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from instance_server import Served
from page_fixture import START, StoryFixture
from playwright.sync_api import expect

Look = Callable[..., Any]

#: The words of edges that are nearer than a few points to a node, among those shown.
_TOUCHING = """() => {
  const nodes = [...document.querySelectorAll('.node')]
    .map(node => node.getBoundingClientRect());
  return [...document.querySelectorAll('.edge-words')].filter(text => {
    const box = text.getBoundingClientRect();
    return box.width > 0 && nodes.some(node =>
      box.left < node.right + 3 && box.right > node.left - 3
      && box.top < node.bottom && box.bottom > node.top);
  }).map(text => text.textContent);
}"""


def test_words_of_an_edge_touch_no_node(look: Look, served: Served) -> None:
    """Columns stand as far apart as the measured words between them need."""
    story = StoryFixture(served)
    story.task("run", "Prepare")
    names = (
        "preprocess1",
        "Wide WWWWWWWWW",
        "a name that is far too long to stand whole",
    )
    for number, name in enumerate(names):
        step = {"key": f"s{number}", "name": name, "at": START}
        story.uses("run", "file", f"/w/{number}.csv", step=step)
        story.makes("run", "file", f"/w/out-{number}.csv", step=step)
    story.end("run")
    story.send()
    key = story.find("Prepare")
    page = look(f"/?focus={key}&sel={key}")
    words = page.locator(".edge-words")
    expect(words).to_have_count(2 * len(names))
    assert "preprocess1" in words.all_text_contents()
    for zoom_out in range(3):
        if zoom_out:
            page.get_by_role("button", name="Zoom out").click()
            page.wait_for_timeout(400)
        assert page.evaluate(_TOUCHING) == []
