"""A drawing of nodes and edges as one SVG text, without a library or a network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from ..model.graph import GraphEdge, Node
from ..model.selector import shown_status
from .record import text_of

_WIDTH: Final = 190
_HEIGHT: Final = 44
_GAP_X: Final = 70
_GAP_Y: Final = 16
_MARGIN: Final = 12
_MAX_TEXT: Final = 26
#: Passes that order the nodes of a column by their neighbours.
_SWEEPS: Final = 4

_STYLE: Final = (
    "text{font:12px system-ui,sans-serif;fill:#1d2330}"
    ".sub{font-size:11px;fill:#5a6475}"
    ".data{fill:#fff;stroke:#8b97ab}.task{fill:#e8eefc;stroke:#4a6bc4}"
    ".failed{stroke:#b3261e;stroke-width:2}.focus{stroke-width:3}"
    "path{fill:none;stroke:#7b879b}.revision{stroke-dasharray:4 3}"
)


def draw(
    nodes: Sequence[Node], edges: Iterable[GraphEdge], focus: Iterable[str] = ()
) -> str:
    """Draw a graph in columns from left to right, in the direction of the data.

    Args:
        nodes: What to draw, by their keys.
        edges: Edges whose ends are among the nodes.
        focus: Keys of nodes with a thicker border.
    """
    kept = [e for e in edges if e.source != e.target]
    places = _places([node.key for node in nodes], kept)
    chosen = set(focus)
    boxes = [_box(node, places[node.key], node.key in chosen) for node in nodes]
    lines = [_line(edge, places) for edge in kept]
    width = max((x for x, _ in places.values()), default=0) + _WIDTH + _MARGIN
    height = max((y for _, y in places.values()), default=0) + _HEIGHT + _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}"'
        f' height="{height}" viewBox="0 0 {width} {height}">'
        f"<title>{len(nodes)} nodes and {len(kept)} edges</title>"
        f"<style>{_STYLE}</style>"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7"'
        ' markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"'
        ' style="fill:#7b879b;stroke:none"/></marker></defs>'
        + "".join(lines)
        + "".join(boxes)
        + "</svg>"
    )


def _places(
    keys: Sequence[str], edges: Sequence[GraphEdge]
) -> dict[str, tuple[int, int]]:
    columns: dict[int, list[str]] = defaultdict(list)
    for key, rank in _ranks(keys, edges).items():
        columns[rank].append(key)
    _order(columns, edges)
    return {
        key: (
            _MARGIN + rank * (_WIDTH + _GAP_X),
            _MARGIN + index * (_HEIGHT + _GAP_Y),
        )
        for rank, column in columns.items()
        for index, key in enumerate(column)
    }


def _ranks(keys: Sequence[str], edges: Sequence[GraphEdge]) -> dict[str, int]:
    """Rank each node behind all that leads to it; edges that close a cycle do not."""
    after: dict[str, list[str]] = defaultdict(list)
    open_edges: dict[str, int] = dict.fromkeys(keys, 0)
    for edge in edges:
        after[edge.source].append(edge.target)
        open_edges[edge.target] += 1
    ranks = dict.fromkeys(keys, 0)
    waiting = dict.fromkeys(keys)
    ready = [key for key in keys if not open_edges[key]]
    while waiting:
        key = ready.pop() if ready else _cycle_entry(waiting, ranks, open_edges)
        if key not in waiting:
            continue
        del waiting[key]
        for target in after[key]:
            if target in waiting:
                ranks[target] = max(ranks[target], ranks[key] + 1)
                open_edges[target] -= 1
                if not open_edges[target]:
                    ready.append(target)
    return ranks


def _cycle_entry(
    waiting: Iterable[str], ranks: dict[str, int], open_edges: dict[str, int]
) -> str:
    """Choose where to enter a cycle: at a node that something already leads to."""
    return min(waiting, key=lambda key: (not ranks[key], open_edges[key]))


def _order(columns: dict[int, list[str]], edges: Sequence[GraphEdge]) -> None:
    """Order each column by the mean place of its neighbours, which crosses less."""
    near: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        near[edge.source].append(edge.target)
        near[edge.target].append(edge.source)
    place = {k: i for column in columns.values() for i, k in enumerate(column)}
    for _ in range(_SWEEPS):
        for column in columns.values():
            means = {
                key: sum(place[k] for k in near[key]) / len(near[key])
                if near[key]
                else place[key]
                for key in column
            }
            column.sort(key=means.__getitem__)
            place.update((key, index) for index, key in enumerate(column))


def _box(node: Node, place: tuple[int, int], is_focus: bool) -> str:
    x, y = place
    names: list[str] = [node.type]
    names += ["failed"] if node.status == "error" else []
    names += ["focus"] if is_focus else []
    radius = 21 if node.type == "task" else 4
    below = [
        node.kind.replace("_", " "),
        node.version or shown_status(node.status) or "",
    ]
    full = escape(text_of(f"{node.name} ({node.id})"))
    return (
        f"<g><title>{full}</title>"
        f'<rect class="{" ".join(names)}" x="{x}" y="{y}" width="{_WIDTH}"'
        f' height="{_HEIGHT}" rx="{radius}"/>'
        f'<text x="{x + 14}" y="{y + 19}">{escape(_short(node.name))}</text>'
        f'<text class="sub" x="{x + 14}" y="{y + 34}">'
        f"{escape(_short(' · '.join(part for part in below if part)))}</text></g>"
    )


def _short(text: str) -> str:
    plain = " ".join(text_of(text).split())
    if len(plain) <= _MAX_TEXT:
        return plain
    half = (_MAX_TEXT - 1) // 2
    return f"{plain[:half]}…{plain[-half:]}"


def _line(edge: GraphEdge, places: dict[str, tuple[int, int]]) -> str:
    (x1, y1), (x2, y2) = places[edge.source], places[edge.target]
    x1, y1, y2 = x1 + _WIDTH, y1 + _HEIGHT // 2, y2 + _HEIGHT // 2
    bend = max(30, (x2 - x1) // 2)
    return (
        f'<path class="{edge.role}" marker-end="url(#tip)"'
        f' d="M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"/>'
    )
