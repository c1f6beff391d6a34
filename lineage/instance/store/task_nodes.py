"""Joins a task named as an artifact with the task itself, once both are known."""

from __future__ import annotations

from collections.abc import Iterable

from .activity_ids import INPUT, OUTPUT, activity_id
from .database import Transaction
from .write_cache import TeamCache

Link = tuple[int, int, int]


def join_tasks(
    tx: Transaction, known: TeamCache, tasks: Iterable[int], idents: Iterable[str]
) -> dict[Link, float]:
    """Join what is new among tasks and among artifacts that name tasks.

    Args:
        tx: The transaction.
        known: What is remembered of the team.
        tasks: Tasks that were made or renumbered.
        idents: Names of artifacts of the kind `task` that are new.

    Returns:
        The links to add: such an artifact is an input and an output of its task.
    """
    team, changed = known.team_id, [t for t in set(tasks) if t in known.tasks]
    names = set(idents) | {str(known.tasks[task].number) for task in changed}
    _part(tx, known, changed)
    rows = tx.all(
        "SELECT t.ident, n.id, n.task_id, n.created_at FROM each_text(:names) AS x"
        " JOIN entities t"
        " ON t.team_id = :team AND t.kind = 'task' AND t.ident = x.value"
        " JOIN nodes n ON n.team_id = t.team_id AND n.entity_id = t.id",
        {"names": names, "team": team},
    )
    numbers = _tasks_by_ident(tx, team, [row[0] for row in rows])
    links: dict[Link, float] = {}
    for ident, node, joined, at in rows:
        task = numbers.get(ident)
        if task is None or task == joined:
            continue
        tx.run(
            "UPDATE nodes SET task_id = ? WHERE team_id = ? AND id = ?",
            (task, team, node),
        )
        for direction in (INPUT, OUTPUT):
            links[activity_id(task), direction, node] = at
    return links


def _tasks_by_ident(tx: Transaction, team: int, idents: list[str]) -> dict[str, int]:
    numbers = [int(i) for i in idents if i.isdecimal() and len(i) < 19]
    rows = tx.all(
        "SELECT t.number, t.id FROM each_int(:numbers) AS x"
        " JOIN tasks t ON t.team_id = :team AND t.number = x.value",
        {"numbers": numbers, "team": team},
    )
    return {str(number): id for number, id in rows}


def _part(tx: Transaction, known: TeamCache, tasks: list[int]) -> None:
    """Separate tasks that were renumbered from the artifacts that had their number."""
    rows = tx.all(
        "SELECT n.id, n.task_id, t.ident FROM each_int(:tasks) AS x"
        " JOIN nodes n ON n.team_id = :team AND n.task_id = x.value"
        " JOIN entities t ON t.team_id = n.team_id AND t.id = n.entity_id",
        {"tasks": tasks, "team": known.team_id},
    )
    for node, task, ident in rows:
        if str(known.tasks[task].number) == ident:
            continue
        place = (known.team_id, node)
        tx.run("UPDATE nodes SET task_id = NULL WHERE team_id = ? AND id = ?", place)
        tx.run(
            "DELETE FROM links WHERE team_id = ? AND node_id = ? AND activity = ?",
            (*place, activity_id(task)),
        )
