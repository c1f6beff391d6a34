"""The sizes of the derivations, for SQLite, as those of the other tables.

Without figures it reads all derivations of a team to find those of one artifact.
"""

from __future__ import annotations

STATEMENTS: tuple[str, ...] = ()

_INSERT = "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES"

ONLY = {
    "sqlite": (
        "ANALYZE revisions",
        f"{_INSERT} ('derivations', 'derivations', '1000000 200000 3 2 1')",
        f"{_INSERT} ('derivations', 'derivations_entity', '1000000 200000 20')",
        "ANALYZE sqlite_master",
    )
}
