"""Runs of OpenLineage are found by the runs around them."""

from __future__ import annotations

STATEMENTS = (
    "ALTER TABLE openlineage_runs ADD COLUMN parent {key_text}",
    "ALTER TABLE openlineage_runs ADD COLUMN root {key_text}",
    """CREATE INDEX openlineage_runs_parent ON openlineage_runs (team_id, parent)
        WHERE parent IS NOT NULL""",
    """CREATE INDEX openlineage_runs_root ON openlineage_runs (team_id, root)
        WHERE root IS NOT NULL""",
)
