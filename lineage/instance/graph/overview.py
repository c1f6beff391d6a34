"""Answers with a small picture of a large part of the graph."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ...errors import NotFoundError
from ...model.comparisons import ImpactParams
from ...model.graph import Node
from ...model.overview import (
    MAX_MOMENTS,
    OPEN_STEP,
    Mark,
    MembersAnswer,
    MembersParams,
    OverviewAnswer,
    OverviewItem,
    OverviewParams,
    StepDisplay,
)
from ...model.selector import parse
from ...records import field, record
from .edges import EdgeGroup, EdgeSet
from .grouping import Ends, Grouper, Id, Item
from .growth import Growth
from .hidden_neighbours import HiddenNeighbours
from .impact import impact
from .joined_edges import JoinedEdges
from .members import Member, read_members
from .neighborhood import around, walk
from .nodes import nodes_of
from .opened_steps import OpenedSteps
from .pages import Subgraph
from .query_session import GraphReader
from .selector_eval import select
from .team_graph import NodeRef, TeamGraph

#: Tasks and versions that are grouped, at most; the nearest.
MAX_GROUPED: Final = 20_000
#: Focused nodes that stay by themselves, at most.
MAX_KEPT: Final = 20
#: Times that opened groups are looked for in what was opened before.
MAX_PASSES: Final = 4
#: Names that an item shows, at most, and characters of each.
MAX_NAMES: Final = 4
MAX_NAME: Final = 80
Parts = Sequence[tuple[TeamGraph, Subgraph]]
_MARKS: Final[tuple[Mark, ...]] = ("remake", "loses source", "possibly")


def overview(
    reader: GraphReader, team_ids: Sequence[int], params: OverviewParams
) -> OverviewAnswer:
    """Draw what is around the matches of a selector, as few items that count."""
    marks = _marks(reader, team_ids, params)
    with reader.views(team_ids, params.as_of) as views:
        return _answer(_picture(views, params), params, marks)


def members(
    reader: GraphReader, team_ids: Sequence[int], params: MembersParams
) -> MembersAnswer:
    """List the members of one item of a picture, the newest first.

    Raises:
        NotFoundError: The picture has no such item.
    """
    with reader.views(team_ids, params.as_of) as views:
        picture = _picture(views, params)
        item = picture.grouper.items.get(params.item)
        if item is None:
            raise NotFoundError(
                f"there is no {params.item!r} in this picture; "
                "`lineage.graph.overview` with the same parameters lists its items",
                subject=params.item,
            )
        shown = item.members[params.first : params.first + params.most]
        nodes = picture.nodes(shown)
        return MembersAnswer(
            nodes=[nodes[member.id] for member in shown], total=len(item.members)
        )


@record(slots=True)
class _Picture:
    """What was reached, grouped."""

    parts: Parts
    edges: list[EdgeSet]
    grouper: Grouper
    members: dict[Id, Member]
    is_cut: bool
    found: dict[str, Id] = field(default_factory=dict)
    """Nodes by the keys by which they are to be found."""

    def lines(self) -> Iterator[tuple[int, Ends, EdgeGroup]]:
        """Return the lines of all teams between members."""
        for at, edges in enumerate(self.edges):
            for (source, target), group in edges.lines().items():
                ends = ((at, source), (at, target))
                if ends[0] in self.members and ends[1] in self.members:
                    yield at, ends, group

    def focus(self) -> Iterator[Id]:
        """Return the members that were asked for."""
        for at, (_, part) in enumerate(self.parts):
            yield from ((at, r) for r in sorted(part.focus) if (at, r) in self.members)

    def nodes(self, shown: Sequence[Member]) -> dict[Id, Node]:
        """Make the nodes of members."""
        made: dict[Id, Node] = {}
        for at, (view, _) in enumerate(self.parts):
            refs = [member.ref for member in shown if member.view == at]
            made.update({(at, ref): node for ref, node in nodes_of(view, refs).items()})
        return made


def _picture(views: Sequence[TeamGraph], params: OverviewParams) -> _Picture:
    parts = around(
        views, params.select, params.up, params.down, params.by == "artifact"
    )
    growth = Growth(_ids(parts), set(_focused(parts)))
    found = {**_add_others(parts, params), **_find(parts, params)}
    growth.found = set(found.values()) - growth.focus
    _expand_nodes(parts, params, growth)
    picture = _grouped(parts, params, growth)
    wanted = [key for key in params.expanded if not _is_node(key)]
    for _ in range(MAX_PASSES):
        known = [key for key in wanted if _item_of(key) in picture.grouper.items]
        if not known:
            break
        for key in known:
            wanted.remove(key)
            _expand_group(picture, _item_of(key), _way_of(key))
            growth.note(_ids(parts))
        picture = _grouped(parts, params, growth)
    picture.found = found
    return picture


def _ids(parts: Parts) -> set[Id]:
    found = (
        (at, ref)
        for at, (_, part) in enumerate(parts)
        for ref in (part.up.keys() | part.down.keys() | part.focus)
    )
    return set(found)


def _focused(parts: Parts) -> Iterator[Id]:
    """Return the newest of what was asked for, which is in no group of like ones."""
    for at, (_, part) in enumerate(parts):
        yield from ((at, ref) for ref in sorted(part.focus, key=abs)[-MAX_KEPT:])


def _add_others(parts: Parts, params: OverviewParams) -> dict[str, Id]:
    """Add the nodes that are to be shown wherever they are."""
    found: dict[str, Id] = {}
    for at, (view, part) in enumerate(parts):
        for key in params.also:
            for ref in select(view, parse(key)):
                part.down.setdefault(ref, 0)
                found[key] = (at, ref)
    return found


def _find(parts: Parts, params: OverviewParams) -> dict[str, Id]:
    """Find nodes by their keys; a step is found at its task."""
    return {
        key: (at, ref)
        for at, (view, _) in enumerate(parts)
        for key in params.find
        for ref in select(view, parse(key.partition("/")[0]))
    }


def _is_node(key: str) -> bool:
    return key.startswith(("data:", "task:"))


def _item_of(entry: str) -> str:
    return entry.rpartition(".")[0]


def _way_of(entry: str) -> str:
    return entry.rpartition(".")[2]


def _expand_nodes(parts: Parts, params: OverviewParams, growth: Growth) -> None:
    for entry in filter(_is_node, params.expanded):
        for view, part in parts:
            _expand(view, part, select(view, parse(_item_of(entry))), _way_of(entry))
        growth.note(_ids(parts))


def _expand(view: TeamGraph, part: Subgraph, refs: set[int], way: str) -> None:
    """Add the neighbours of nodes on one side, if these are part of the picture."""
    there = part.up.keys() | part.down.keys() | part.focus
    known = refs & there
    hops = walk(view, known, up=way == "up", depth=1) if known else {}
    near = part.up if way == "up" else part.down
    # What is there already is not nearer than it was.
    near.update({ref: hop for ref, hop in hops.items() if ref not in there})


def _expand_group(picture: _Picture, key: str, way: str) -> None:
    """Add the neighbours of a group's members; of hundreds, those of the first 20."""
    side = 0 if way == "up" else 1
    item = picture.grouper.items[key]
    hiding = [member for member in item.members if member.hidden[side]][:OPEN_STEP]
    for at, (view, part) in enumerate(picture.parts):
        _expand(view, part, {m.ref for m in hiding if m.view == at}, way)


def _grouped(parts: Parts, params: OverviewParams, growth: Growth) -> _Picture:
    edges: list[EdgeSet] = []
    members: dict[Id, Member] = {}
    is_cut = False
    for at, (view, part) in enumerate(parts):
        refs = part.ordered()
        is_cut = is_cut or len(refs) > MAX_GROUPED
        refs = refs[:MAX_GROUPED]
        edges.append(EdgeSet(view, refs))
        for member in read_members(view, at, part, refs, edges[-1], params.filter):
            members[member.id] = member
    picture = _Picture(
        parts, edges, Grouper((), (), keep=(), opened=()), members, is_cut
    )
    ends = [ends for _, ends, _ in picture.lines()]
    picture.grouper = growth.grouper(list(members.values()), ends, params)
    return picture


def _marks(
    reader: GraphReader, team_ids: Sequence[int], params: OverviewParams
) -> dict[str, Mark]:
    """Return what deleting something would do to each node."""
    if params.impact_of is None:
        return {}
    found = impact(
        reader, team_ids, ImpactParams(of=params.impact_of, as_of=params.as_of)
    )
    parts = (found.remake, found.loses_source, found.possibly)
    return {
        item.node.key: mark
        for mark, items in reversed(tuple(zip(_MARKS, parts, strict=True)))
        for item in items
    }


def _answer(
    picture: _Picture, params: OverviewParams, marks: dict[str, Mark]
) -> OverviewAnswer:
    items, item_of = picture.grouper.items, picture.grouper.item_of
    views = [view for view, _ in picture.parts]
    steps = OpenedSteps(views, items.values(), params.opened)
    joined = JoinedEdges(picture.edges, picture.lines(), item_of, steps)
    nodes = picture.nodes([item.newest for item in items.values()])
    ends = joined.ends()
    hidden = _hidden(picture, params)
    shown: list[OverviewItem] = []
    #: Where to find tasks whose place is taken by their steps.
    moved: dict[str, list[str]] = {}
    for item in items.values():
        made = _item(item, nodes[item.newest.id], marks, hidden(item))
        made.since = _earlier(made.since, joined.since.get(item.key))
        made.steps = steps.count(item)
        inside = steps.drawn_in(item)
        made.opened += len(inside)
        shown += (_step_item(made, key, step) for key, step in inside.items())
        if inside and item.key not in ends and len(inside) == made.steps:
            moved[item.key] = list(inside)
        else:
            shown.append(made)
    focus = [item_of[id] for id in picture.focus()]
    answer = _counted(picture, joined.times)
    answer.items, answer.arrows = shown, joined.arrows()
    answer.focus = list(
        dict.fromkeys(k for key in focus for k in moved.get(key, [key]))
    )
    answer.places = {
        key: moved.get(item_of[id], [item_of[id]])[0]
        for key, id in picture.found.items()
        if id in item_of
    }
    return answer


def _counted(picture: _Picture, times: set[float]) -> OverviewAnswer:
    """Return an answer that counts what was reached, without items yet."""
    values = list(picture.members.values())
    return OverviewAnswer(
        items=[],
        arrows=[],
        nodes=len(values),
        kinds=Counter(member.kind for member in values),
        statuses=Counter(member.status for member in values if member.status),
        teams=Counter(str(member.team) for member in values),
        moments=_thinned({*times, *(m.at for m in values if m.at)}),
        truncated=picture.is_cut,
    )


def _earlier(one: float | None, other: float | None) -> float | None:
    return min((at for at in (one, other) if at is not None), default=None)


def _hidden(picture: _Picture, params: OverviewParams) -> Callable[[Item], list[int]]:
    """Return what counts the neighbours of an item that are left out, each once."""
    by_artifact = params.by == "artifact"
    around = [
        HiddenNeighbours(view, edges.lines(), is_by_artifact=by_artifact)
        for (view, _), edges in zip(picture.parts, picture.edges, strict=True)
    ]

    def count(item: Item) -> list[int]:
        counts = [item.hidden(0), item.hidden(1)]
        for side, most in enumerate(counts):
            # Of one alone, and of one version or task, nothing can be counted twice.
            if most > 1 and (by_artifact or len(item.members) > 1):
                refs: dict[int, list[NodeRef]] = defaultdict(list)
                for member in item.members:
                    if member.hidden[side]:
                        refs[member.view].append(member.ref)
                counts[side] = sum(
                    around[at].count(of, side) for at, of in refs.items()
                )
        return counts

    return count


def _item(
    item: Item, node: Node, marks: dict[str, Mark], hidden: list[int]
) -> OverviewItem:
    return OverviewItem(
        key=item.key,
        grouping=item.grouping,
        node=node,
        second=item.second,
        count=item.count,
        opened=item.opened,
        failed=item.failed,
        stale=item.stale,
        hidden_up=hidden[0],
        hidden_down=hidden[1],
        passing=item.passing,
        since=item.since,
        names=[name[:MAX_NAME] for name in item.names()[:MAX_NAMES]],
        mark=_mark_of(item, marks),
    )


def _mark_of(item: Item, marks: dict[str, Mark]) -> Mark | None:
    found = {marks.get(member.key) for member in item.members} if marks else set()
    return next((mark for mark in _MARKS if mark in found), None)


def _step_item(task: OverviewItem, key: str, display: StepDisplay) -> OverviewItem:
    return OverviewItem(
        key=key,
        grouping="step",
        node=task.node,
        failed=int(display.outcome == "error"),
        passing=task.passing,
        since=display.started_at,
        mark=task.mark,
        step=display,
    )


def _thinned(times: set[float]) -> list[float]:
    """Round times up to milliseconds, and keep `MAX_MOMENTS` of them, evenly."""
    known = sorted({math.ceil(at * 1000) / 1000 for at in times})
    if len(known) <= MAX_MOMENTS:
        return known
    stride = (len(known) - 1) / (MAX_MOMENTS - 1)
    return [known[round(at * stride)] for at in range(MAX_MOMENTS)]
