"""Which task started another: its parent, and its children."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, TypedDict

from ...model.graph import Node
from .nodes import task_nodes
from .team_graph import TeamGraph

#: Children of one question's tasks that are answered, at most.
MAX_CHILDREN: Final = 1000
_PARENTS: Final = (
    "SELECT t.id, r.task_id FROM each_int(:ids) AS x"
    " JOIN tasks t ON t.team_id = :team AND t.id = x.value"
    " JOIN runs r ON r.team_id = t.team_id AND r.run = t.parent_run"
)
_CHILDREN: Final = (
    "SELECT t.id, c.id FROM each_int(:ids) AS x"
    " JOIN tasks t ON t.team_id = :team AND t.id = x.value"
    " JOIN tasks c ON c.team_id = t.team_id AND c.parent_run = t.run"
    " WHERE c.id <> t.id{when c.created_at} ORDER BY c.id LIMIT :most"
)


class Family(TypedDict):
    """The tasks around a task, as members of its detail."""

    parent: str | None
    """The key of the task that started it."""
    started_by: Node | None
    children: list[Node]


def families_of(view: TeamGraph, tasks: Collection[int]) -> dict[int, Family]:
    """Return the parent and the children of each of some tasks.

    Args:
        view: The team's graph.
        tasks: Their ids.
    """
    parents: dict[int, int] = dict(view.rows(_PARENTS, ids=tasks))
    pairs = view.rows(_CHILDREN, ids=tasks, most=MAX_CHILDREN)
    nodes = task_nodes(view, {*parents.values(), *(child for _, child in pairs)})
    found = {}
    for task in tasks:
        parent = nodes.get(parents[task]) if task in parents else None
        key = None if parent is None else parent.key
        found[task] = Family(parent=key, started_by=parent, children=[])
    for task, child in pairs:
        if child in nodes:
            found[task]["children"].append(nodes[child])
    return found
