"""Cards: how a recorded thing is shown."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

import lineage
from lineage import WorkflowMeta, WorkflowSettings, cards
from lineage.testing import Recorded

Info = namedtuple("FileInfo", "id name")


def _card(card: Any, thing: Any, recorded: Recorded) -> Any:
    lineage.current_task().produces_file(thing, card=card)
    meta = recorded.edges[-1].get("meta", {})
    return meta.get("customRelationSettings")


@pytest.mark.parametrize(
    ("preset", "link"),
    [
        (cards.download, "/files/7"),
        (cards.folder, "/files/7/true"),
        (cards.checkpoint, "/files/7/true"),
        (cards.project, "/projects/7/datasets"),
        (cards.report, "/model-benchmark?id=7"),
        (cards.session, "/apps/sessions/{task_id}"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_presets(preset: Any, link: str, recorded: Recorded) -> None:
    """A preset takes the thing's name for title, and makes the link."""
    card = _card(preset, Info(7, "best.pt"), recorded)
    assert card["title"] == "<h4>best.pt</h4>"
    assert card["mainLink"]["url"] == link
    assert card["icon"]["icon"].startswith("zmdi-")


def test_a_link_to_what_has_no_id_yet_waits(recorded: Recorded) -> None:
    """The id of a path is known only when sent: until then a place is held for it."""
    card = _card(cards.folder, "out/best.pt", recorded)
    assert card["mainLink"]["url"] == "/files/{id}/true"
    assert card["title"] == "<h4>best.pt</h4>"


@pytest.mark.parametrize(
    ("card", "title"),
    [
        (WorkflowSettings(title="a <b>"), "<h4>a &lt;b&gt;</h4>"),
        (WorkflowSettings(title=cards.Markup("<b>a</b>")), "<h4><b>a</b></h4>"),
        (WorkflowMeta(relation_settings=WorkflowSettings(title="m")), "<h4>m</h4>"),
        (lambda thing: WorkflowSettings(title=thing.upper()), "<h4>X.BIN</h4>"),
        ({"customRelationSettings": {"title": "raw"}}, "raw"),
        (cards.folder.titled("Mine"), "<h4>Mine</h4>"),
    ],
)
def test_what_a_card_may_be(card: Any, title: str, recorded: Recorded) -> None:
    """Settings, a meta, a preset, a callable of the thing, or the wire's own form."""
    assert _card(card, "x.bin", recorded)["title"] == title


def test_a_changed_card_is_told_again(recorded: Recorded) -> None:
    """The same fact with the same card is told once."""
    for title in ("a", "a", "b"):
        _card(WorkflowSettings(title=title), "x.bin", recorded)
    assert len(recorded.edges) == 2


def test_no_card_and_a_wrong_card(recorded: Recorded) -> None:
    """None is no card; a wrong card costs the card, is counted, and keeps the edge."""
    assert _card(lambda thing: None, "a.bin", recorded) is None
    assert _card({"nonsense": 1}, "b.bin", recorded) is None
    lineage.current_task().produces_file("c.bin", card=lambda thing: 5)
    assert recorded.outputs == ["file:a.bin", "file:b.bin", "file:c.bin"]
    assert recorded.not_recorded


def test_secrets_in_cards_are_masked(recorded: Recorded) -> None:
    """What a card says goes through the mask too."""
    card = _card(
        WorkflowSettings(title="t", url="https://u:p@host/x", url_title="open"),
        "x.bin",
        recorded,
    )
    assert card["mainLink"]["url"] == "https://****@host/x"


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (Info(1, "n"), "n"),
        (Info(1, None), "FileInfo(id=1, name=None)"),
        ("a/b.txt", "b.txt"),
        ("a/b/", "b"),
        ("/", "/"),
        (Path("a/b"), "b"),
        (7, "7"),
        (object(), None),
    ],
)
def test_names(thing: Any, name: str | None) -> None:
    """A thing is named by its name, or by the end of its path."""
    assert cards.name_of(thing) == name
