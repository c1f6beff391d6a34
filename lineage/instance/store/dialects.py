"""What differs between the two engines: connecting, spelling and error translation."""

# Longer than 400 lines: both engines stand side by side, method by method.
# ruff: noqa: D102  the protocol `Dialect` says what each method does

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Protocol
from urllib.parse import unquote

from ...errors import StoreCorruptError, StoreError
from ...permissions import create_private, make_folder
from . import sql_params
from .sql_params import Params

#: How long a statement may wait for another process's write.
BUSY_TIMEOUT_S = 30.0
#: Rows from which COPY beats single inserts on PostgreSQL.
COPY_FROM = 50
#: Values in one statement on SQLite; up to 3.31 it takes 999 at most. A statement of
#: many rows takes two thirds of the time, and does not give the interpreter's lock
#: to another thread after each row.
MAX_VALUES = 900
#: Rows in one statement where there are fewer than that.
FEW_ROWS = 16
#: What a connection to PostgreSQL gets first. Joins are done in the order in which
#: they are written, each by an index, as SQLite does them: free to choose, PostgreSQL
#: reads whole tables as long as nobody has counted what is in them. A plan that was
#: made for a small table is kept when it has grown, unless each has its own; and to
#: compile one costs more than any of ours takes. Measured by `benchmarks postgres`.
_POSTGRES_SETTINGS = (
    "SET join_collapse_limit = 1; SET enable_hashjoin = off;"
    " SET enable_mergejoin = off; SET enable_material = off;"
    " SET plan_cache_mode = force_custom_plan; SET jit = off"
)
#: Keeps our advisory locks apart from those of others in the same database.
_LOCK_SPACE = 0x6C696E65616765

_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # A commit survives the death of the process; `power` would need FULL.
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=OFF",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16384",
    "PRAGMA wal_autocheckpoint=4000",
)


#: What SQLite says when it could do the same statement at another time.
_SQLITE_AWAY = (
    "disk i/o error", "disk is full", "interrupted", "locking protocol",
    "readonly database", "unable to open database",
)  # fmt: skip
#: States in which PostgreSQL refuses a statement for what is in it: of these classes
#: (values, constraints, syntax, limits), but not for a missing right.
_POSTGRES_FAULTS = ("0A", "21", "22", "23", "26", "42", "54")
_NO_RIGHT = "42501"


class StoreFaultError(StoreError):
    """The store refused a statement: a defect of this version of lineage."""


class ConflictError(StoreFaultError):
    """A row breaks a rule of its table: mostly, it is there already."""


class StoreBusyError(StoreError):
    """Another process kept the store busy for longer than the deadline."""


class ServerAwayError(StoreError):
    """A database server cannot be used now; the text may name its hosts and roles."""


class Dialect(Protocol):
    """One engine, as `Database` needs it."""

    name: str
    errors: tuple[type[Exception], ...]
    writes_alone: bool
    """Whether one writer at a time is all the engine can do."""
    words: ClassVar[dict[str, str]]
    """What `{word}` in a migration's statement stands for."""

    def connect(self) -> Any:
        """Open a connection in autocommit mode."""

    def begin(self, connection: Any, *, is_write: bool) -> None:
        """Begin a transaction that sees one moment of the store."""

    def check(self) -> None:
        """Raise a `StoreError` where the store in use is gone, or another one."""

    def is_usable(self, connection: Any) -> bool:
        """Whether the connection may serve again."""

    def execute(self, connection: Any, sql: str, params: Params) -> Any:
        """Run one statement and return its cursor."""

    def run_many(self, connection: Any, sql: str, rows: Sequence[Any]) -> None:
        """Run one statement for each row."""

    def insert_many(
        self,
        connection: Any,
        table: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        *,
        on_conflict: str,
    ) -> None:
        """Insert rows; `on_conflict` is what to do with those that are there."""

    def next_numbers(self, connection: Any, name: str, count: int) -> list[int]:
        """Take numbers that nobody else gets, inside a write transaction."""

    def lock_team(self, connection: Any, team_id: int) -> None:
        """Hold back other writers of the team until the transaction ends."""

    def translate(self, error: Exception) -> StoreError:
        """Return the store's own error for one of the engine's."""


@lru_cache(maxsize=256)
def _insert(
    table: str, columns: tuple[str, ...], mark: str, *, on_conflict: str, rows: int = 1
) -> str:
    row = f"({', '.join([mark] * len(columns))})"
    ignore = f" ON CONFLICT {on_conflict}" if on_conflict else ""
    return (
        f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608  names are constants of the code
        f" VALUES {', '.join([row] * rows)}{ignore}"
    )


class SqliteDialect:
    """SQLite in a file, used by several threads and processes at once."""

    name = "sqlite"
    errors: tuple[type[Exception], ...] = (sqlite3.Error, OverflowError)
    writes_alone = True
    words: ClassVar[dict[str, str]] = {
        "clustered": "WITHOUT ROWID",
        "key_text": "TEXT",
        "id": "INTEGER PRIMARY KEY",
        "least": "MIN",
        "greatest": "MAX",
        "blob": "BLOB",
        "serial": "INTEGER PRIMARY KEY AUTOINCREMENT",
    }

    def __init__(self, path: Path) -> None:
        self.path = path
        #: The file that was opened first: device and inode.
        self._file: tuple[int, int] | None = None

    def connect(self) -> sqlite3.Connection:
        make_folder(self.path.parent)
        # SQLite gives its other files the rights of this one.
        create_private(self.path)
        connection = sqlite3.connect(
            self.path,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        try:
            _set_up(connection)
        except sqlite3.Error:
            connection.close()
            raise
        self._file = self._file or _file_id(self.path)
        return connection

    def begin(self, connection: Any, *, is_write: bool) -> None:
        connection.execute("BEGIN IMMEDIATE" if is_write else "BEGIN")

    def check(self) -> None:
        """Raise a `StoreError` where the file that was opened is no longer there."""
        if self._file is not None and _file_id(self.path) != self._file:
            raise StoreError(
                f"{self.path} was deleted or replaced while it was in use: nothing is "
                "accepted. Put the file back, or start the server again",
                subject=self.path,
            )

    def is_usable(self, connection: Any) -> bool:
        return not connection.in_transaction

    def execute(self, connection: Any, sql: str, params: Params) -> Any:
        return connection.execute(
            sql_params.for_sqlite(sql), sql_params.sqlite_params(params)
        )

    def run_many(self, connection: Any, sql: str, rows: Sequence[Any]) -> None:
        connection.executemany(sql_params.for_sqlite(sql), rows)

    def insert_many(
        self,
        connection: Any,
        table: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        *,
        on_conflict: str,
    ) -> None:
        names, at = tuple(columns), 0
        for size in (MAX_VALUES // len(names), FEW_ROWS):
            sql = _insert(table, names, "?", on_conflict=on_conflict, rows=size)
            while len(rows) - at >= size:
                part = rows[at : at + size]
                connection.execute(sql, list(chain.from_iterable(part)))
                at += size
        if at < len(rows):
            sql = _insert(table, names, "?", on_conflict=on_conflict)
            connection.executemany(sql, rows[at:])

    def next_numbers(self, connection: Any, name: str, count: int) -> list[int]:
        connection.execute(
            "INSERT INTO counters (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
            (name, count),
        )
        row = connection.execute("SELECT value FROM counters WHERE name = ?", (name,))
        last = int(row.fetchone()[0])
        return list(range(last - count + 1, last + 1))

    def lock_team(self, connection: Any, team_id: int) -> None:
        """Do nothing: `BEGIN IMMEDIATE` holds back every other writer already."""

    def translate(self, error: Exception) -> StoreError:
        text = str(error)
        if isinstance(error, sqlite3.IntegrityError):
            return ConflictError(f"{self.path}: {text}", subject=self.path)
        if "locked" in text or "busy" in text:
            return StoreBusyError(
                f"{self.path} was kept busy by another process for more than "
                f"{BUSY_TIMEOUT_S:.0f} s; try again",
                subject=self.path,
            )
        if "not a database" in text or "malformed" in text or "corrupt" in text:
            return StoreCorruptError(
                f"{self.path} is not a usable lineage store ({text}); move the file "
                "away and a new store is made in its place",
                subject=self.path,
            )
        is_away = any(sign in text.lower() for sign in _SQLITE_AWAY)
        kind = StoreError if is_away else StoreFaultError
        return kind(f"{self.path}: {text}", subject=self.path)


def _set_up(connection: sqlite3.Connection) -> None:
    """Run the pragmas; a change to WAL fails at once while another process does it."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    for pragma in _SQLITE_PRAGMAS:
        while True:
            try:
                connection.execute(pragma).fetchall()
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.005)


class PostgresDialect:
    """PostgreSQL through psycopg 3, which the `postgres` extra brings."""

    name = "postgresql"
    writes_alone = False
    settings: ClassVar[str] = _POSTGRES_SETTINGS
    words: ClassVar[dict[str, str]] = {
        "clustered": "",
        "key_text": 'TEXT COLLATE "C"',
        "id": "BIGINT NOT NULL",
        "least": "LEAST",
        "greatest": "GREATEST",
        "blob": "BYTEA",
        "serial": "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
    }

    def __init__(self, url: str) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise StoreError(
                "a postgresql:// store needs psycopg: "
                'pip install "workflow-lineage[postgres]"',
                subject=url,
            ) from error
        self.url = url
        self._psycopg = psycopg
        self.errors: tuple[type[Exception], ...] = (psycopg.Error,)

    def connect(self) -> Any:
        connection = self._psycopg.connect(
            self.url, autocommit=True, connect_timeout=10
        )
        connection.execute(self.settings)
        return connection

    def begin(self, connection: Any, *, is_write: bool) -> None:
        connection.execute(
            "BEGIN" if is_write else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        )

    def check(self) -> None:
        """Raise nothing: a server that is gone says so itself."""

    def is_usable(self, connection: Any) -> bool:
        idle = self._psycopg.pq.TransactionStatus.IDLE
        return not connection.closed and connection.info.transaction_status == idle

    def execute(self, connection: Any, sql: str, params: Params) -> Any:
        spelled = sql_params.for_postgres(sql)
        return connection.execute(spelled, sql_params.postgres_params(params))

    def run_many(self, connection: Any, sql: str, rows: Sequence[Any]) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(sql_params.for_postgres(sql), rows)

    def insert_many(
        self,
        connection: Any,
        table: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        *,
        on_conflict: str,
    ) -> None:
        with connection.cursor() as cursor:
            if len(rows) < COPY_FROM:
                sql = _insert(table, tuple(columns), "%s", on_conflict=on_conflict)
                cursor.executemany(sql, rows)
                return
            names = ", ".join(columns)
            target = f"load_{table}" if on_conflict else table
            if on_conflict:
                cursor.execute(
                    f"CREATE TEMP TABLE IF NOT EXISTS {target}"
                    f" (LIKE {table}) ON COMMIT DELETE ROWS"
                )
                cursor.execute(f"DELETE FROM {target}")  # noqa: S608  names are constants of the code
            with cursor.copy(f"COPY {target} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            if on_conflict:
                cursor.execute(
                    f"INSERT INTO {table} ({names}) SELECT {names} FROM {target}"  # noqa: S608  names are constants of the code
                    f" ON CONFLICT {on_conflict}"
                )

    def next_numbers(self, connection: Any, name: str, count: int) -> list[int]:
        cursor = connection.execute(
            "SELECT nextval(CAST(%s AS regclass)) FROM generate_series(1, %s)",
            (f"{name}_numbers", count),
        )
        return [row[0] for row in cursor.fetchall()]

    def lock_team(self, connection: Any, team_id: int) -> None:
        key = team_id ^ _LOCK_SPACE
        connection.execute("SELECT pg_advisory_xact_lock(CAST(%s AS bigint))", (key,))

    def translate(self, error: Exception) -> StoreError:
        text = str(error).strip().replace("\n", " ")
        if isinstance(error, self._psycopg.errors.IntegrityError):
            return ConflictError(text)
        if isinstance(error, self._psycopg.errors.DataCorrupted):
            return StoreCorruptError(f"PostgreSQL reports damaged data: {text}")
        state = getattr(error, "sqlstate", None)
        if state is None:
            # The driver's own: it lost the server, or cannot send what it was given.
            is_fault = not isinstance(error, self._psycopg.OperationalError)
        else:
            is_fault = state[:2] in _POSTGRES_FAULTS and state != _NO_RIGHT
        return (StoreFaultError if is_fault else ServerAwayError)(f"PostgreSQL: {text}")


def _file_id(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def dialect_for(url: str) -> Dialect:
    """Choose the engine by a store's URL.

    Raises:
        StoreError: The URL names no engine that is known, or psycopg is missing.
    """
    if url.startswith("sqlite:///"):
        return SqliteDialect(Path(unquote(url[len("sqlite:///") :])))
    if url.startswith(("postgresql://", "postgres://")):
        return PostgresDialect(url)
    raise StoreError(
        f"{url!r} is no store: use sqlite:///path/to/instance.db or "
        "postgresql://user@host/database",
        subject=url,
    )


def spell(dialect: Dialect, statements: Iterable[str]) -> list[str]:
    """Fill the engine's words into the statements of a migration."""
    return [statement.format(**dialect.words) for statement in statements]
