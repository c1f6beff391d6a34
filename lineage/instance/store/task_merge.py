"""Merges a task that was numbered here into the one that it turns out to be."""

from __future__ import annotations

from .activity_ids import STEP_BITS
from .database import Transaction
from .openings import merge_openings
from .task_life import merge_lives
from .write_cache import TeamCache


def merge_tasks(tx: Transaction, known: TeamCache, source: int, target: int) -> None:
    """Move everything of task `source` to task `target`, and remove `source`."""
    base = known.tasks[target].next_step
    names = {
        "team": known.team_id,
        "source": source,
        "target": target,
        "base": base,
        "low": source << STEP_BITS,
        "high": (source + 1) << STEP_BITS,
        "move": ((target - source) << STEP_BITS) + base,
        "root": target << STEP_BITS,
    }
    shared = tx.all(
        "SELECT entity_id FROM edges WHERE team_id = :team"
        " AND task_id IN (:source, :target)"
        " GROUP BY entity_id HAVING MIN(task_id) <> MAX(task_id)",
        names,
    )
    known.dirty.update(row[0] for row in shared)
    merge_openings(tx, known.team_id, source, target)
    for statement in _STATEMENTS:
        tx.run(statement, names)
    merge_lives(tx, known, source, target)
    tx.run("DELETE FROM tasks WHERE team_id = :team AND id = :source", names)
    known.merges += 1
    known.tasks[target].next_step = base + known.tasks[source].next_step
    tx.run(
        "UPDATE tasks SET next_step = ? WHERE team_id = ? AND id = ?",
        (known.tasks[target].next_step, known.team_id, target),
    )
    _forget(known, source, target)


def _forget(known: TeamCache, source: int, target: int) -> None:
    state = known.tasks.pop(source)
    if known.numbers.get(state.number) == source:
        del known.numbers[state.number]
    for run, id in list(known.runs.items()):
        if id == source:
            known.runs[run] = target
    known.steps.clear()
    known.parents.clear()
    for state in known.tasks.values():
        state.knows_steps = False


_MOVED = "CASE WHEN {0} = 0 THEN 0 ELSE {0} + :base END"


def _moved_rows(table: str, key: str) -> tuple[str, str]:
    """Return statements that move details of a task, unless the other has the same."""
    columns = key.split(", ")
    same = " AND ".join(f"o.{name} = {table}.{name}" for name in columns)
    step = f", step = {_MOVED.format('step')}" if "step" in columns else ""
    kept = "" if "step" not in columns else "step = 0 AND "
    double = (
        f"DELETE FROM {table} WHERE team_id = :team AND task_id = :source AND {kept}"  # noqa: S608  constant SQL
        f"EXISTS (SELECT 1 FROM {table} o WHERE o.team_id = :team"
        f" AND o.task_id = :target AND {same})"
    )
    moved = (
        f"UPDATE {table} SET task_id = :target{step}"  # noqa: S608  constant SQL
        " WHERE team_id = :team AND task_id = :source"
    )
    return double, moved


_STATEMENTS = (
    (
        "UPDATE edges SET task_id = :target,"  # noqa: S608  constant SQL
        f" step = {_MOVED.format('step')},"
        " activity = CASE WHEN activity = :low THEN :root ELSE activity + :move END"
        " WHERE team_id = :team AND task_id = :source"
    ),
    (
        "INSERT INTO links (team_id, activity, direction, node_id, since, until)"
        " SELECT team_id,"
        " CASE WHEN activity = :low THEN :root ELSE activity + :move END,"
        " direction, node_id, since, until FROM links"
        " WHERE team_id = :team AND activity >= :low AND activity < :high"
        " ON CONFLICT DO NOTHING"
    ),
    "DELETE FROM links WHERE team_id = :team AND activity >= :low AND activity < :high",
    (
        "UPDATE steps SET task_id = :target, number = number + :base,"  # noqa: S608  constant SQL
        f" parent = {_MOVED.format('parent')}"
        " WHERE team_id = :team AND task_id = :source"
    ),
    (
        "UPDATE derivations SET task_id = :target"
        " WHERE team_id = :team AND task_id = :source"
    ),
    *(
        statement
        for table, key in (
            ("task_params", "step, name"),
            ("task_metrics", "step, name, position"),
            ("task_links", "name"),
        )
        for statement in _moved_rows(table, key)
    ),
    "UPDATE logs SET task_id = :target WHERE team_id = :team AND task_id = :source",
    "UPDATE runs SET task_id = :target WHERE team_id = :team AND task_id = :source",
    "DELETE FROM terms WHERE team_id = :team AND target = -:source AND target < 0",
    "UPDATE revisions SET epoch = epoch + 1 WHERE team_id = :team",
)
