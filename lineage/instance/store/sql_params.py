"""One spelling of SQL parameters for both engines: `:name`, `?` and `each_…`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from ...patterns import pattern

_EACH = re.compile(r"each_(int|text)\((:\w+|\?)\) AS (\w+)")
#: A test whether a value is in a list.
_IN_LIST = re.compile(
    r"(?<!NOT )IN \(SELECT (\w+)\.value FROM each_(int|text)\((:\w+|\?)\) AS \1\)"
)
_JOIN = re.compile(r"(?<!LEFT )(?<!CROSS )\bJOIN\b")
_TABLE_JOIN = pattern(
    r"(?<!CROSS )(?:(LEFT)\s+)?\bJOIN\s+(?!LATERAL\b)(\w+)\s+"
    r"(?:(?!ON\b)(?:AS\s+)?(\w+)\s+)?ON\s"
)
#: What ends the condition of a join, where no parenthesis is open.
_BORDER = pattern(
    r"[()]|\s(?:(?:LEFT\s+|CROSS\s+)?JOIN|WHERE|GROUP|HAVING|ORDER|LIMIT|UNION|EXCEPT"
    r"|RETURNING|ON CONFLICT)\b"
)
#: A query that has one row or more for each item of a list, and no other.
_DRIVEN = re.compile(
    r"SELECT (?:(?!\bFROM\b|\(SELECT\b|\b(?:COUNT|MAX|MIN|SUM|AVG|\w+_\w+)\()[\s\S])*"
    r"\bFROM each_(?:int|text)\(:(\w+)\)(?![\s\S]*\bUNION\b)"
)
_PARAMETER = pattern(r"'(?:[^']|'')*'|(?<![:\w]):(\w+)|(\?)|(%)")

#: What a statement takes: by name or by position.
Params = Mapping[str, Any] | Sequence[Any]


@lru_cache(maxsize=1024)
def for_sqlite(sql: str) -> str:
    """Spell a statement for SQLite, where a list travels as JSON text."""
    if _EACH.search(sql) is None:
        return sql
    # SQLite keeps the order of a CROSS JOIN; left free, it may go through a large
    # table and look into the list for each of its rows.
    sql = _JOIN.sub("CROSS JOIN", sql)
    return _EACH.sub(r"json_each(\2) AS \3", sql)


@lru_cache(maxsize=1024)
def for_postgres(sql: str) -> str:
    """Spell a statement for psycopg, where a list travels as an array."""
    types = {"int": "bigint", "text": "text"}
    # A list in a query of its own would be a join, for which a whole table may be read
    # for each item. A query sifts by it the rows that it has found: an array is hashed.
    # A change finds its rows by it, and not by their team, if its length is not known.
    if sql.startswith(("DELETE", "UPDATE")):
        array = r"= ANY(ARRAY(SELECT \1.value FROM each_\2(\3) AS \1))"
        sql = _IN_LIST.sub(array, sql)
    else:
        sql = _IN_LIST.sub(lambda m: f"= ANY(CAST({m[3]} AS {types[m[2]]}[]))", sql)
    # The inner query hides the list's length from the planner, which for a long one
    # would rather read a whole team than look into its index for each item.
    spread = _EACH.sub(
        lambda m: f"unnest((SELECT CAST({m[2]} AS {types[m[1]]}[]))) AS {m[3]}(value)",
        sql,
    )
    if spread != sql:
        spread = _look_up(spread)
    return _PARAMETER.sub(_placeholder, spread)


@lru_cache(maxsize=1024)
def driving_list(sql: str) -> str | None:
    """Return the list without whose items a query has no rows, if there is one."""
    match = _DRIVEN.match(sql)
    return None if match is None else match.group(1)


def _look_up(sql: str) -> str:
    """Make each join a look-up for the rows before it, whatever the planner expects.

    Of a table that was never analysed PostgreSQL expects no rows, and goes through all
    of it for each item of a list. It may not look into `LATERAL (… OFFSET 0)`.
    """
    parts, rest = [], 0
    for match in _TABLE_JOIN.finditer(sql):
        if match.start() < rest:
            continue
        side, table, alias = match.groups()
        end = _end_of_condition(sql, match.end())
        condition = _look_up(sql[match.end() : end])
        name = alias or table
        inner = f"SELECT * FROM {table} {name} WHERE {condition} OFFSET 0"  # noqa: S608  the statement's own names
        parts += [sql[rest : match.start()], side or "CROSS"]
        parts += [f" JOIN LATERAL ({inner}) {name}", " ON TRUE" if side else ""]
        rest = end
    return "".join((*parts, sql[rest:]))


def _end_of_condition(sql: str, start: int) -> int:
    """Return where the condition of a join ends that begins at `start`."""
    depth = 0
    for match in _BORDER.finditer(sql, start):
        if match[0] == "(":
            depth += 1
        elif depth == 0:
            return match.start()
        elif match[0] == ")":
            depth -= 1
    return len(sql)


def _placeholder(match: re.Match[str]) -> str:
    if match.group(1):
        return f"%({match.group(1)})s"
    if match.group(2):
        return "%s"
    text = match.group(0)
    return "%%" if match.group(3) else text.replace("%", "%%")


@lru_cache(maxsize=256)
def insertion(
    table: str, columns: tuple[str, ...], mark: str, *, on_conflict: str, rows: int = 1
) -> str:
    """Return a statement that inserts rows."""
    row = f"({', '.join([mark] * len(columns))})"
    ignore = f" ON CONFLICT {on_conflict}" if on_conflict else ""
    return (
        f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608  names are constants of the code
        f" VALUES {', '.join([row] * rows)}{ignore}"
    )
