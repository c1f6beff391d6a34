"""Outputs that were not written, and whose bytes another artifact has, are copies."""

from __future__ import annotations

from ..database import Transaction
from ..rebuild import rebuild_artifacts, teams_of

STATEMENTS = (
    # Whether an output of the artifact was declared without having been written.
    "ALTER TABLE entities ADD COLUMN has_unwritten SMALLINT NOT NULL DEFAULT 0",
    """CREATE INDEX version_tokens_digest ON version_tokens (team_id, token, entity_id)
        WHERE token >= 'sha256:' AND token < 'sha256;'""",
    """UPDATE entities SET has_unwritten = 1 WHERE EXISTS (SELECT 1 FROM edges e
        WHERE e.team_id = entities.team_id AND e.entity_id = entities.id
        AND e.direction = 1 AND (e.evidence LIKE '%"unwritten": true%'
            OR e.late LIKE '%"unwritten"%'))""",
)
_FIGURES = "('version_tokens', 'version_tokens_digest', '2000000 400000 2 1')"

ONLY = {
    "sqlite": (
        "ANALYZE revisions",
        f"INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES {_FIGURES}",  # noqa: S608  constant SQL
        "ANALYZE sqlite_master",
    )
}


def rebuild(tx: Transaction) -> None:
    """Read the timelines again that may have such outputs."""
    for team in teams_of(tx):
        rows = tx.all(
            "SELECT id FROM entities WHERE team_id = ? AND has_unwritten = 1", (team,)
        )
        if rows:
            rebuild_artifacts(tx, team, [row[0] for row in rows])
