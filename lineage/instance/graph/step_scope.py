"""Finds the steps that an output belongs to: its own, those around and inside them."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from .task_params import MAX_VALUES
from .team_graph import TeamGraph

_STEPS_OF: Final = (
    "SELECT DISTINCT e.step FROM edges e JOIN nodes n"
    " ON n.team_id = e.team_id AND n.entity_id = e.entity_id AND n.id = :node"
    " WHERE e.team_id = :team AND e.node_id = :node AND e.task_id = :task"
    " AND e.direction <> 0"
)
_PARENTS: Final = (
    "SELECT s.number, s.parent FROM steps s"
    " WHERE s.team_id = :team AND s.task_id = :task ORDER BY s.number LIMIT :most"
)


def steps_of_output(view: TeamGraph, task: int, node: int) -> set[int] | None:
    """Return the steps of a task that an output belongs to; 0 is the task's body.

    Those beside them have no part in it. None means all: the body declared it.
    """
    own = {row[0] or 0 for row in view.rows(_STEPS_OF, task=task, node=node)}
    if not own or 0 in own:
        return None
    parents: dict[int, int] = dict(view.rows(_PARENTS, task=task, most=MAX_VALUES))
    found = {0} | own
    for step in own:
        above = parents.get(step, 0)
        while above not in found:
            found.add(above)
            above = parents.get(above, 0)
    children: dict[int, list[int]] = defaultdict(list)
    for step, parent in parents.items():
        children[parent].append(step)
    pending = list(own)
    while pending:
        new = [child for child in children[pending.pop()] if child not in found]
        found.update(new)
        pending += new
    return found
