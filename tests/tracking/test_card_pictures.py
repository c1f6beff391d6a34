"""The picture of the ready cards in the documents."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from xml.etree import ElementTree

from lineage import cards

DOCS = Path(__file__).resolve().parents[2] / "docs"


def _picture() -> str:
    spec = importlib.util.spec_from_file_location("draw", DOCS / "draw_cards.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    drawn: str = module.picture()
    return drawn


def test_the_committed_picture_shows_the_presets_of_today() -> None:
    """Who changes a preset draws the picture again."""
    committed = (DOCS / "images" / "cards.svg").read_text("utf-8")
    assert _picture() == committed, "run: python docs/draw_cards.py"


def test_every_preset_is_drawn() -> None:
    """The picture is well formed and names each preset."""
    texts = {node.text for node in ElementTree.fromstring(_picture()).iter()}
    presets = {
        name
        for name in cards.__all__
        if isinstance(getattr(cards, name), cards.CardPreset)
    }
    assert {f"cards.{name}" for name in presets} <= texts
