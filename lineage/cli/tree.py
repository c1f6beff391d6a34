"""Draws a part of the graph as a tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from ..model.graph import GraphAnswer, GraphEdge, Node
from ..records import field, record
from .format import escape, facts, state, styled
from .result import Line, StyledText, line, width

Way = Literal["up", "down"]


@record(slots=True)
class _Drawing:
    """The graph, and what of it is drawn already."""

    nodes: dict[str, Node]
    next: dict[str, tuple[str, ...]]
    way: Way
    #: How one node is connected with the other, by their keys in the way's direction.
    how: dict[tuple[str, str], str]
    #: Of an artifact and a task that comes after it on the way: what comes after both.
    beyond: dict[tuple[str, str], set[str]]
    #: Nodes, each with what was drawn below it: below a task, not always all of it.
    drawn: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    rows: list[tuple[Line, str]] = field(default_factory=list)


def draw(
    answer: GraphAnswer, *, way: Way = "down", roots: Sequence[str] = ()
) -> list[Line]:
    """Draw what hangs below the roots; a node that comes again is drawn once.

    Args:
        answer: The part of the graph.
        way: `down` follows the data, `up` goes back to its sources.
        roots: Keys to start from; left out, the nodes without anything upstream.
    """
    drawing = _Drawing(
        {node.key: node for node in answer.nodes},
        _neighbours(answer, way),
        way,
        {_ends(arrow, way): _how(arrow) for arrow in answer.arrows},
        _beyond(answer, way),
    )
    starts = [key for key in roots if key in drawing.nodes]
    for key in starts or _starts(drawing):
        _draw_from(drawing, key)
    for key in drawing.nodes if not roots else ():
        if key not in drawing.seen:
            _draw_from(drawing, key)
    return _aligned(drawing.rows)


#: What connects two versions without a task.
_HOW: Final = {
    "revision": "changed in place",
    "content": "same content",
    "part": "part of it",
}


def _ends(arrow: GraphEdge, way: Way) -> tuple[str, str]:
    ends = (arrow.source, arrow.target)
    return ends if way == "down" else ends[::-1]


def _how(arrow: GraphEdge) -> str:
    """Return how two nodes are connected: the names of steps, or a link's kind."""
    if arrow.role in _HOW:
        return _HOW[arrow.role]
    if not arrow.steps:
        return ""
    names = ", ".join(escape(name) for name in arrow.steps[:2])
    rest = len(arrow.steps) - 2
    return f"in {names}" + (f" and {rest} more steps" if rest > 0 else "")


def _neighbours(answer: GraphAnswer, way: Way) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    order = {node.key: _age(node) for node in answer.nodes}
    for arrow in answer.arrows:
        start, end = _ends(arrow, way)
        if start in order and end in order and end not in found[start]:
            found[start].append(end)
    return {
        key: tuple(sorted(ends, key=order.__getitem__)) for key, ends in found.items()
    }


def _age(node: Node) -> tuple[float, str]:
    return (node.started_at or node.created_at or 0.0, node.key)


def _starts(drawing: _Drawing) -> list[str]:
    reached = {key for keys in drawing.next.values() for key in keys}
    return [key for key in drawing.nodes if key not in reached]


def _beyond(answer: GraphAnswer, way: Way) -> dict[tuple[str, str], set[str]]:
    """Return what follows an artifact and its task, where only a part of it does.

    The steps of a task made each output of some of its inputs only.
    """
    restricted = {a.source for a in answer.arrows if a.made_from is not None}
    inputs: dict[str, list[str]] = defaultdict(list)
    for arrow in answer.arrows:
        if arrow.role == "input" and arrow.target in restricted:
            inputs[arrow.target].append(arrow.source)
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for arrow in answer.arrows:
        task, output = arrow.source, arrow.target
        if arrow.role != "output" or task not in restricted:
            continue
        made_from = arrow.made_from
        sources = set(inputs[task] if made_from is None else made_from)
        if way == "up":
            found[output, task] = sources
            continue
        for source in inputs[task]:
            found[source, task].update([output] if source in sources else ())
    return found


def _draw_from(drawing: _Drawing, root: str) -> None:
    """Draw one tree, without recursion: a chain may be thousands long."""
    pending: list[tuple[str, str, str, str, str]] = [(root, "", "", "", "")]
    while pending:
        key, parent, lead, below, how = pending.pop()
        node, children = drawing.nodes[key], _children(drawing, parent, key)
        again = (key, children) in drawing.drawn
        note = " · ".join(filter(None, (_note(drawing, node, again), how)))
        drawing.rows.append((_row(lead, node), note))
        if again:
            continue
        drawing.drawn.add((key, children))
        drawing.seen.add(key)
        pending.extend(reversed(list(_branches(drawing, key, children, below))))


def _children(drawing: _Drawing, parent: str, key: str) -> tuple[str, ...]:
    children = drawing.next.get(key, ())
    chosen = drawing.beyond.get((parent, key))
    return children if chosen is None else tuple(c for c in children if c in chosen)


def _branches(
    drawing: _Drawing, key: str, children: Sequence[str], below: str
) -> Iterable[tuple[str, str, str, str, str]]:
    arrow = "─▶ " if drawing.way == "down" else "◀─ "
    for index, child in enumerate(children):
        is_last = index == len(children) - 1
        bend = "└" if is_last else "├"
        yield (
            child,
            key,
            below + bend + arrow,
            below + ("    " if is_last else "│   "),
            drawing.how.get((key, child), ""),
        )


def _row(lead: str, node: Node) -> Line:
    parts = [StyledText(lead, "dim")]
    if node.type == "task":
        parts += [state(node.status), StyledText(" ")]
    return (*parts, styled(node))


def _aligned(rows: list[tuple[Line, str]]) -> list[Line]:
    """Put what is known about each node into one column at the right."""
    column = min(max((width(row) for row, _ in rows), default=0), 64) + 3
    return [
        line(*row, " " * max(column - width(row), 2), StyledText(note, "dim"))
        for row, note in rows
    ]


def _note(drawing: _Drawing, node: Node, again: bool) -> str:
    if again:
        return f"{node.key} · see above"
    hidden = node.hidden_down if drawing.way == "down" else node.hidden_up
    return facts(node) + (f" · {hidden} more" if hidden else "")
