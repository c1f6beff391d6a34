"""Columns by which listings are read in pages: names, apps, and a parent's objects.

The name stands beside the body because what one engine makes lower case of is not
what the other makes.
"""

from __future__ import annotations

import json
from typing import Any, Final

from ..database import Transaction

STATEMENTS = (
    "ALTER TABLE platform_things ADD COLUMN name_lower {key_text}",
    "ALTER TABLE task_parts ADD COLUMN app_id BIGINT",
    "CREATE INDEX platform_things_name ON platform_things (team_id, kind, name_lower)",
    "DROP INDEX platform_things_parent",
    """CREATE INDEX platform_things_parent
        ON platform_things (team_id, kind, parent_id, id)""",
    "CREATE INDEX task_parts_app ON task_parts (team_id, app_id)",
)

#: Rows that are read at once.
_PART: Final = 1000


def fill(tx: Transaction) -> None:
    """Fill the columns for what is there."""
    place: tuple[Any, ...] = (-1, "", -1)
    while rows := tx.all(
        "SELECT team_id, kind, id, parent_id, body FROM platform_things"
        " WHERE (team_id, kind, id) > (?, ?, ?) ORDER BY team_id, kind, id LIMIT ?",
        (*place, _PART),
    ):
        tx.run_many(
            "UPDATE platform_things SET name_lower = ?, parent_id = ?"
            " WHERE team_id = ? AND kind = ? AND id = ?",
            [_object_row(*row) for row in rows],
        )
        place = rows[-1][:3]
    parts = tx.all("SELECT team_id, task_id, body FROM task_parts WHERE part = 'info'")
    tx.run_many(
        "UPDATE task_parts SET app_id = ?"
        " WHERE team_id = ? AND task_id = ? AND part = 'info'",
        [
            (app, team, task)
            for team, task, body in parts
            if isinstance(app := json.loads(body).get("appId"), int)
        ],
    )


def _object_row(
    team: int, kind: str, id: int, parent: int | None, body: str
) -> tuple[Any, ...]:
    """Set a project's workspace as its parent, and keep every name in lower case."""
    body_fields = json.loads(body)
    name = body_fields.get("name")
    lowered = name.lower() if isinstance(name, str) else None
    is_of_workspace = kind == "project" and isinstance(
        body_fields.get("workspaceId"), int
    )
    return (
        lowered,
        body_fields["workspaceId"] if is_of_workspace else parent,
        team,
        kind,
        id,
    )
