"""What deleting something would break."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ...model.graph import ImpactAnswer, ImpactItem, ImpactParams
from .query_session import GraphReader
from .team_graph import NodeRef, TeamGraph
from .traversal import reach, starts


def impact(
    reader: GraphReader, team_ids: Sequence[int], params: ImpactParams
) -> ImpactAnswer:
    """Answer `lineage.graph.impact`.

    An artifact downstream has to be made again when every activity that made it needs
    something that would be gone; it only loses a source when another activity
    that made it remains whole.
    """
    with reader.focus(team_ids, params.of, params.as_of) as focus:
        answer = ImpactAnswer(focus=[], remake=[], loses_source=[], fingerprint="")
        for view, refs in focus:
            answer.focus += view.nodes(sorted(refs)).values()
            _add(view, refs, answer)
    answer.fingerprint = fingerprint(answer)
    return answer


def fingerprint(answer: ImpactAnswer) -> str:
    """Return a short text that changes when what is affected does."""
    keys = sorted(
        f"{what} {item.node.team_id} {item.node.key}"
        for what, items in (("r", answer.remake), ("l", answer.loses_source))
        for item in items
    )
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16]


def _add(view: TeamGraph, refs: set[NodeRef], answer: ImpactAnswer) -> None:
    data, tasks = starts(view, refs)
    found = reach(view, refs, up=False)
    left = _sources_left(view, set(found.data), set(data), set(tasks))
    # An artifact whose makers all stay whole is downstream, but loses nothing.
    # A task is not deleted with what it used, so only artifacts are listed.
    artifacts = left.keys() - view.joined(found.data).keys()
    nodes = view.nodes(artifacts)
    for node in sorted(artifacts, key=lambda node: (found.data[node], node)):
        item = ImpactItem(node=nodes[node], hops=found.data[node], left=left[node])
        (answer.loses_source if item.left else answer.remake).append(item)


def _sources_left(
    view: TeamGraph, affected: set[int], gone: set[int], gone_tasks: set[int]
) -> dict[int, int]:
    """Count, for each affected node, the makers that would remain whole.

    A maker is whole when it takes nothing that is lost. All are held for lost until
    a whole maker is found, so that a cycle does not keep itself alive.
    """
    lost = affected | gone
    makers, inputs = _makers(view, affected - gone)
    while True:
        left = {
            node: sum(
                activity >> 24 not in gone_tasks and not (inputs[activity] & lost)
                for activity in activities
            )
            for node, activities in makers.items()
        }
        saved = {node for node, count in left.items() if count} & lost
        if not saved:
            return {n: left[n] for n in left if left[n] < max(1, len(makers[n]))}
        lost -= saved


def _makers(
    view: TeamGraph, nodes: set[int]
) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    makers: dict[int, set[int]] = {node: set() for node in nodes}
    for node, activity in view.rows(
        "SELECT l.node_id, l.activity FROM each_int(:ids) AS x JOIN links l"
        " ON l.team_id = :team AND l.node_id = x.value AND l.direction = 1"
        "{when l.since}",
        ids=nodes,
    ):
        makers[node].add(activity)
    for node, activities in makers.items():
        # A state that a task made is that task's work; else it is the older state's.
        makers[node] = {a for a in activities if a >= 0} or activities
    activities = {activity for part in makers.values() for activity in part}
    inputs: dict[int, set[int]] = {activity: set() for activity in activities}
    for activity, node in view.rows(
        "SELECT l.activity, l.node_id FROM each_int(:ids) AS x JOIN links l"
        " ON l.team_id = :team AND l.activity = x.value AND l.direction = 0"
        "{when l.since}",
        ids=activities,
    ):
        inputs[activity].add(node)
    return makers, inputs
