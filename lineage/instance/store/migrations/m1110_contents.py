"""Folders, and files with companions, are recognised by all of their content."""

from __future__ import annotations

STATEMENTS = (
    """CREATE INDEX nodes_manifest ON nodes (team_id, manifest)
        WHERE manifest IS NOT NULL""",
    """CREATE INDEX nodes_companions ON nodes (team_id, version)
        WHERE version >= 'companions:' AND version < 'companions;'""",
)

_FIGURES = "('nodes', 'nodes_companions', '10000 2000 2')"

ONLY = {
    "sqlite": (
        "ANALYZE revisions",
        f"INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES {_FIGURES}",  # noqa: S608  constant SQL
        "ANALYZE sqlite_master",
    )
}
