"""Draws the ready cards as the platform's workflow page shows them.

`python docs/draw_cards.py` writes `docs/images/cards.svg`; a test holds the committed
picture to what this makes of today's presets.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Final

from lineage import cards

_PICTURE: Final = Path(__file__).parent / "images" / "cards.svg"
_WIDTH, _HEIGHT, _GAP, _COLUMNS = 250, 76, 16, 3
#: What each card is shown of, in the order of the picture.
_SHOWN: Final = {
    "checkpoint": "/training/best.pt",
    "download": "/results/predictions.json",
    "folder": "/training/run_12",
    "project": "Lemons (annotated)",
    "report": "/benchmark/report.html",
    "session": "Serve YOLO",
}
#: Shapes of 24 by 24, by the names of the platform's icons.
_ICONS: Final = {
    "assignment": "M6 4h12v17H6zM9 2h6v4H9zM9 10h6M9 14h6M9 18h4",
    "collection-image": "M7 3h14v14H7zM3 7v14h14M9 15l4-5 3 3 2-2 3 4",
    "desktop-windows": "M3 4h18v12H3zM9 20h6M12 16v4",
    "download": "M12 4v11M7 11l5 5 5-5M5 20h14",
    "folder": "M3 6h7l2 2h9v11H3z",
    "grain": "M6 6h.1M12 6h.1M18 6h.1M9 12h.1M15 12h.1M6 18h.1M12 18h.1M18 18h.1",
}


def picture() -> str:
    """Return the picture of all presets."""
    rows = -(-len(_SHOWN) // _COLUMNS)
    width = _COLUMNS * (_WIDTH + _GAP) + _GAP
    height = rows * (_HEIGHT + 28 + _GAP) + _GAP
    drawn = [line for place in range(len(_SHOWN)) for line in _card(place)]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" font-size="13">'
    )
    title = "<title>The ready cards on a workflow page</title>"
    ground = f'<rect width="{width}" height="{height}" fill="#f4f6f9"/>'
    return "\n".join([head, title, ground, *drawn, "</svg>", ""])


def _card(place: int) -> Iterator[str]:
    name, artifact = list(_SHOWN.items())[place]
    preset: cards.CardPreset = getattr(cards, name)
    settings = preset(artifact)
    row, column = divmod(place, _COLUMNS)
    x = _GAP + column * (_WIDTH + _GAP)
    y = _GAP + row * (_HEIGHT + 28 + _GAP)
    yield f'<g transform="translate({x} {y})">'
    yield f'<text y="14" fill="#555" font-family="monospace">cards.{name}</text>'
    yield '<g transform="translate(0 24)">'
    yield (
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="#fff" '
        'stroke="#d5dbe3"/>'
    )
    yield f'<circle cx="36" cy="38" r="22" fill="{settings.icon_bg_color}"/>'
    yield (
        f'<path transform="translate(24 26)" d="{_ICONS[str(settings.icon)]}" '
        f'fill="none" stroke="{settings.icon_color}" stroke-width="2" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    )
    yield (
        f'<text x="70" y="34" font-weight="bold" fill="#222">'
        f"{escape(str(settings.title))}</text>"
    )
    yield f'<text x="70" y="55" fill="#2a6fdb">{escape(str(settings.url_title))}</text>'
    yield "</g></g>"


if __name__ == "__main__":
    _PICTURE.write_text(picture(), encoding="utf-8")
    sys.stdout.write(f"{_PICTURE}\n")
