"""The one thin layer over the two engines: connections, transactions, statements."""

# Longer than 400 lines: a statement passes this file and no other of ours.

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from ... import forksafe
from ...errors import StoreError
from ...patterns import pattern
from .dialects import Dialect
from .errors import ServerAwayError, StoreBusyError
from .postgres import PostgresDialect
from .sql_params import Params, driving_list
from .sqlite import BUSY_TIMEOUT_S, SqliteDialect

Row = tuple[Any, ...]
#: Connections that wait for their next use.
MAX_IDLE = 8
#: Connections at once, at most; more callers wait.
MAX_CONNECTIONS = 32
#: A fork waits at most so long for transactions to end.
_FORK_WAIT_S = 5.0


class Transaction:
    """Statements that succeed or fail together.

    A statement is written once for both engines: `:name` or `?` for values,
    `each_int(:ids) AS x` and `each_text(:names) AS x` for a list as rows with
    the column `x.value`.
    """

    def __init__(self, dialect: Dialect, connection: Any) -> None:
        self.dialect = dialect
        self._connection = connection

    def all(self, sql: str, params: Params = ()) -> list[Row]:
        """Run a query and return every row."""
        driving = driving_list(sql)
        if driving is not None and not params[driving]:  # type: ignore[call-overload]  # by name
            return []
        rows: list[Row] = self._execute(sql, params).fetchall()
        return rows

    def one(self, sql: str, params: Params = ()) -> Row | None:
        """Run a query and return its first row."""
        row: Row | None = self._execute(sql, params).fetchone()
        return row

    def dicts(self, sql: str, params: Params = ()) -> list[dict[str, Any]]:
        """Run a query and return every row by the names of its columns."""
        cursor = self._execute(sql, params)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def run(self, sql: str, params: Params = ()) -> int:
        """Run a statement and return the number of rows it touched."""
        return int(self._execute(sql, params).rowcount)

    def run_many(self, sql: str, rows: Sequence[Any]) -> None:
        """Run a statement once for each row."""
        if not rows:
            return
        try:
            self.dialect.run_many(self._connection, sql, rows)
        except self.dialect.errors as error:
            raise self.dialect.translate(error) from error

    def insert_many(
        self,
        table: str,
        columns: Sequence[str],
        rows: Collection[Sequence[Any]],
        *,
        or_ignore: bool = False,
    ) -> None:
        """Insert rows in the engine's fastest way.

        Args:
            table: The table's name.
            columns: Names of the columns that each row gives.
            rows: The rows.
            or_ignore: Leave out rows that are there already.
        """
        if not rows:
            return
        try:
            self.dialect.insert_many(
                self._connection,
                table,
                columns,
                rows,
                on_conflict="DO NOTHING" if or_ignore else "",
            )
        except self.dialect.errors as error:
            raise self.dialect.translate(error) from error

    def merge_many(
        self,
        table: str,
        columns: Sequence[str],
        key: Sequence[str],
        rows: Collection[Sequence[Any]],
        *,
        least: str,
        greatest: str,
    ) -> None:
        """Insert rows; where one is there, keep the least and the greatest of both.

        Args:
            table: The table's name.
            columns: Names of the columns that each row gives.
            key: Names of the columns that identify a row.
            rows: The rows.
            least: The column of which the smaller value is kept.
            greatest: The column of which the larger value is kept.
        """
        if not rows:
            return
        smaller, larger = self.dialect.words["least"], self.dialect.words["greatest"]
        merge = (
            f"({', '.join(key)}) DO UPDATE SET"
            f" {least} = {smaller}({table}.{least}, excluded.{least}),"
            f" {greatest} = {larger}({table}.{greatest}, excluded.{greatest})"
        )
        try:
            self.dialect.insert_many(
                self._connection, table, columns, rows, on_conflict=merge
            )
        except self.dialect.errors as error:
            raise self.dialect.translate(error) from error

    def replace_older(
        self,
        table: str,
        columns: Sequence[str],
        key: Sequence[str],
        rows: Sequence[Sequence[Any]],
    ) -> None:
        """Insert rows; where one is there, keep the later one by `at` and `uid`."""
        if not rows:
            return
        changed = [name for name in columns if name not in key]
        values = ", ".join(f"{name} = excluded.{name}" for name in changed)
        merge = (
            f"({', '.join(key)}) DO UPDATE SET {values}"
            f" WHERE ({table}.at, {table}.uid) < (excluded.at, excluded.uid)"
        )
        try:
            self.dialect.insert_many(
                self._connection, table, columns, rows, on_conflict=merge
            )
        except self.dialect.errors as error:
            raise self.dialect.translate(error) from error

    def next_numbers(self, name: str, count: int) -> list[int]:
        """Take `count` new numbers of a series (`nodes`, `entities`, …)."""
        try:
            return self.dialect.next_numbers(self._connection, name, count)
        except self.dialect.errors as error:
            raise self.dialect.translate(error) from error

    def lock_team(self, team_id: int) -> str:
        """Hold back other writers of the team until this transaction ends.

        Returns:
            What is the same as long as nobody restored the store under its users.
        """
        try:
            return self.dialect.lock_team(self._connection, team_id)
        except self.dialect.errors as error:
            raise self.dialect.translate(error) from error

    def _execute(self, sql: str, params: Params) -> Any:
        dialect = self.dialect
        try:
            return self._connection.execute(
                dialect.spell(sql), bound(params, as_json=dialect.takes_json)
            )
        except dialect.errors as error:
            raise dialect.translate(error) from error


_WHEN: Final = pattern(r"\{when (\w+\.\w+)\}")


class TeamReader:
    """Reads one team's rows in one transaction, at one moment.

    Args:
        tx: The transaction.
        team_id: The team.
        as_of: Leave out what was recorded later.
    """

    def __init__(
        self, tx: Transaction, team_id: int, as_of: float | None = None
    ) -> None:
        self.tx = tx
        self.team_id = team_id
        self.as_of = as_of

    def rows(self, sql: str, **names: Any) -> list[Row]:
        """Run a query that speaks of `:team`, and return every row.

        `{when l.since}` in it stands for the condition that the time in that column
        has come by the moment that is asked about.
        """
        condition = "" if self.as_of is None else r" AND \1 <= :as_of"
        names.update(team=self.team_id, as_of=self.as_of)
        return self.tx.all(_WHEN.sub(condition, sql), names)

    def is_visible_at(self, at: float | None) -> bool:
        """Whether a time is known and no later than the moment asked about."""
        return at is not None and (self.as_of is None or at <= self.as_of)


#: What is one value, and no list; the other types are looked at.
_ONE: Final = frozenset({int, str, float, bool, type(None), bytes})


def bound(params: Params, *, as_json: bool) -> Params:
    """Return the values of a statement, its lists as the engine takes them."""
    if isinstance(params, Mapping):
        return {
            name: value if type(value) in _ONE else _value(value, as_json)
            for name, value in params.items()
        }
    return [v if type(v) in _ONE else _value(v, as_json) for v in params]


def _value(value: Any, as_json: bool) -> Any:
    is_one = isinstance(value, (str, bytes, bytearray, memoryview))
    if is_one or not isinstance(value, Iterable):
        return value
    items = list(value)
    if not as_json:
        return items
    # The text of a list of ints is JSON already, and five times faster to make.
    return str(items) if items and type(items[0]) is int else json.dumps(items)


class Database:
    """Connections to one store, shared by threads and safe to carry across a fork."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.dialect = dialect_for(url)
        #: What answers call the store: they name no host and no role.
        self.shown = url if self.dialect.writes_alone else "the PostgreSQL store"
        self._abandoned: list[Any] = []
        self._reset()
        forksafe.register(self)

    def _reset(self) -> None:
        self._idle: list[Any] = []
        self._lock = threading.Lock()
        #: Threads inside a transaction, and whether a fork waits for them.
        self._inside: Counter[int] = Counter()
        self._changed = threading.Condition(threading.Lock())
        # Made while another thread forks, its first transaction waits as well.
        self._is_forking = forksafe.is_forking()
        self._writer = threading.Lock()
        self._slots = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._is_closed = False

    def before_fork(self) -> None:
        """Wait until no thread is inside of SQLite, and close its connections.

        A child inherits what SQLite remembers of the parent's locks: with a connection
        open, or a transaction under way, it could wait for itself for ever.
        """
        if not self.dialect.writes_alone:
            return
        me = threading.get_ident()
        with self._changed:
            self._is_forking = True
            is_free = self._changed.wait_for(
                lambda: not [t for t in self._inside if t != me], _FORK_WAIT_S
            )
        if is_free:
            with self._lock:
                idle, self._idle = self._idle, []
            for connection in idle:
                connection.close()

    def after_fork_in_parent(self) -> None:
        """Allow transactions to begin again."""
        with self._changed:
            self._is_forking = False
            self._changed.notify_all()

    def _enter(self) -> None:
        me = threading.get_ident()
        with self._changed:
            # A thread inside of a transaction may begin another: the fork waits for it.
            self._changed.wait_for(
                lambda: not self._is_forking or me in self._inside, 2 * _FORK_WAIT_S
            )
            self._inside[me] += 1

    def _leave(self) -> None:
        me = threading.get_ident()
        with self._changed:
            self._inside[me] -= 1
            if not self._inside[me]:
                del self._inside[me]
            self._changed.notify_all()

    def reset_after_fork(self) -> None:
        """Leave the parent's connections alone, in a forked child."""
        # Closing them here would end the parent's locks and sessions.
        self._abandoned.extend(self._idle)
        self._reset()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Open a transaction that sees one moment of the store.

        Raises:
            StoreError: The store cannot be read.
        """
        with self._transaction(is_write=False) as transaction:
            yield transaction

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Open a transaction that is committed at the end, or undone by an error.

        Raises:
            StoreError: The store cannot be written.
        """
        if not self.dialect.writes_alone:
            with self._transaction(is_write=True) as transaction:
                yield transaction
            return
        if not self._writer.acquire(timeout=BUSY_TIMEOUT_S):
            raise StoreBusyError(
                f"{self.shown}: another thread keeps writing; try again"
            )
        try:
            with self._transaction(is_write=True) as transaction:
                yield transaction
        finally:
            self._writer.release()

    def close(self) -> None:
        """Close every connection that is not in use; those in use close after it."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _transaction(self, *, is_write: bool) -> Iterator[Transaction]:
        self._enter()
        try:
            self.dialect.check()
            connection = self._take()
            try:
                yield from self._run(connection, is_write=is_write)
            finally:
                self._give_back(connection)
        finally:
            self._leave()

    def _run(self, connection: Any, *, is_write: bool) -> Iterator[Transaction]:
        errors = self.dialect.errors
        try:
            self.dialect.begin(connection, is_write=is_write)
        except errors as error:
            raise self.dialect.translate(error) from error
        is_done = False
        try:
            yield Transaction(self.dialect, connection)
            connection.execute("COMMIT")
            is_done = True
        except errors as error:
            raise self.dialect.translate(error) from error
        finally:
            if not is_done:
                self._undo(connection)

    def _undo(self, connection: Any) -> None:
        try:
            connection.execute("ROLLBACK")
        except self.dialect.errors:
            # The connection is gone, and its transaction with it.
            connection.close()

    def _take(self) -> Any:
        if self._is_closed:
            raise StoreError(f"{self.shown}: the store is closed")
        if not self._slots.acquire(timeout=BUSY_TIMEOUT_S):
            raise StoreBusyError(f"{self.shown}: too many callers at once; try again")
        with self._lock:
            if self._idle:
                return self._idle.pop()
        try:
            return self.dialect.connect()
        except self.dialect.errors as error:
            self._slots.release()
            raise self.dialect.translate(error) from error
        except OSError as error:
            self._slots.release()
            kind = StoreError if self.dialect.writes_alone else ServerAwayError
            raise kind(f"{self.url}: {error}", subject=self.url) from error

    def _give_back(self, connection: Any) -> None:
        try:
            is_usable = self.dialect.is_usable(connection)
        except self.dialect.errors:
            is_usable = False
        with self._lock:
            if is_usable and not self._is_closed and len(self._idle) < MAX_IDLE:
                self._idle.append(connection)
                connection = None
        if connection is not None:
            connection.close()
        self._slots.release()


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
