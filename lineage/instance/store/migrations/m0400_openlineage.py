"""What the OpenLineage events of each run said, facets included."""

from __future__ import annotations

STATEMENTS = (
    """CREATE TABLE openlineage_runs (
        team_id BIGINT NOT NULL,
        run {key_text} NOT NULL,
        state TEXT NOT NULL,
        PRIMARY KEY (team_id, run)
    ) {clustered}""",
)
