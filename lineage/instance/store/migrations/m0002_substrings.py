"""What finds an artifact by a text inside its name or path, where SQLite can do it.

Every three letters that follow each other are indexed. Where SQLite is older than
3.34 or was built without FTS5, the newest artifacts are read through instead.
PostgreSQL has an index of its own (`m0003_threes`).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from ..search_index import text_of

STATEMENTS: tuple[str, ...] = ()

_TABLE = (
    "CREATE VIRTUAL TABLE substrings"
    " USING fts5(text, tokenize='trigram', content='', detail=none)"
)


def _is_possible() -> bool:
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute(_TABLE)
        except sqlite3.OperationalError:
            return False
    return True


FILL = (
    f"INSERT INTO substrings (rowid, text) SELECT e.id, {text_of('e')} FROM entities e"  # noqa: S608  made of constants
)
_ADDED = (
    "CREATE TRIGGER entities_added AFTER INSERT ON entities BEGIN"  # noqa: S608  made of constants
    f" INSERT INTO substrings (rowid, text) VALUES (new.id, {text_of('new')}); END"
)
_NAMED = (
    "CREATE TRIGGER entities_named AFTER UPDATE OF name ON entities"  # noqa: S608  made of constants
    " WHEN old.name <> new.name BEGIN"
    " INSERT INTO substrings (substrings, rowid, text)"
    f" VALUES ('delete', old.id, {text_of('old')});"
    f" INSERT INTO substrings (rowid, text) VALUES (new.id, {text_of('new')}); END"
)
_SQLITE = (_TABLE, FILL, _ADDED, _NAMED)
ONLY: dict[str, tuple[str, ...]] = {"sqlite": _SQLITE if _is_possible() else ()}
