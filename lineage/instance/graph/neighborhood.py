"""Parts of the graph: around things, up and down from them, between two of them."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import NotFoundError
from ...model.graph import GraphAnswer
from ...model.selector import Hops, parse
from .node_refs import reach_from, spots_of
from .pages import Subgraph, graph_page
from .query_session import GraphReader, found
from .team_graph import Spot, TeamGraph


def around(
    asker: GraphReader,
    team_ids: Sequence[int],
    select: str,
    *,
    up: int | None = 1,
    down: int | None = 1,
    kinds: Sequence[str] | None = None,
    statuses: Sequence[str] | None = None,
    as_of: float | None = None,
    limit: int | None = None,
    after: str | None = None,
) -> GraphAnswer:
    """Answer `lineage.graph.get`; hops in the selector win over `up` and `down`."""
    parsed = parse(select)
    selector = parsed
    if isinstance(parsed, Hops):
        selector, up, down = parsed.of, parsed.up, parsed.down
    with asker.views(team_ids, as_of) as views:
        parts = []
        for view, spots in found(views, selector):
            part = Subgraph(focus=spots)
            for depth, is_up in ((up, True), (down, False)):
                part.add(walk(view, spots, up=is_up, depth=depth), up=is_up)
            parts.append((view, part))
        return graph_page(
            parts, limit=limit, after=after, kinds=kinds, statuses=statuses, as_of=as_of
        )


def one_way(
    asker: GraphReader,
    team_ids: Sequence[int],
    of: str,
    *,
    up: bool,
    depth: int | None = None,
    kinds: Sequence[str] | None = None,
    as_of: float | None = None,
    limit: int | None = None,
    after: str | None = None,
) -> GraphAnswer:
    """Answer `lineage.graph.upstream` and `.downstream`."""
    with asker.focus(team_ids, of, as_of) as focus:
        parts = []
        for view, spots in focus:
            part = Subgraph(focus=spots)
            part.add(walk(view, spots, up=up, depth=depth), up=up)
            parts.append((view, part))
        return graph_page(parts, limit=limit, after=after, kinds=kinds, as_of=as_of)


def path(
    asker: GraphReader,
    team_ids: Sequence[int],
    source: str,
    target: str,
    *,
    as_of: float | None = None,
) -> GraphAnswer:
    """Answer `lineage.graph.path`: the shortest way, whichever way data flowed.

    Raises:
        NotFoundError: Nothing leads from one to the other.
    """
    start, end = parse(source), parse(target)
    with asker.views(team_ids, as_of) as views:
        ends = {view.team_id: spots for view, spots in found(views, end)}
        for view, spots in found(views, start):
            last = ends.get(view.team_id, set())
            way = _way(view, spots, last) or _way(view, last, spots)
            if way:
                part = Subgraph(down=way, focus=_tips(way))
                return graph_page([(view, part)], as_of=as_of)
    raise NotFoundError(f"nothing leads from {source} to {target}, or back")


def walk(
    view: TeamGraph, spots: set[Spot], *, up: bool, depth: int | None
) -> dict[Spot, int]:
    """Give the cards on one side of some cards, each with its distance."""
    if depth is not None and depth < 0:
        raise ValueError(f"depth must be 0 or more, not {depth}")
    hops = spots_of(view, reach_from(view, spots, up=up, depth=depth))
    hops.update(dict.fromkeys(spots, 0))
    return hops


def _way(view: TeamGraph, first: set[Spot], last: set[Spot]) -> dict[Spot, int] | None:
    """Give the cards of one shortest way along the flow, numbered from its start."""
    from_first = walk(view, first, up=False, depth=None)
    met = [spot for spot in last if spot in from_first]
    if not met:
        return None
    spot = min(met, key=lambda s: (from_first[s], s))
    way = {spot: from_first[spot]}
    while from_first[spot] > 0:
        before = walk(view, {spot}, up=True, depth=1)
        near = from_first[spot] - 1
        steps = [s for s in before if from_first.get(s, near + 1) <= near]
        spot = min(steps, key=lambda s: (from_first[s], s))
        way[spot] = from_first[spot]
    return way


def _tips(way: dict[Spot, int]) -> set[Spot]:
    order = sorted(way, key=lambda spot: way[spot])
    return {order[0], order[-1]}
