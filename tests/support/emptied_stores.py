"""Stores on PostgreSQL for tests: a new one takes longer than to empty a used one."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg

_schemas = itertools.count(1)

#: What tests may have changed that emptying does not undo: tables, columns, indexes,
#: constraints, triggers, and what the planner knows of the tables.
_STRUCTURE: Final = """
SELECT 'r', c.relname, c.relkind::text, c.reltuples::text
  FROM pg_class c WHERE c.relnamespace = to_regnamespace(current_schema())
UNION ALL
SELECT 'a', c.relname, a.attname, format('%s %s', a.atttypid, a.attnotnull)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
 WHERE c.relnamespace = to_regnamespace(current_schema())
UNION ALL
SELECT 'c', c.relname, k.conname, k.contype::text
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
 WHERE c.relnamespace = to_regnamespace(current_schema())
UNION ALL
SELECT 't', c.relname, t.tgname, t.tgenabled::text
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE c.relnamespace = to_regnamespace(current_schema())
ORDER BY 1, 2, 3, 4
"""
_TABLES: Final = """
SELECT relname FROM pg_class
 WHERE relkind IN ('r', 'p') AND NOT relispartition
   AND relnamespace = to_regnamespace(current_schema()) ORDER BY relname
"""
_SEQUENCES: Final = """
SELECT sequencename FROM pg_sequences
 WHERE schemaname = current_schema() AND last_value IS NOT NULL
"""
#: Rows that were deleted stay in the files of their tables, and are passed over.
_MOST_USES: Final = 40


def new_schema(server: str) -> str:
    """Make a schema of its own in the server and give the URL that leads to it."""
    name = f"test_{next(_schemas)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    joint = "&" if "?" in server else "?"
    return f"{server}{joint}options=-csearch_path%3D{name}"


@dataclass
class _Place:
    """A schema with a store.

    Args:
        url: Leads to it.
        structure: Its tables as they were made.
        rows: What the tables held that were not empty when they were made.
        uses: How many tests have used it.
    """

    url: str
    structure: list[Any]
    rows: dict[str, list[tuple[Any, ...]]]
    uses: int = 0


class EmptiedStores:
    """The stores of one server: those that no test uses are emptied and used again.

    Args:
        server: The server's URL.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self._free: defaultdict[str, list[_Place]] = defaultdict(list)

    @contextmanager
    def lent(self, kind: str, make: Callable[[str], None]) -> Iterator[str]:
        """Return the URL of a store with no more in it than a new one has.

        Args:
            kind: How it is made, in a word.
            make: Makes it, given its URL.
        """
        place = self._take(kind, make)
        yield place.url
        place.uses += 1
        if place.uses < _MOST_USES:
            self._free[kind].append(place)

    def _take(self, kind: str, make: Callable[[str], None]) -> _Place:
        while self._free[kind]:
            place = self._free[kind].pop()
            if _emptied(place):
                return place
        url = new_schema(self._server)
        make(url)
        with psycopg.connect(url, autocommit=True) as connection:
            tables = [name for (name,) in connection.execute(_TABLES).fetchall()]
            rows = {
                name: found
                for name in tables
                if (found := connection.execute(f"SELECT * FROM {name}").fetchall())
            }
            structure = connection.execute(_STRUCTURE).fetchall()
        return _Place(url, structure, rows)


def _emptied(place: _Place) -> bool:
    """Bring a store's rows back to those of a new one, if its tables are unchanged."""
    with psycopg.connect(place.url) as connection:
        if connection.execute(_STRUCTURE).fetchall() != place.structure:
            return False
        tables = [name for (name,) in connection.execute(_TABLES).fetchall()]
        sequences = [name for (name,) in connection.execute(_SEQUENCES).fetchall()]
        connection.execute("SET session_replication_role = replica")
        # A connection that a test has left open would be waited for without end.
        connection.execute("SET lock_timeout = '2s'")
        try:
            connection.execute(
                ";".join(
                    [f"DELETE FROM {name}" for name in tables]
                    + [f"ALTER SEQUENCE {name} RESTART" for name in sequences]
                )
            )
        except psycopg.errors.LockNotAvailable:
            return False
        for name, rows in place.rows.items():
            values = ", ".join(["%s"] * len(rows[0]))
            with connection.cursor() as cursor:
                cursor.executemany(f"INSERT INTO {name} VALUES ({values})", rows)
    return True
