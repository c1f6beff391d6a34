"""Remembered digests: what was read once is not read again, by any process."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from ... import forksafe
from ...errors import logger
from ...permissions import create_private
from ...system import is_process_alive

try:
    import sqlite3
except ImportError:  # A Python that was built without it.
    sqlite3 = None  # type: ignore[assignment]  # nothing else needs it then

FILE: Final = "digests.sqlite"
_MAX_IN_MEMORY: Final = 4096
#: Digests kept in the file; at each start the oldest of more are forgotten.
_MAX_ROWS: Final = 200_000
_BUSY_S: Final = 2.0
#: How long the file is left alone after another process has held it for that long.
_PAUSE_S: Final = 10.0
#: Edges that could not be noted meanwhile, at most.
_MAX_UNNOTED: Final = 10_000
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS digests (
    dev INTEGER, inode INTEGER, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER,
    digest TEXT NOT NULL, normalised TEXT, used_at INTEGER NOT NULL,
    PRIMARY KEY (dev, inode, size, mtime_ns, ctime_ns)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wanted (
    uid TEXT PRIMARY KEY, fact TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL
) WITHOUT ROWID;
"""

#: Device, inode, size, mtime_ns, ctime_ns: what distinguishes two states of a file.
StateKey = tuple[int, int, int, int, int]


class Remembered(NamedTuple):
    """The digest of one state, and that of its content without what means nothing."""

    digest: str
    normalised: str | None = None


def state_key(stat: dict[str, Any]) -> StateKey | None:
    """Return the key of a recorded state; None where a part of it is missing."""
    try:
        return (
            _signed(stat["dev"]),
            _signed(stat["inode"]),
            stat["size"],
            stat["mtime_ns"],
            stat["ctime_ns"],
        )
    except KeyError:
        return None


class DigestMemory:
    """Digests by state, in memory and in a file of the home; safe for threads.

    Without a home, or where its file cannot be used, memory alone has to do.

    Args:
        home: The folder of the file.
        host: Names this machine, for edges that wait for their digest.
    """

    def __init__(self, home: Path | None, host: str = "") -> None:
        self._home = home
        self._host = host
        self._lock = threading.Lock()
        self._known: OrderedDict[StateKey, Remembered] = OrderedDict()
        self._db: sqlite3.Connection | None = None
        self._is_usable = home is not None and sqlite3 is not None
        self._has_lock = False
        #: Edges whose digest this process looks for, and their facts where these could
        #: not be noted in the file yet.
        self._wanted: set[str] = set()
        self._unnoted: dict[str, str] = {}
        self._paused_until = 0.0
        forksafe.register(self)

    def before_fork(self) -> None:
        """Close the file: a child must not inherit what SQLite knows of its locks."""
        self._has_lock = self._lock.acquire(timeout=2 * _BUSY_S)
        if self._has_lock and self._db is not None:
            self._db.close()
            self._db = None

    def after_fork_in_parent(self) -> None:
        """Release it for other threads."""
        if self._has_lock:
            self._has_lock = False
            self._lock.release()

    def reset_after_fork(self) -> None:
        """Replace the lock, which a thread of the parent may hold."""
        self._lock = threading.Lock()
        self._wanted, self._unnoted = set(), {}

    def get(self, key: StateKey) -> Remembered | None:
        """Return the digest of a state, if it was read before."""
        with self._lock:
            known = self._known.get(key)
            if known is None:
                rows = self._run(
                    "SELECT digest, normalised FROM digests WHERE dev = ? AND inode = ?"
                    " AND size = ? AND mtime_ns = ? AND ctime_ns = ?",
                    key,
                )
                if rows:
                    known = self._known[key] = Remembered(*rows[0])
            return known

    def former(self, key: StateKey) -> str | None:
        """Return the last digest of the same file when it had the same size."""
        with self._lock:
            rows = self._run(
                "SELECT digest FROM digests WHERE dev = ? AND inode = ? AND size = ?"
                " AND mtime_ns <= ? ORDER BY mtime_ns DESC LIMIT 1",
                key[:4],
            )
            return rows[0][0] if rows else None

    def put(self, key: StateKey, known: Remembered) -> None:
        """Remember the digest of a state."""
        with self._lock:
            self._known[key] = known
            if len(self._known) > _MAX_IN_MEMORY:
                self._known.popitem(last=False)
            self._run(
                "INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*key, *known, int(time.time())),
            )

    # -- edges that were sent without their evidence ---------------------------

    def want(self, edges: Iterable[tuple[str, str]]) -> None:
        """Note that edges are sent before their evidence is found, as uid and fact."""
        me = os.getpid()
        with self._lock:
            new = {**self._unnoted, **dict(edges)}
            self._wanted.update(new)
            self._run("BEGIN IMMEDIATE")
            for uid, fact in new.items():
                self._run(
                    "INSERT OR REPLACE INTO wanted VALUES (?, ?, ?, ?)",
                    (uid, fact, self._host, me),
                )
            self._run("COMMIT")
            is_noted = not self._is_paused() or len(new) > _MAX_UNNOTED
            self._unnoted = {} if is_noted else new

    def found(self, uid: str) -> None:
        """Forget an edge whose evidence is in the journal."""
        with self._lock:
            self._wanted.discard(uid)
            self._unnoted.pop(uid, None)
            self._run("DELETE FROM wanted WHERE uid = ?", (uid,))

    def adopt(self) -> list[tuple[str, str]]:
        """Take over the edges of dead processes of this machine, as uid and fact.

        In a container that is started again, a process has the number of the one that
        died: edges of that number are taken over as well.
        """
        me = os.getpid()
        with self._lock:
            rows = self._run(
                "SELECT uid, fact, pid FROM wanted WHERE host = ?", (self._host,)
            )
            taken = []
            for uid, fact, pid in rows:
                if uid in self._wanted or (pid != me and is_process_alive(pid)):
                    continue
                self._run(
                    "UPDATE wanted SET pid = ? WHERE uid = ? AND pid = ?",
                    (me, uid, pid),
                )
                self._wanted.add(uid)
                taken.append((uid, fact))
            return taken

    def close(self) -> None:
        """Close the file for good: later look-ups have the memory alone."""
        with self._lock:
            self._let_go()

    # -- inside ---------------------------------------------------------------

    def _let_go(self) -> None:
        self._is_usable = False
        if self._db is not None:
            self._db.close()
        self._db = None

    def _run(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        if not self._is_usable or self._is_paused():
            return []
        try:
            with self._connected() as db:
                return db.execute(sql, values).fetchall()
        except (sqlite3.Error, OSError) as error:
            is_held = "locked" in str(error)
            self._let_go()
            if is_held:
                # Another process writes; what is noted here is noted later.
                self._is_usable = True
                self._paused_until = time.monotonic() + _PAUSE_S
            logger.debug("digests are remembered by this process alone: %s", error)
            return []

    def _is_paused(self) -> bool:
        return time.monotonic() < self._paused_until

    @contextlib.contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        if self._db is None and self._home is not None:
            path = self._home / FILE
            # Names of files may be confidential: the file has the home's rights.
            create_private(path)
            self._db = sqlite3.connect(
                path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA synchronous = OFF")
            self._db.executescript(_TABLES)
            self._db.execute(
                "DELETE FROM digests WHERE used_at < (SELECT used_at FROM digests"
                " ORDER BY used_at DESC LIMIT 1 OFFSET ?)",
                (_MAX_ROWS,),
            )
        assert self._db is not None
        yield self._db


def forget_text(
    home: Path, forms: list[str], by: str, *, is_dry_run: bool = False
) -> int:
    """Replace a text in edges that wait for their digest, and in the file's free space.

    Args:
        home: The folder of the file.
        forms: The text in its spellings.
        by: What takes its place.
        is_dry_run: Look only.

    Returns:
        The number of edges that held it.

    Raises:
        OSError: The file cannot be changed: a process holds it, or it is damaged.
    """
    with _existing(home) as db:
        if db is None:
            return 0
        count = _count_with(db, forms)
        if not is_dry_run:
            _replace_in_all(db, forms, by)
        return count


def forget_facts(
    home: Path,
    change: Callable[[dict[str, Any]], dict[str, Any] | None],
    *,
    is_dry_run: bool = False,
) -> int:
    """Change edges that wait for their digest.

    Args:
        home: The folder of the file.
        change: Returns what takes a fact's place; None where it stays.
        is_dry_run: Look only.

    Returns:
        The number of edges that were changed.

    Raises:
        OSError: The file cannot be changed: a process holds it, or it is damaged.
    """
    with _existing(home) as db:
        if db is None:
            return 0
        rows = db.execute("SELECT uid, fact FROM wanted").fetchall()
        changed = [
            (json.dumps(new, separators=(",", ":")), uid)
            for uid, fact in rows
            if (new := change(json.loads(fact))) is not None
        ]
        if changed and not is_dry_run:
            db.executemany("UPDATE wanted SET fact = ? WHERE uid = ?", changed)
            db.execute("VACUUM")
        return len(changed)


@contextlib.contextmanager
def _existing(home: Path) -> Iterator[sqlite3.Connection | None]:
    """Open the file of a home, if it is there; its errors are the system's."""
    path = home / FILE
    if not path.is_file():
        yield None
        return
    try:
        with contextlib.closing(
            sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        ) as db:
            yield db
    except sqlite3.Error as error:
        raise OSError(f"{path}: {error}") from error


def _count_with(db: sqlite3.Connection, forms: list[str]) -> int:
    held = " OR ".join("INSTR(fact, ?)" for _ in forms)
    rows = db.execute(f"SELECT COUNT(*) FROM wanted WHERE {held}", forms)  # noqa: S608  question marks
    return int(rows.fetchone()[0])


def _replace_in_all(db: sqlite3.Connection, forms: list[str], by: str) -> None:
    for form in forms:
        db.execute("UPDATE wanted SET fact = REPLACE(fact, ?, ?)", (form, by))
    # Edges that were found are deleted, and their bytes stay until then.
    db.execute("VACUUM")


def _signed(number: int) -> int:
    number %= 2**64  # Some file systems of Windows have longer ones.
    return number - 2**64 if number >= 2**63 else number
