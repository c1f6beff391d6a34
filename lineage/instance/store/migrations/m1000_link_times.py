"""The index of links by node holds their times, so that a walk reads nothing else.

Without them each link that a walk reads is looked up in the table, too: a fifth of
what a walk takes. The figures are those of before (see `m0200_statistics`).
"""

from __future__ import annotations

STATEMENTS = (
    "DROP INDEX links_node",
    """CREATE INDEX links_node
        ON links (team_id, node_id, direction, activity, since, until)""",
)

_FIGURES = "('links', 'links_node', '10000000 2000000 5 3 1 1 1')"

ONLY = {
    "sqlite": (
        "ANALYZE revisions",
        "DELETE FROM sqlite_stat1 WHERE idx = 'links_node'",
        f"INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES {_FIGURES}",  # noqa: S608  constant SQL
        "ANALYZE sqlite_master",
    )
}
