"""SQLite as an engine of the store."""

# ruff: noqa: D102  the protocol `Dialect` says what each method does

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, ClassVar

from ...errors import StoreCorruptError, StoreError
from ...permissions import create_private, make_folder
from . import sql_params
from .columns import Columns
from .errors import ConflictError, StoreBusyError, StoreFaultError
from .sql_params import insertion

#: How long a statement may wait for another process's write.
BUSY_TIMEOUT_S = 30.0
#: Values in one statement on SQLite; up to 3.31 it takes 999 at most. A statement of
#: many rows takes two thirds of the time, and does not give the interpreter's lock
#: to another thread after each row.
MAX_VALUES = 900
#: Rows in one statement where there are fewer than that.
FEW_ROWS = 16
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # A commit survives the death of the process; `power` would need FULL.
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=OFF",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16384",
    "PRAGMA wal_autocheckpoint=4000",
)


#: In every store, since a transaction made all of its tables.
_OWN_TABLE = "lineage_migrations"
_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table'"
    " AND name NOT LIKE 'sqlite_%' ORDER BY name"
)
#: What SQLite says when it could do the same statement at another time.
_AWAY = (
    "disk i/o error", "disk is full", "interrupted", "locking protocol",
    "readonly database", "unable to open database",
)  # fmt: skip


class SqliteDialect:
    """SQLite in a file, used by several threads and processes at once."""

    name = "sqlite"
    takes_json = True
    errors: tuple[type[Exception], ...] = (sqlite3.Error, OverflowError)
    writes_alone = True
    words: ClassVar[dict[str, str]] = {
        "clustered": "WITHOUT ROWID",
        "key_text": "TEXT",
        "id": "INTEGER PRIMARY KEY",
        "least": "MIN",
        "greatest": "MAX",
        "blob": "BLOB",
        "binary": "",
        "serial": "INTEGER PRIMARY KEY AUTOINCREMENT",
    }

    def __init__(self, path: Path) -> None:
        self.path = path
        self.spell: Callable[[str], str] = sql_params.for_sqlite
        #: The file that was opened first: device and inode.
        self._file: tuple[int, int] | None = None

    def connect(self) -> sqlite3.Connection:
        if not self.path.exists():
            make_folder(self.path.parent)
            # SQLite gives its other files the rights of this one.
            create_private(self.path)
        elif self._file is None:
            _refuse_other(self.path)
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
        self._file = self._file or file_identity(self.path)
        return connection

    def begin(self, connection: Any, *, is_write: bool) -> None:
        connection.execute("BEGIN IMMEDIATE" if is_write else "BEGIN")

    def check(self) -> None:
        """Raise a `StoreError` where the file that was opened is no longer there."""
        if self._file is not None and file_identity(self.path) != self._file:
            raise StoreError(
                f"{self.path} was deleted or replaced while it was in use: nothing is "
                "accepted. Put the file back, or start the server again",
                subject=self.path,
            )

    def is_usable(self, connection: Any) -> bool:
        return not connection.in_transaction

    def run_many(self, connection: Any, sql: str, rows: Sequence[Any]) -> None:
        connection.executemany(sql_params.for_sqlite(sql), rows)

    def insert_many(
        self,
        connection: Any,
        table: str,
        columns: Sequence[str],
        rows: Collection[Sequence[Any]],
        *,
        on_conflict: str,
    ) -> None:
        names, rows = _without_empty(tuple(columns), rows)
        left, each = len(rows), iter(rows)
        for size in (MAX_VALUES // len(names), FEW_ROWS):
            if left >= size:
                sql = insertion(table, names, "?", on_conflict=on_conflict, rows=size)
            while left >= size:
                part = islice(each, size)
                connection.execute(sql, list(chain.from_iterable(part)))
                left -= size
        if left:
            sql = insertion(table, names, "?", on_conflict=on_conflict)
            connection.executemany(sql, each)

    def next_numbers(self, connection: Any, name: str, count: int) -> list[int]:
        connection.execute(
            "INSERT INTO counters (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
            (name, count),
        )
        row = connection.execute("SELECT value FROM counters WHERE name = ?", (name,))
        last = int(row.fetchone()[0])
        return list(range(last - count + 1, last + 1))

    def lock_team(self, connection: Any, team_id: int) -> str:  # noqa: ARG002  others need them
        """Do nothing: `BEGIN IMMEDIATE` holds back every other writer already.

        Whether the file was replaced is seen by `check`.
        """
        return ""

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
        is_away = any(sign in text.lower() for sign in _AWAY)
        kind = StoreError if is_away else StoreFaultError
        return kind(f"{self.path}: {text}", subject=self.path)


def _without_empty(
    names: tuple[str, ...], rows: Collection[Sequence[Any]]
) -> tuple[tuple[str, ...], Collection[Sequence[Any]]]:
    """Leave out the columns that are empty in every row, as they are without a value.

    Of a node, or of an edge, half are: to bind a value costs more than to look at it.
    """
    if len(rows) < FEW_ROWS:
        return names, rows
    if isinstance(rows, Columns):
        return rows.without_empty(names)
    empty = {
        at
        for at, value in enumerate(next(iter(rows)))
        if value is None and [row[at] for row in rows].count(None) == len(rows)
    }
    if not empty:
        return names, rows
    pick = itemgetter(*(at for at in range(len(names)) if at not in empty))
    return pick(names), list(map(pick, rows))


def file_identity(path: Path) -> tuple[int, int] | None:
    """Return device and inode of what stands at a path; none where nothing does."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _refuse_other(path: Path) -> None:
    """Refuse a file that holds another program's tables, and change nothing in it.

    Raises:
        StoreCorruptError: It is such a file.
    """
    try:
        if not path.stat().st_size:
            return
        # Opened for reading alone, a file keeps its bytes and its journal mode.
        address = f"{path.absolute().as_uri()}?mode=ro"
        opened = sqlite3.connect(address, timeout=BUSY_TIMEOUT_S, uri=True)
        with closing(opened) as connection:
            names = [row[0] for row in connection.execute(_TABLES)]
    except (OSError, sqlite3.OperationalError):
        return  # the connection that is to stay says what is wrong
    if names and _OWN_TABLE not in names:
        shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
        raise StoreCorruptError(
            f"{path} is the database of another program (it has the tables {shown}), "
            "and nothing was changed in it; give the path of a lineage store, or of "
            "a file that does not exist yet",
            subject=path,
        )


def _set_up(connection: sqlite3.Connection) -> None:
    """Run the pragmas; a change to WAL fails at once while another process does it."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    for pragma in _PRAGMAS:
        while True:
            try:
                connection.execute(pragma).fetchall()
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.005)
