"""Removes from a store what should not have been recorded: a text, a run, a user."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from ...errors import NotFoundError
from .database import Database, Transaction
from .migrations.m0002_substrings import FILL
from .search_index import entity_terms, write_task_terms, write_terms
from .sqlite import SqliteDialect
from .text_queue import index_all

#: Tables that hold nothing of what was recorded.
_OWN: Final = frozenset(
    {"lineage_migrations", "page_sessions", "revisions", "counters", "terms"}
)
_SQLITE_COLUMNS: Final = (
    "SELECT m.name, p.name FROM sqlite_master m, pragma_table_info(m.name) p"
    " WHERE m.type = 'table' AND p.type = 'TEXT' AND m.name NOT LIKE 'sqlite%'"
    " AND m.name NOT LIKE 'substrings%' ORDER BY 1, 2"
)
_TRIGGERS: Final = (
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    " AND tbl_name = 'entities' AND sql LIKE '%substrings%'"
)
_POSTGRES_COLUMNS: Final = (
    "SELECT c.table_name, c.column_name FROM information_schema.columns c"
    " JOIN information_schema.tables t ON t.table_schema = c.table_schema"
    " AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'"
    " WHERE c.table_schema = current_schema() AND c.is_updatable = 'YES'"
    " AND c.data_type IN ('text', 'character varying') ORDER BY 1, 2"
)
#: What a task says of itself, beside its edges; the name stays, as a word.
_TASK_DETAILS: Final = (
    "UPDATE tasks SET name = 'forgotten', host = NULL, user_name = NULL, pid = NULL,"
    " python = NULL, git_commit = NULL, git_dirty = NULL, command = NULL, error = NULL,"
    " traceback = NULL, card = NULL, environment = NULL,"
    " environment_digest = NULL, machine = NULL"
    " WHERE team_id = ? AND id = ?"
)
_STEPS_OF_A_TASK: Final = (
    "UPDATE steps SET name = 'forgotten', error = NULL, params = NULL"
    " WHERE team_id = ? AND task_id = ?"
)
_OF_A_TASK: Final = (
    "DELETE FROM logs WHERE team_id = ? AND task_id = ?",
    "DELETE FROM task_params WHERE team_id = ? AND task_id = ?",
    "DELETE FROM task_metrics WHERE team_id = ? AND task_id = ?",
    "DELETE FROM task_links WHERE team_id = ? AND task_id = ?",
    "DELETE FROM task_parts WHERE team_id = ? AND task_id = ?",
    "DELETE FROM task_files WHERE team_id = ? AND task_id = ?",
    # What OpenLineage events said of the run, facets included.
    (
        "DELETE FROM openlineage_runs WHERE (team_id, run) IN"
        " (SELECT team_id, run FROM runs WHERE team_id = ? AND task_id = ?)"
    ),
    # Cards that it gave to artifacts.
    (
        "UPDATE nodes SET card = NULL WHERE (team_id, id) IN (SELECT e.team_id,"
        " e.node_id FROM edges e WHERE e.team_id = ? AND e.task_id = ?"
        " AND e.meta IS NOT NULL)"
    ),
    "UPDATE edges SET meta = NULL, user_name = NULL WHERE team_id = ? AND task_id = ?",
)
#: What no other task ran in is not kept.
_ENVIRONMENTS: Final = (
    "DELETE FROM environments WHERE NOT EXISTS (SELECT 1 FROM tasks t"
    " WHERE t.team_id = environments.team_id"
    " AND t.environment_digest = environments.digest)"
)
#: Files that a run uploaded, and that neither another run nor a team keeps.
_FILES_OF_A_TASK: Final = (
    "SELECT DISTINCT f.digest FROM task_files f WHERE f.team_id = ? AND f.task_id = ?"
    " AND NOT EXISTS (SELECT 1 FROM task_files o WHERE o.digest = f.digest"
    " AND (o.team_id <> f.team_id OR o.task_id <> f.task_id))"
    " AND NOT EXISTS (SELECT 1 FROM platform_things p WHERE p.digest = f.digest)"
)
_CHANGED: Final = "UPDATE revisions SET revision = revision + 1, epoch = epoch + 1"


def replacement(text: str) -> str:
    """Return what stands for a forgotten text: the same each time, and not the text."""
    return f"***{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def spellings(text: str) -> list[str]:
    """Return a text as it stands in texts and inside JSON, most escaped first."""
    inner = [json.dumps(text, ensure_ascii=ascii)[1:-1] for ascii in (True, False)]
    return list(dict.fromkeys([*inner, text]))


def forget_text(db: Database, text: str, *, is_dry_run: bool = False) -> dict[str, int]:
    """Replace a text wherever the store holds it.

    Returns:
        The number of rows by table and column.
    """
    found: dict[str, int] = {}
    with db.write() as tx:
        columns = _text_columns(db, tx)
        renamed = _targets(tx, text)
        with _parts_of_names_apart(
            db, tx, is_needed=bool(renamed[0]) and not is_dry_run
        ):
            for table, column in columns:
                count = sum(
                    _replace(tx, table, column, form, text, is_dry_run=is_dry_run)
                    for form in spellings(text)
                )
                if count:
                    found[f"{table}.{column}"] = count
        if found and not is_dry_run:
            _index_again(tx, *renamed)
            tx.run(_CHANGED)
    return found


def forget_task(
    db: Database, number: int, *, is_dry_run: bool = False
) -> dict[str, int]:
    """Remove what a run says of itself; that it used and produced artifacts stays.

    Raises:
        NotFoundError: There is no such run.
    """
    with db.write() as tx:
        rows = tx.all("SELECT team_id, id FROM tasks WHERE number = ?", (number,))
        if not rows:
            raise NotFoundError(
                f"there is no run {number}; type: lineage tasks", subject=number
            )
        if is_dry_run:
            return {"tasks": len(rows)}
        for row in rows:
            tx.run(_TASK_DETAILS, row)
            for statement in (*_OF_A_TASK, _STEPS_OF_A_TASK):
                tx.run(statement, row)
            _index_again(tx, [], [(int(row[0]), int(row[1]))])
        tx.run(_ENVIRONMENTS)
        tx.run(_CHANGED)
    return {"tasks": len(rows)}


def keys_of_task(db: Database, number: int) -> list[str]:
    """Return the keys by which facts name a run."""
    with db.read() as tx:
        rows = tx.all(
            "SELECT DISTINCT r.run FROM runs r JOIN tasks t ON t.team_id = r.team_id"
            " AND t.id = r.task_id WHERE t.number = ?",
            (number,),
        )
    return [str(row[0]) for row in rows]


def files_of_task(db: Database, number: int) -> list[str]:
    """Return the digests of files that a run uploaded and nobody else keeps."""
    with db.read() as tx:
        rows = tx.all("SELECT team_id, id FROM tasks WHERE number = ?", (number,))
        return [str(f[0]) for row in rows for f in tx.all(_FILES_OF_A_TASK, row)]


def forget_user(db: Database, user: str, *, is_dry_run: bool = False) -> dict[str, int]:
    """Remove a user's name from runs, edges and tokens."""
    found: dict[str, int] = {}
    with db.write() as tx:
        for table in ("tasks", "edges", "tokens"):
            where = f"{table} WHERE user_name = ?"
            row = tx.one(f"SELECT COUNT(*) FROM {where}", (user,))  # noqa: S608  constants
            if row is not None and row[0]:
                found[f"{table}.user_name"] = int(row[0])
                if not is_dry_run:
                    change = where.replace(" WHERE", " SET user_name = NULL WHERE")
                    tx.run(f"UPDATE {change}", (user,))
        if found and not is_dry_run:
            tx.run(_CHANGED)
    return found


def scrub(db: Database) -> bool:
    """Overwrite what deleted and changed rows left in the store's file.

    Returns:
        Whether that is done; PostgreSQL keeps old rows until its own `VACUUM FULL`.
    """
    if not isinstance(db.dialect, SqliteDialect):
        return False
    connection = db.dialect.connect()
    try:
        if connection.execute(_TRIGGERS).fetchall():
            connection.execute("INSERT INTO substrings(substrings) VALUES ('optimize')")
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except db.dialect.errors as error:
        raise db.dialect.translate(error) from error
    finally:
        connection.close()
    return True


@contextmanager
def _parts_of_names_apart(
    db: Database, tx: Transaction, *, is_needed: bool
) -> Iterator[None]:
    """Make the index of parts of names again after a change of names.

    It keeps no texts of its own: SQLite takes an entry out only where a trigger names
    exactly what was put in, which it cannot while name and identity change in turn.
    """
    rows = (
        tx.all(_TRIGGERS) if is_needed and isinstance(db.dialect, SqliteDialect) else []
    )
    if rows:
        index_all(tx)
    for name, _ in rows:
        tx.run(f"DROP TRIGGER {name}")
    yield
    if rows:
        tx.run("INSERT INTO substrings (substrings) VALUES ('delete-all')")
        tx.run(FILL)
    for _, statement in rows:
        tx.run(str(statement))


def _text_columns(db: Database, tx: Transaction) -> list[tuple[str, str]]:
    is_sqlite = isinstance(db.dialect, SqliteDialect)
    rows = tx.all(_SQLITE_COLUMNS if is_sqlite else _POSTGRES_COLUMNS)
    return [
        (str(table), str(column))
        for table, column in rows
        if table not in _OWN and (table, column) != ("tokens", "hash")
    ]


def _replace(
    tx: Transaction, table: str, column: str, form: str, text: str, *, is_dry_run: bool
) -> int:
    by = replacement(text)
    where = f'"{table}" WHERE REPLACE("{column}", ?, ?) <> "{column}"'
    if is_dry_run:
        row = tx.one(f"SELECT COUNT(*) FROM {where}", (form, by))  # noqa: S608  names of the schema
        return int(row[0]) if row is not None else 0
    change = where.replace(
        " WHERE", f' SET "{column}" = REPLACE("{column}", ?, ?) WHERE'
    )
    return tx.run(f"UPDATE {change}", (form, by, form, by))


def _targets(
    tx: Transaction, text: str
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the artifacts and tasks whose names hold a text, each with its team."""
    entities = (
        "SELECT team_id, id FROM entities"
        " WHERE REPLACE(ident || name, ?, '') <> ident || name"
    )
    tasks = "SELECT team_id, id FROM tasks WHERE REPLACE(name, ?, '') <> name"
    return _pairs(tx.all(entities, (text,))), _pairs(tx.all(tasks, (text,)))


def _pairs(rows: Iterable[Sequence[Any]]) -> list[tuple[int, int]]:
    return [(int(row[0]), int(row[1])) for row in rows]


def _index_again(
    tx: Transaction, entities: list[tuple[int, int]], tasks: list[tuple[int, int]]
) -> None:
    """Replace the search terms of renamed artifacts and tasks."""
    gone = "DELETE FROM terms WHERE team_id = ? AND target = ?"
    for team, id in entities:
        tx.run(gone, (team, id))
        row = tx.one(
            "SELECT name, ident FROM entities WHERE team_id = ? AND id = ?", (team, id)
        )
        if row is not None:
            write_terms(tx, entity_terms(team, id, str(row[0]), str(row[1])))
    for team, id in tasks:
        tx.run(gone, (team, -id))
        row = tx.one(
            "SELECT name, number FROM tasks WHERE team_id = ? AND id = ?", (team, id)
        )
        if row is not None:
            write_task_terms(tx, team, id, row[0], row[1])
