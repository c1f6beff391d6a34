"""Makes a page of a graph answer of what was reached."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, Protocol

from ...model.graph import GraphAnswer
from ...records import field, record
from .edges import EdgeSet
from .nodes import keys_of, nodes_of
from .team_graph import NodeRef, TeamGraph

#: Nodes in an answer whose question has no limit, such as a path.
DEFAULT_LIMIT: Final = 500


@record(slots=True)
class Subgraph:
    """Nodes of one team to show, each with its distances from the focus."""

    up: dict[NodeRef, int] = field(default_factory=dict)
    down: dict[NodeRef, int] = field(default_factory=dict)
    focus: set[NodeRef] = field(default_factory=set)

    def add(self, hops: dict[NodeRef, int], *, up: bool) -> None:
        """Take in what was reached on one side, with its distances."""
        (self.up if up else self.down).update(hops)

    def ordered(self) -> list[NodeRef]:
        """Return the nodes, the nearest first."""
        far = 1 << 60

        def place(ref: NodeRef) -> tuple[int, bool, int]:
            near = min(self.up.get(ref, far), self.down.get(ref, far))
            return near, ref >= 0, abs(ref)

        return sorted(self.up.keys() | self.down.keys() | self.focus, key=place)


def checked_after(after: str | None) -> int:
    """Read where a page begins.

    Raises:
        ValueError: It is not the `next` of an answer.
    """
    if after is None:
        return 0
    if not (after.isascii() and after.isdecimal() and len(after) < 16):
        raise ValueError(f"after must be the `next` of an answer, not {after!r}")
    return int(after)


class PageParams(Protocol):
    """What a page needs of a question; a missing part has its default."""

    @property
    def as_of(self) -> float | None:
        """The moment that was asked for."""


def graph_page(
    parts: Sequence[tuple[TeamGraph, Subgraph]], params: PageParams
) -> GraphAnswer:
    """Make a page of nodes, with the edges among them and those of earlier pages.

    Args:
        parts: What was found in each team.
        params: The question; its `limit`, `after`, `kinds` and `statuses` apply where
            it has them.
    """
    start = checked_after(getattr(params, "after", None))
    size: int = getattr(params, "limit", DEFAULT_LIMIT)
    kinds = getattr(params, "kinds", None)
    statuses = getattr(params, "statuses", None)
    end = start + size
    answer = GraphAnswer(nodes=[], arrows=[], as_of=params.as_of)
    offset = 0
    for view, found in parts:
        refs = found.ordered()
        if kinds or statuses:
            refs = _wanted(view, found, refs, kinds, statuses)
        upto = refs[: max(0, end - offset)]
        fresh = upto[max(0, start - offset) :]
        if len(refs) > len(upto):
            answer.truncated, answer.next = True, str(end)
        offset += len(refs)
        if fresh or not start:
            _add_part(answer, view, found, upto, fresh)
    return answer


def _wanted(
    view: TeamGraph,
    found: Subgraph,
    refs: list[NodeRef],
    kinds: Collection[str] | None,
    statuses: Collection[str] | None,
) -> list[NodeRef]:
    nodes = nodes_of(view, refs)
    return [
        ref
        for ref in refs
        if ref in found.focus
        or (
            (not kinds or nodes[ref].kind in kinds)
            and (not statuses or ref >= 0 or nodes[ref].status in statuses)
        )
    ]


def _add_part(
    answer: GraphAnswer,
    view: TeamGraph,
    found: Subgraph,
    upto: list[NodeRef],
    fresh: list[NodeRef],
) -> None:
    nodes = nodes_of(view, fresh)
    # Of earlier pages the keys are enough: edges lead to them.
    keys = keys_of(view, [ref for ref in upto if ref not in nodes])
    keys |= {ref: node.key for ref, node in nodes.items()}
    lines = EdgeSet(view, upto)
    hidden = lines.hidden(fresh)
    for ref in fresh:
        node = nodes[ref]
        node.hops_up, node.hops_down = found.up.get(ref), found.down.get(ref)
        node.hidden_up, node.hidden_down = hidden[ref]
        answer.nodes.append(node)
    answer.arrows += lines.between(keys, set(fresh))
    answer.focus += [keys[s] for s in sorted(found.focus) if s in keys]
