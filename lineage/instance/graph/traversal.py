"""Walks the graph level by level, up or down, through cycles and without recursion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..store.activity_ids import INPUT, OUTPUT, STEP_BITS, activity_id
from .adjacency import Adjacency
from .team_graph import NodeRef, TeamGraph, task_of_ref, task_ref


@dataclass(slots=True)
class Traversal:
    """What was reached, each with its distance in edges of the graph."""

    data: dict[int, int] = field(default_factory=dict)
    tasks: dict[int, int] = field(default_factory=dict)


def closure(
    links: Adjacency,
    data: Iterable[int],
    tasks: Iterable[int],
    *,
    up: bool,
    depth: int | None = None,
    same: Mapping[int, int] | None = None,
) -> Traversal:
    """Find everything upstream or downstream of nodes and tasks.

    An edge between a task and an artifact is one hop, and so is one between two states
    of a container. A task's outputs are reached from it whole; from one of its
    inputs only those outputs that this input fed.

    Args:
        links: The links to walk.
        data: Nodes to start from.
        tasks: Tasks to start from.
        up: Walk towards the sources, else towards what was made of them.
        depth: Hops at most; None is without limit.
        same: Nodes that stand for tasks which others used or made, with those tasks:
            reaching one reaches the other.

    Returns:
        What was reached, with the starts at distance 0.
    """
    reach = Traversal(dict.fromkeys(data, 0), dict.fromkeys(tasks, 0))
    # Upstream an artifact is somebody's output, and what that took are inputs.
    near, far = (OUTPUT, INPUT) if up else (INPUT, OUTPUT)
    nodes = set(reach.data)
    seen_nodes = set(nodes)
    activities = _activities_of(links, reach.tasks, far)
    seen_activities = set(activities)
    roots = {node: activity_id(task) for node, task in (same or {}).items()}
    artifacts = {root: node for node, root in roots.items()}
    hop = 0
    while (nodes or activities) and (depth is None or hop < depth):
        hop += 1
        met = links.activities(nodes, near) if nodes else set()
        met -= seen_activities
        seen_activities |= met
        revisions = {activity for activity in met if activity < 0}
        met -= revisions
        sources = activities | revisions
        nodes = links.data(sources, far) - seen_nodes if sources else set()
        if roots:
            nodes |= {artifacts[root] for root in artifacts.keys() & met} - seen_nodes
            met |= {roots[node] for node in roots.keys() & nodes} - seen_activities
            seen_activities |= met
        seen_nodes |= nodes
        activities = met
        reach.data.update(dict.fromkeys(nodes, hop))
        for task in {activity >> STEP_BITS for activity in met}:
            reach.tasks.setdefault(task, hop)
    return reach


def _activities_of(links: Adjacency, tasks: Iterable[int], far: int) -> set[int]:
    """Return the activities of tasks; a task's own has all of its inputs."""
    if far == INPUT:
        return {activity_id(task) for task in tasks}
    found: set[int] = set()
    for task in tasks:
        rows = links.tx.all(
            "SELECT DISTINCT activity FROM links"
            " WHERE team_id = ? AND activity >= ? AND activity < ? AND direction = ?",
            (links.team_id, activity_id(task), activity_id(task + 1), OUTPUT),
        )
        found.update(row[0] for row in rows)
    return found


def starts(view: TeamGraph, refs: Iterable[NodeRef]) -> tuple[list[int], list[int]]:
    """Split node references into the nodes and tasks from which a walk starts."""
    known = list(refs)
    tasks = [task_of_ref(ref) for ref in known if ref < 0]
    data = [ref for ref in known if ref >= 0]
    # Others may have used the task itself, or made it.
    return [*data, *view.nodes_of_tasks(tasks)], tasks


def reach(
    view: TeamGraph, refs: Iterable[NodeRef], *, up: bool, depth: int | None = None
) -> Traversal:
    """Find everything on one side of some nodes, each with its distance."""
    data, tasks = starts(view, refs)
    same = view.nodes_of_tasks(tasks)
    while True:
        found = closure(view.links, data, tasks, up=up, depth=depth, same=same)
        # A task that others used as an artifact is one node with it: what follows
        # is nearer than the links alone show.
        more = view.shared_task_nodes(found.data.keys() - same.keys())
        if not more:
            return found
        same.update(more)


def to_refs(view: TeamGraph, found: Traversal) -> dict[NodeRef, int]:
    """Return the refs of what was reached, a task named as an artifact at its own."""
    joined = view.joined(found.data)
    refs = {task_ref(task): hop for task, hop in found.tasks.items()}
    for node, hop in found.data.items():
        ref = task_ref(joined[node]) if node in joined else node
        refs[ref] = min(hop, refs.get(ref, hop))
    return refs
