"""What decides about status and end of a task, and when it was last heard of."""

from __future__ import annotations

STATEMENTS = (
    "ALTER TABLE tasks ADD COLUMN life TEXT",
    "ALTER TABLE tasks ADD COLUMN lost_after_s DOUBLE PRECISION",
    "ALTER TABLE tasks ADD COLUMN heard_at DOUBLE PRECISION",
    (
        "CREATE INDEX tasks_heard ON tasks (heard_at)"
        " WHERE ended_at IS NULL AND heard_at IS NOT NULL"
    ),
)
