"""The tasks that were started inside a task are found by an index."""

from __future__ import annotations

STATEMENTS = (
    """CREATE INDEX tasks_parent ON tasks (team_id, parent_run)
        WHERE parent_run IS NOT NULL""",
)
