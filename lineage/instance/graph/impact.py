"""What depends on something, and which tasks have to run again."""

from __future__ import annotations

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from ...model.comparisons import ImpactAnswer, ImpactItem, ImpactParams, Rerun
from ..store.database import Row
from .latest_versions import newest_versions
from .nodes import data_nodes, task_nodes
from .query_session import GraphReader
from .team_graph import NodeRef, TeamGraph
from .traversal import Traversal, closure, reach

#: Links that show for certain that an output came from an input.
CERTAIN: Final = ("declared", "same step")
#: Users of what is asked about that are listed, at most.
MAX_USERS: Final = 100

_AFFECTED: Final = (
    "SELECT n.id, n.entity_id, n.same_as, n.task_id,"
    " n.deleted_at IS NOT NULL{when n.deleted_at} FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.id = x.value ORDER BY n.id DESC"
)
_MAKINGS: Final = (
    "SELECT n.id, n.same_as FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.same_as = x.value WHERE n.is_made = 1"
    "{when n.created_at}"
)
_ARTIFACTS: Final = (
    "SELECT n.id, n.entity_id FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
)
_USED_BY: Final = (
    "SELECT DISTINCT l.activity >> 24, l.node_id FROM each_int(:ids) AS x"
    " JOIN links l ON l.team_id = :team AND l.activity >= x.value << 24"
    " AND l.activity < (x.value + 1) << 24 AND l.direction = 0{when l.since}"
)
_COMMANDS: Final = (
    "SELECT t.id, t.command, COALESCE(t.started_at, t.created_at)"
    " FROM each_int(:ids) AS x JOIN tasks t ON t.team_id = :team AND t.id = x.value"
)


def impact(
    reader: GraphReader, team_ids: Sequence[int], params: ImpactParams
) -> ImpactAnswer:
    """List what deleting or changing something would affect.

    Only current versions are listed. One that was rebuilt by a task which does not
    depend on the artifact only loses a source.
    """
    answer = ImpactAnswer(focus=[], remake=[], loses_source=[], fingerprint="")
    with reader.focus(team_ids, params.of, params.as_of) as focus:
        for view, refs in focus:
            _add(view, refs, answer)
    answer.fingerprint = fingerprint(answer)
    return answer


def fingerprint(answer: ImpactAnswer) -> str:
    """Return a short text that changes when what is affected does."""
    parts = (
        ("r", answer.remake),
        ("l", answer.loses_source),
        ("p", answer.possibly),
    )
    keys = sorted(
        f"{part} {item.node.team_id} {item.node.key}"
        for part, items in parts
        for item in items
    )
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16]


def _add(view: TeamGraph, refs: set[NodeRef], answer: ImpactAnswer) -> None:
    """Add what is affected in one team."""
    everything = reach(view, refs, up=False)
    data, tasks = everything.starts
    certain = everything
    if not everything.is_certain:
        certain = closure(
            view.links, data, tasks, up=False, same=everything.same, hows=CERTAIN
        )
    affected = everything.data.keys() - set(data)
    rows = view.rows(_AFFECTED, ids=list(affected))
    versions = [row for row in rows if row[3] is None]
    current = _current(view, versions)
    makings = view.rows(_MAKINGS, ids=list(set(current.values())))
    makers = view.links.makers({*current, *(row[0] for row in makings)})
    left = _makings_left(makings, makers, current, set(everything.data), set(tasks))
    reruns = tasks_to_rerun(view, {n: makers[n] for n in makers.keys() & current})
    users = _nearest_users(view, data, everything)
    nodes = data_nodes(view, {ref for ref in refs if ref >= 0}.union(current))
    cards = task_nodes(view, {*tasks, *reruns, *users})
    answer.focus += [cards[task] for task in sorted(tasks, reverse=True)]
    answer.focus += [nodes[ref] for ref in sorted(refs) if ref >= 0]
    for node in sorted(current, key=lambda node: (everything.data[node], node)):
        item = ImpactItem(node=nodes[node], hops=everything.data[node], left=left[node])
        if node not in certain.data:
            answer.possibly.append(item)
        else:
            (answer.loses_source if item.left else answer.remake).append(item)
    # A task that was used as an artifact is no version of one.
    joined = len(rows) - len(versions)
    answer.superseded += len(affected) - joined - len(current)
    answer.reruns += [
        Rerun(task=cards[task], command=command) for task, command in reruns.items()
    ]
    answer.used_by += [cards[task] for task in users]


def _current(view: TeamGraph, rows: Sequence[Row]) -> dict[int, int]:
    """Keep of each artifact one node with its current content, and that content."""
    newest = newest_versions(view, {row[1] for row in rows})
    kept: dict[int, int] = {}
    seen = set()
    for id, entity, same_as, _, is_deleted in rows:
        latest = newest.get(entity)
        is_now = latest is not None and latest.content.same_as == same_as
        if is_now and entity not in seen and not is_deleted:
            seen.add(entity)
            kept[id] = same_as
    return kept


def _makings_left(
    makings: Sequence[Row],
    makers: Mapping[int, Sequence[int]],
    current: dict[int, int],
    affected: set[int],
    gone: set[int],
) -> dict[int, int]:
    """Count, for each node, the makings of its content that are not affected."""
    by_version: dict[int, list[int]] = {}
    for node, same_as in makings:
        by_version.setdefault(same_as, []).append(node)
    return {
        node: sum(
            other not in affected and not set(makers.get(other, ())) <= gone
            for other in by_version.get(same_as, ())
        )
        for node, same_as in current.items()
    }


def tasks_to_rerun(
    view: TeamGraph, makers: Mapping[int, Sequence[int]]
) -> dict[int, str | None]:
    """Return the tasks that made versions, with their commands, in the order to run.

    Each task follows those whose artifacts it used.

    Args:
        view: The team's graph.
        makers: The versions that were made, each with the tasks that made it.
    """
    tasks = {task for part in makers.values() for task in part}
    rows = {row[0]: row for row in view.rows(_COMMANDS, ids=list(tasks))}
    times = {id: row[2] for id, row in rows.items()}
    needed = _needed(view, makers, tasks) if len(tasks) > 1 else {}
    return {id: rows[id][1] for id in _in_order(times, needed)}


def _needed(
    view: TeamGraph, makers: Mapping[int, Sequence[int]], tasks: Collection[int]
) -> dict[int, set[int]]:
    """Return, of each task, the tasks that make an artifact which it used.

    It may have used an older version, or a copy or a part of the artifact: run again,
    it would use the one that is made then.
    """
    used = view.rows(_USED_BY, ids=list(tasks))
    known = {node for _, node in used}
    beside = view.links.ends.beside(known, is_up=True)
    sources = {node: (node, *(end[0] for end in beside[node])) for node in known}
    ids = {*makers, *(source for part in sources.values() for source in part)}
    artifact_of: dict[int, int] = dict(view.rows(_ARTIFACTS, ids=list(ids)))
    made_by: dict[int, set[int]] = defaultdict(set)
    for node, part in makers.items():
        made_by[artifact_of[node]].update(part)
    needed: dict[int, set[int]] = defaultdict(set)
    for task, node in used:
        for source in sources[node]:
            needed[task] |= made_by.get(artifact_of[source], set()) - {task}
    return needed


def _in_order(times: Mapping[int, float], needed: Mapping[int, set[int]]) -> list[int]:
    """Sort tasks so that each follows those it needs; else the earlier comes first.

    Of tasks that need each other, like those that change one file in turn, the
    earliest comes first.
    """
    left = {task: needed.get(task, set()) & times.keys() for task in times}
    followers: dict[int, list[int]] = defaultdict(list)
    for task, before in left.items():
        for other in before:
            followers[other].append(task)
    # A task that waits for no other sorts before all that do.
    heap = [(bool(before), times[task], task) for task, before in left.items()]
    heapq.heapify(heap)
    order: dict[int, None] = {}
    while heap:
        task = heapq.heappop(heap)[2]
        if task in order:
            continue
        order[task] = None
        for other in followers[task]:
            left[other].discard(task)
            if not left[other]:
                heapq.heappush(heap, (False, times[other], other))
    return list(order)


def _nearest_users(view: TeamGraph, data: Sequence[int], found: Traversal) -> list[int]:
    """Return the tasks that used the given versions directly, the nearest first."""
    tasks = {task for part in view.links.users(data).values() for task in part}
    near = sorted(tasks, key=lambda task: (found.tasks.get(task, 0), -task))
    return near[:MAX_USERS]
