"""Finds what happened in steps of a name: their tasks, and what they used and made."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from .team_graph import NodeRef, TeamGraph, task_ref

#: Steps of a name, and tasks that are searched for one, at most; the newest ones.
MAX_NAMED: Final = 20_000
MAX_SEARCHED: Final = 2_000

#: A step may turn out to be a task: the OpenLineage run of a child that has data.
IS_STEP: Final = (
    "NOT EXISTS (SELECT 1 FROM tasks o JOIN runs c ON c.team_id = o.team_id"
    " AND c.run = substr(s.step, length(o.run) + 2)"
    " WHERE o.team_id = s.team_id AND o.id = s.task_id)"
)
_NAMED: Final = (
    "SELECT s.task_id, s.number FROM steps s WHERE s.team_id = :team"
    " AND lower(s.name) LIKE :name ESCAPE '!'{when s.started_at}"
    " ORDER BY s.task_id DESC, s.number DESC LIMIT :most"
)
_PARENTS: Final = (
    "SELECT s.task_id, s.number, s.parent FROM each_int(:tasks) AS x JOIN steps s"
    " ON s.team_id = :team AND s.task_id = x.value WHERE s.parent <> 0"
)
_EDGES: Final = (
    "SELECT DISTINCT e.task_id, e.step, e.node_id FROM each_int(:tasks) AS x"
    " JOIN edges e ON e.team_id = :team AND e.task_id = x.value"
    " WHERE e.step <> 0{when e.recorded_at}"
)
_NEWEST_TASK: Final = "SELECT MAX(t.id) FROM tasks t WHERE t.team_id = :team"
_RECENT: Final = (
    "SELECT s.task_id, lower(s.name) FROM steps s WHERE s.team_id = :team"
    " AND s.task_id > :oldest AND lower(s.name) LIKE :name ESCAPE '!'"
    " ORDER BY s.task_id DESC LIMIT :most"
)


def refs_in_steps(view: TeamGraph, pattern: str) -> set[NodeRef]:
    """Return the tasks with such a step, and what was used or made inside it.

    Args:
        view: The team's graph.
        pattern: The name in lower case, as a pattern of SQL.
    """
    inside = set(view.rows(_NAMED, name=pattern, most=MAX_NAMED))
    tasks = {task for task, _ in inside}
    children: dict[tuple[int, int], list[int]] = defaultdict(list)
    for task, number, parent in view.rows(_PARENTS, tasks=tasks):
        children[task, parent].append(number)
    pending = list(inside)
    while pending:
        task, number = pending.pop()
        new = {(task, child) for child in children[task, number]} - inside
        inside |= new
        pending += new
    found = {task_ref(task) for task in tasks}
    for task, step, node in view.rows(_EDGES, tasks=tasks):
        if (task, step) in inside:
            found.add(node)
    return found


def tasks_with_step(view: TeamGraph, pattern: str, most: int) -> dict[int, str]:
    """Return recent tasks with a step whose name fits, and the name in lower case."""
    newest = view.rows(_NEWEST_TASK)[0][0] or 0
    rows = view.rows(_RECENT, name=pattern, oldest=newest - MAX_SEARCHED, most=most)
    return dict(reversed(rows))
