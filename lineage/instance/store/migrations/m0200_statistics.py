"""The sizes of the tables, for SQLite, so that it chooses the right index.

Every key starts with the team. Without figures SQLite takes a team for some ten
rows, and so reads all of a team's tasks, steps or edges instead of looking one up.
The figures are those of a large team; measured ones would depend on the moment.
PostgreSQL gathers its own.
"""

from __future__ import annotations

STATEMENTS: tuple[str, ...] = ()

#: By index: rows in all, rows with the same first column, first two, and so on. The
#: key of a table without row ids bears the table's name.
_ROWS: dict[str, dict[str, tuple[int, ...]]] = {
    "sources": {"sqlite_autoindex_sources_1": (1_000_000, 200_000, 1)},
    "seen": {"seen": (1_000_000, 200_000, 1)},
    "tasks": {
        "tasks_number": (1_000_000, 200_000, 1),
        "tasks_created": (1_000_000, 200_000, 2, 1),
        "tasks_revision": (1_000_000, 200_000, 5),
    },
    "runs": {"runs": (1_000_000, 200_000, 1)},
    "steps": {
        "steps": (2_000_000, 400_000, 20, 1),
        "steps_key": (2_000_000, 400_000, 1, 1),
    },
    "entities": {"sqlite_autoindex_entities_1": (1_000_000, 200_000, 50_000, 1)},
    "nodes": {"nodes_version": (2_000_000, 400_000, 2, 1)},
    "edges": {
        "edges": (10_000_000, 2_000_000, 1),
        "edges_task": (10_000_000, 2_000_000, 50, 20, 1),
    },
    "links": {
        "links": (10_000_000, 2_000_000, 10, 5, 1),
        "links_node": (10_000_000, 2_000_000, 5, 3, 1),
    },
    "logs": {"logs": (10_000_000, 2_000_000, 100, 1)},
    "terms": {"terms": (5_000_000, 1_000_000, 5, 5, 1)},
}

ONLY = {
    "sqlite": (
        # Makes the table of figures, and at the end reads it.
        "ANALYZE revisions",
        *(
            "INSERT INTO sqlite_stat1 (tbl, idx, stat)"  # noqa: S608  made of constants
            f" VALUES ('{table}', '{index}', '{' '.join(map(str, rows))}')"
            for table, indexes in _ROWS.items()
            for index, rows in indexes.items()
        ),
        "ANALYZE sqlite_master",
    )
}
