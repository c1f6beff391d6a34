"""What tasks ran in, kept once for all tasks that ran in the same."""

from __future__ import annotations

import json

from ....model.environment import environment_digest
from ..database import Transaction

STATEMENTS = (
    """CREATE TABLE environments (
        team_id BIGINT NOT NULL,
        digest {key_text} NOT NULL,
        members TEXT NOT NULL,
        PRIMARY KEY (team_id, digest)
    ) {clustered}""",
    "ALTER TABLE tasks ADD COLUMN environment_digest {key_text}",
)


def fill(tx: Transaction) -> None:
    """Move what tasks recorded so far out of their rows."""
    rows = tx.all(
        "SELECT team_id, id, environment FROM tasks WHERE environment IS NOT NULL"
    )
    for team, task, text in rows:
        members = json.loads(text)
        digest = environment_digest(members)
        tx.insert_many(
            "environments",
            ("team_id", "digest", "members"),
            [(team, digest, json.dumps(members))],
            or_ignore=True,
        )
        tx.run(
            "UPDATE tasks SET environment_digest = ?, environment = NULL"
            " WHERE team_id = ? AND id = ?",
            (digest, team, task),
        )
