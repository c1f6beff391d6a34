"""Shows answers in Python and in notebooks: in one line, as HTML, as a table."""

from __future__ import annotations

import html
import importlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Final

from .messages import Message
from .selector import shown_status

#: Nodes that are drawn, and rows that are shown, at most.
MAX_DRAWN: Final = 150
MAX_ROWS: Final = 50
#: Members of the node that a row of a shown table is about, beside its name and key.
SHOWN: Final = ("status", "version", "started_at", "params")

_WIDTH: Final = 190
_HEIGHT: Final = 40
_GAP_X: Final = 50
_GAP_Y: Final = 16
_STYLE: Final = (
    "<style>.lineage-graph text{font:12px sans-serif;fill:currentColor}"
    ".lineage-graph rect{fill:none;stroke:#888}"
    ".lineage-graph .task{stroke:#2563eb}.lineage-graph .failed{stroke:#dc2626}"
    ".lineage-graph .stale{stroke:#d97706;stroke-dasharray:4}"
    ".lineage-graph .focus{stroke-width:2.5}"
    ".lineage-graph path{fill:none;stroke:#999}</style>"
)


def summary(answer: Message) -> str:
    """Return an answer in one line: its type, what it counts and what it names."""
    parts = []
    for name in type(answer).model_fields:
        value = getattr(answer, name)
        if isinstance(value, (list, dict)):
            if value:
                parts.append(_counted(len(value), name))
        elif isinstance(value, Message):
            title = node_title(value)
            parts.append(f"{name}={title} ({value.key})" if title else name)  # type: ignore[attr-defined]  # a node
        elif isinstance(value, (str, int, float)) and value not in ("", False):
            parts.append(f"{name}={_cut(str(value))}")
    return f"<{type(answer).__name__}: {', '.join(parts[:8]) or 'nothing'}>"


def _counted(number: int, name: str) -> str:
    """Return a number with the name of what is counted, which is a plural."""
    is_one = number == 1 and not name.endswith(("us", "ses"))
    return f"{number} {name.removesuffix('s') if is_one else name}"


def node_title(node: Any) -> str | None:
    """Return the name that a node is shown by; None for anything else."""
    name = getattr(node, "name", None)
    if not isinstance(name, str) or not hasattr(node, "key"):
        return None
    return _cut(getattr(node, "label", None) or name)


def _cut(text: str, width: int = 60) -> str:
    return text if len(text) <= width else f"{text[: width // 3]}…{text[-width // 2 :]}"


def rows(answer: Message, of_node: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Return the rows of an answer: its nodes, else each item of its lists.

    Of an answer without lists its single values are one row.

    Args:
        answer: The answer.
        of_node: Which members of the node that an item is about are columns as well;
            all when left out.
    """
    nodes = getattr(answer, "nodes", None)
    if isinstance(nodes, list):
        return [node.model_dump() for node in nodes]
    lists = {
        name: value
        for name in type(answer).model_fields
        if isinstance(value := getattr(answer, name), list)
        and value
        and all(isinstance(item, Message) for item in value)
    }
    found = []
    for name, items in lists.items():
        for item in items:
            part = {"part": name} if len(lists) > 1 else {}
            found.append({**part, **_flat(item, of_node)})
    names = type(answer).model_fields
    is_plain = not any(
        isinstance(getattr(answer, name), (list, dict)) for name in names
    )
    return found or ([answer.model_dump()] if is_plain else [])


def _flat(item: Message, of_node: Sequence[str] | None) -> dict[str, Any]:
    """Return the members of an item, a node as its name and its key."""
    if node_title(item) is not None:
        return item.model_dump()
    row: dict[str, Any] = {}
    for name in type(item).model_fields:
        value = getattr(item, name)
        title = node_title(value)
        if title is not None:
            row[name], row[f"{name}_key"] = title, value.key
            if name == "node":
                members = value.model_dump(exclude={"key", "name"})
                names = members if of_node is None else of_node
                row |= {member: members[member] for member in names}
        elif isinstance(value, list):
            titles = [node_title(part) for part in value]
            row[name] = [t for t in titles if t] or value
        else:
            row[name] = value
    return row


def to_pandas(answer: Message) -> Any:
    """Make a pandas data frame of the rows of an answer.

    Raises:
        ImportError: pandas is not installed.
    """
    return _optional("pandas").DataFrame(rows(answer))


def to_networkx(answer: Any) -> Any:
    """Make a networkx graph of a graph answer, with all members as attributes.

    Raises:
        ImportError: networkx is not installed.
    """
    made = _optional("networkx").DiGraph()
    for node in answer.nodes:
        made.add_node(node.key, **node.model_dump(exclude={"key"}))
    for edge in answer.arrows:
        made.add_edge(
            edge.source, edge.target, **edge.model_dump(exclude={"source", "target"})
        )
    return made


def _optional(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"this needs {module}, which is not installed; type: pip install {module}"
        ) from error


def as_html(answer: Message) -> str:
    """Return an answer as HTML that needs no network: a drawing, else a table."""
    drawn: Any = getattr(answer, "graph", None)
    if hasattr(answer, "arrows"):
        drawn = answer
    sentence = html.escape(getattr(answer, "sentence", "") or summary(answer))
    if drawn is not None and drawn.nodes:
        return f"<p>{sentence}</p>{draw(drawn)}"
    return f"<p>{sentence}</p>{_table(rows(answer, SHOWN))}"


def _table(items: Sequence[Mapping[str, Any]]) -> str:
    if not items:
        return ""
    columns = [
        name
        for name in dict.fromkeys(name for item in items for name in item)
        if any(item.get(name) not in (None, [], {}, False) for item in items)
    ]
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>"
        + "".join(f"<td>{_cell(name, item.get(name))}</td>" for name in columns)
        + "</tr>"
        for item in items[:MAX_ROWS]
    )
    more = len(items) - MAX_ROWS
    note = f"<p>and {more} more</p>" if more > 0 else ""
    return f"<table><tr>{head}</tr>{body}</table>{note}"


def _cell(name: str, value: Any) -> str:
    """Return a value as people read it: a time as a date, a status as its word."""
    if value is None:
        return ""
    if name.endswith("_at") and isinstance(value, float):
        text = f"{datetime.fromtimestamp(value, timezone.utc):%Y-%m-%d %H:%M} UTC"
    elif name == "status":
        text = str(shown_status(value))
    elif isinstance(value, dict):
        text = " ".join(f"{key}={part}" for key, part in value.items())
    else:
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return html.escape(_cut(text))


def draw(answer: Any) -> str:
    """Draw a graph answer as SVG, data flowing from left to right."""
    nodes = {node.key: node for node in answer.nodes[:MAX_DRAWN]}
    edges = [
        (edge.source, edge.target)
        for edge in answer.arrows
        if edge.source in nodes and edge.target in nodes
    ]
    places = _places(list(nodes), edges)
    width = max(x for x, _ in places.values()) + _WIDTH + 10
    height = max(y for _, y in places.values()) + _HEIGHT + 10
    parts = [_edge(places[a], places[b]) for a, b in edges]
    parts += [
        _box(node, places[key], key in answer.focus) for key, node in nodes.items()
    ]
    more = len(answer.nodes) - len(nodes)
    note = f"<p>and {more} more nodes</p>" if more > 0 else ""
    return (
        f'<svg class="lineage-graph" xmlns="http://www.w3.org/2000/svg" role="img"'
        f' aria-label="graph of {len(nodes)} nodes" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}">{_STYLE}{"".join(parts)}</svg>{note}'
    )


def _places(
    keys: Sequence[str], edges: Sequence[tuple[str, str]]
) -> dict[str, tuple[int, int]]:
    """Put each node one column right of the last that leads to it."""
    column = dict.fromkeys(keys, 0)
    # A cycle would push its nodes right for ever: as many rounds as there are nodes.
    for _ in keys:
        is_moved = False
        for source, target in edges:
            if column[target] <= column[source] < len(keys):
                column[target], is_moved = column[source] + 1, True
        if not is_moved:
            break
    order = {place: at for at, place in enumerate(sorted(set(column.values())))}
    used: dict[int, int] = defaultdict(int)
    places = {}
    for key in keys:
        at = order[column[key]]
        places[key] = (5 + at * (_WIDTH + _GAP_X), 5 + used[at] * (_HEIGHT + _GAP_Y))
        used[at] += 1
    return places


def _edge(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = start[0] + _WIDTH, start[1] + _HEIGHT // 2
    x2, y2 = end[0], end[1] + _HEIGHT // 2
    middle = (x1 + x2) // 2
    return f'<path d="M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}"/>'


def _box(node: Any, place: tuple[int, int], is_focus: bool) -> str:
    x, y = place
    classes = [node.type]
    classes += ["failed"] if node.status == "error" else []
    classes += ["stale"] if node.is_stale else []
    classes += ["focus"] if is_focus else []
    title = html.escape(node_title(node) or node.key)
    short = html.escape(_cut(node_title(node) or node.key, 26))
    below = html.escape(f"{node.key} {node.version or node.status or ''}".strip())
    radius = 18 if node.type == "task" else 4
    return (
        f"<g><title>{title}</title>"
        f'<rect class="{" ".join(classes)}" x="{x}" y="{y}" width="{_WIDTH}"'
        f' height="{_HEIGHT}" rx="{radius}"/>'
        f'<text x="{x + 10}" y="{y + 17}">{short}</text>'
        f'<text x="{x + 10}" y="{y + 33}" opacity="0.6">{below}</text></g>'
    )
