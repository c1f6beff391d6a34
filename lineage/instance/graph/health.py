"""How complete the graph is, and what is new in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...model.lists import ChangesAnswer, ChangesParams, HealthAnswer, HealthParams
from .query_session import GraphReader

#: Tasks named in one answer about changes, the latest ones.
MAX_CHANGED: Final = 200

_COUNTS: Final = {
    "tasks": "SELECT COUNT(*) FROM tasks WHERE team_id = :team",
    "tasks_with_inputs": "SELECT COUNT(*) FROM tasks t WHERE t.team_id = :team AND"
    " EXISTS (SELECT 1 FROM edges e WHERE e.team_id = t.team_id"
    " AND e.task_id = t.id AND e.direction = 0)",
    "tasks_with_outputs": "SELECT COUNT(*) FROM tasks t WHERE t.team_id = :team AND"
    " EXISTS (SELECT 1 FROM edges e WHERE e.team_id = t.team_id"
    " AND e.task_id = t.id AND e.direction = 1)",
    "tasks_failed": "SELECT COUNT(*) FROM tasks"
    " WHERE team_id = :team AND status = 'error'",
    "inputs": "SELECT COUNT(*) FROM edges WHERE team_id = :team AND direction = 0",
    # Pinned is what names a version or has a digest; artifacts without versions are.
    "unpinned_inputs": "SELECT COUNT(*) FROM edges e"
    " JOIN nodes n ON n.team_id = e.team_id AND n.id = e.node_id"
    " JOIN entities k ON k.team_id = n.team_id AND k.id = n.entity_id"
    " WHERE e.team_id = :team AND e.direction = 0"
    " AND ((k.kind IN ('project', 'dataset', 'folder')"
    " AND (n.version = '' OR n.version LIKE 't%'))"
    " OR (k.kind = 'file' AND n.version = ''))",
    "orphans": "SELECT COUNT(*) FROM nodes n WHERE n.team_id = :team"
    " AND n.task_id IS NULL AND n.deleted_at IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM links l WHERE l.team_id = n.team_id AND l.node_id = n.id"
    " AND l.activity >= 0)",
    "edges": "SELECT COUNT(*) FROM edges WHERE team_id = :team",
    "edges_to_deleted": "SELECT COUNT(*) FROM nodes n"
    " JOIN links l ON l.team_id = n.team_id AND l.node_id = n.id"
    " JOIN edges e ON e.team_id = n.team_id AND e.task_id = l.activity >> 24"
    " AND e.direction = l.direction AND e.node_id = n.id AND e.activity = l.activity"
    " WHERE n.team_id = :team AND n.deleted_at IS NOT NULL",
}


def health(
    reader: GraphReader,
    team_ids: Sequence[int],
    params: HealthParams,  # noqa: ARG001  every question is called alike
) -> HealthAnswer:
    """Count how complete the graph is, and how old the oldest waiting fact is."""
    totals = dict.fromkeys(_COUNTS, 0)
    with reader.views(team_ids) as views:
        for view in views:
            for name, sql in _COUNTS.items():
                row = view.tx.one(sql, {"team": view.team_id})
                totals[name] += row[0] if row else 0
    return HealthAnswer(**totals)


def changes(
    reader: GraphReader, team_ids: Sequence[int], params: ChangesParams
) -> ChangesAnswer:
    """List the tasks with new facts; an unreadable cursor starts from the beginning."""
    since = _read(params.cursor)
    now: dict[int, int] = {}
    keys: list[str] = []
    with reader.views(team_ids) as views:
        for view in views:
            now[view.team_id] = view.revision
            known = since.get(view.team_id)
            if known is None or known >= view.revision:
                continue
            rows = view.tx.all(
                "SELECT number FROM tasks WHERE team_id = ? AND revision > ?"
                " ORDER BY revision DESC LIMIT ?",
                (view.team_id, known, MAX_CHANGED),
            )
            keys += view.task_keys({row[0] for row in rows}).values()
    text = ",".join(f"{team}:{revision}" for team, revision in sorted(now.items()))
    changed = params.cursor is None or any(since.get(t, 0) != r for t, r in now.items())
    return ChangesAnswer(cursor=text, changed=changed, tasks=keys)


def _read(cursor: str | None) -> dict[int, int]:
    """Read a cursor: `<team>:<revision>` for each team."""
    pairs = [part.partition(":") for part in (cursor or "").split(",")]
    return {
        int(team): int(revision)
        for team, _, revision in pairs
        if team.isdecimal() and revision.isdecimal()
    }
