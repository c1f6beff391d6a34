"""Parts of the graph: around nodes, upstream, downstream, and paths between two."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from ...errors import NotFoundError
from ...model.graph import (
    DownstreamParams,
    GraphAnswer,
    GraphParams,
    PathParams,
    UpstreamParams,
)
from ...model.selector import Hops, parse
from .links import task_of
from .pages import Subgraph, graph_page
from .query_session import GraphReader, find, find_name, found
from .team_graph import NodeRef, TeamGraph, task_ref
from .traversal import reach, to_refs

_VERSIONS: Final = (
    "SELECT DISTINCT o.id FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
    " JOIN nodes o ON o.team_id = n.team_id AND o.entity_id = n.entity_id"
    " WHERE o.task_id IS NULL{when o.created_at}"
)


def neighborhood(
    reader: GraphReader, team_ids: Sequence[int], params: GraphParams
) -> GraphAnswer:
    """Return what is around the matches of a selector."""
    with reader.views(team_ids, params.as_of) as views:
        parts = around(
            views, params.select, params.up, params.down, params.all_versions
        )
        return graph_page(parts, params)


def around(
    views: Sequence[TeamGraph],
    select: str,
    up: int | None,
    down: int | None,
    is_of_every_version: bool,
) -> list[tuple[TeamGraph, Subgraph]]:
    """Return what is around the matches of a selector, for each team with some.

    Args:
        views: The teams.
        select: Hops that it names take precedence over `up` and `down`.
        up: Hops upstream; None is without limit.
        down: Hops downstream.
        is_of_every_version: Start from every version of the artifacts that it matches.
    """
    focus = find_name(views, select)
    if not focus:
        selector = parse(select)
        if isinstance(selector, Hops):
            up, down = selector.up, selector.down
            selector = selector.of
        focus = found(views, selector)
    parts = []
    for view, matches in focus:
        refs = set(matches)
        if is_of_every_version:
            refs |= all_versions(view, matches)
        part = Subgraph(focus=refs)
        for depth, is_up in ((up, True), (down, False)):
            part.add(walk(view, refs, up=is_up, depth=depth), up=is_up)
        parts.append((view, part))
    return parts


def all_versions(view: TeamGraph, refs: set[NodeRef]) -> set[NodeRef]:
    """Return every version of the artifacts that some nodes are versions of."""
    rows = view.rows(_VERSIONS, ids=[ref for ref in refs if ref >= 0])
    return {row[0] for row in rows}


def upstream(
    reader: GraphReader, team_ids: Sequence[int], params: UpstreamParams
) -> GraphAnswer:
    """Return what something came from."""
    return _reachable(reader, team_ids, params, up=True)


def downstream(
    reader: GraphReader, team_ids: Sequence[int], params: DownstreamParams
) -> GraphAnswer:
    """Return what was made from something."""
    return _reachable(reader, team_ids, params, up=False)


def _reachable(
    reader: GraphReader, team_ids: Sequence[int], params: UpstreamParams, *, up: bool
) -> GraphAnswer:
    with reader.focus(team_ids, params.of, params.as_of) as focus:
        parts = []
        for view, refs in focus:
            part = Subgraph(focus=refs)
            part.add(
                walk(view, refs, up=up, depth=params.depth, hows=params.only), up=up
            )
            parts.append((view, part))
        return graph_page(parts, params)


def path(
    reader: GraphReader, team_ids: Sequence[int], params: PathParams
) -> GraphAnswer:
    """Return a shortest path, in whichever direction data flowed.

    Raises:
        NotFoundError: No path connects them.
    """
    with reader.views(team_ids, params.as_of) as views:
        ends = {view.team_id: refs for view, refs in find(views, params.target)}
        for view, refs in find(views, params.source):
            last = ends.get(view.team_id, set())
            way = _shortest_path(view, refs, last) or _shortest_path(view, last, refs)
            if way:
                part = Subgraph(down=way, focus=_endpoints(way))
                return graph_page([(view, part)], params)
    raise NotFoundError(f"no path connects {params.source} and {params.target}")


def walk(
    view: TeamGraph,
    refs: set[NodeRef],
    *,
    up: bool,
    depth: int | None,
    hows: Collection[str] | None = None,
) -> dict[NodeRef, int]:
    """Return the nodes on one side of some nodes, each with its distance."""
    if depth is not None and depth < 0:
        raise ValueError(f"depth must be 0 or more, not {depth}")
    if depth == 0:
        return dict.fromkeys(refs, 0)
    hops = to_refs(view, reach(view, refs, up=up, depth=depth, hows=hows))
    hops.update(dict.fromkeys(refs, 0))
    return hops


def _shortest_path(
    view: TeamGraph, first: set[NodeRef], last: set[NodeRef]
) -> dict[NodeRef, int] | None:
    """Return one shortest path along the flow: its nodes, numbered from the start.

    None where no path leads there, or where the links do not lead back along it.
    """
    from_first = walk(view, first, up=False, depth=None)
    met = [ref for ref in last if ref in from_first]
    if not met:
        return None
    ref = min(met, key=lambda s: (from_first[s], s))
    way = {ref: from_first[ref]}
    while from_first[ref] > 0:
        step = _before(view, ref, from_first)
        if step is None:
            return None
        before, task = step
        if task is not None:
            way.setdefault(task, from_first[ref] - 1)
        ref = before
        way[ref] = from_first[ref]
    return way


def _before(
    view: TeamGraph, ref: NodeRef, from_first: Mapping[NodeRef, int]
) -> tuple[NodeRef, NodeRef | None] | None:
    """Return what is before a node on a shortest way, and the task between, if any.

    None where nothing nearer leads to it.

    A task is followed from an output to what that was made from, not to all its inputs.
    """
    here = from_first[ref]
    links = view.links.upstream([ref]) if ref >= 0 else []
    tasks = view.joined({link.source for link in links})
    found = []
    for link in links:
        source = task_ref(tasks[link.source]) if link.source in tasks else link.source
        if from_first.get(source) == here - (2 if link.activity else 1):
            found.append((source, link))
    if found:
        source, link = min(found)
        if not link.activity:
            return source, None
        task = task_of(link)
        # A link that was declared is of the only task that made this node.
        return source, task_ref(task or view.links.makers([ref])[ref][0])
    # The way begins in a task, or ends in one: all its inputs and outputs are its own.
    near = [s for s in walk(view, {ref}, up=True, depth=1) if s in from_first]
    earlier = [s for s in near if from_first[s] < here]
    if not earlier:
        return None
    return max(earlier, key=lambda s: (from_first[s], -s)), None


def _endpoints(way: dict[NodeRef, int]) -> set[NodeRef]:
    order = sorted(way, key=lambda ref: way[ref])
    return {order[0], order[-1]}
