"""Numbered migrations: what a store's tables are, step by step."""

from __future__ import annotations

import importlib
import os
import re
import time
from collections.abc import Callable, Sequence
from functools import lru_cache

from ...errors import StoreError, StoreTooNewError
from ...records import record
from . import migrations
from .database import Database, Transaction
from .dialects import spell

_PACKAGE = "workflow-lineage"
_NAME = re.compile(r"m(\d{4})_(\w+)")
_TABLE = (
    "CREATE TABLE IF NOT EXISTS lineage_migrations"
    " (number BIGINT PRIMARY KEY, name TEXT NOT NULL,"
    " applied_at DOUBLE PRECISION NOT NULL)"
)
_HAS_CITUS = "SELECT to_regclass('pg_dist_local_group') IS NOT NULL"
#: 0 is the coordinator's.
_GROUP = "SELECT groupid FROM pg_dist_local_group"
#: The lock under which processes that start together migrate one by one.
_LOCK = -1


@record(frozen=True, slots=True)
class Migration:
    """One step, as a module `migrations/m<number>_<name>.py` gives it.

    The module has `STATEMENTS`, spelled with the words of the dialects, and optionally
    `ONLY`, a mapping of an engine's name to more statements; `fill`, which is called
    with the transaction after them and knows the tables as they are then; and
    `rebuild`, which is called when all steps are done, because it uses the store's own
    code, which knows the newest tables only.
    """

    number: int
    name: str
    statements: Sequence[str]
    only: dict[str, Sequence[str]]
    fill: Callable[[Transaction], None] | None = None
    rebuild: Callable[[Transaction], None] | None = None


@lru_cache(maxsize=1)
def known_migrations() -> tuple[Migration, ...]:
    """List the migrations of this version of lineage in order."""
    # Loads `inspect`, for which no store that is current waits.
    import pkgutil

    found = []
    for module in pkgutil.iter_modules(migrations.__path__):
        match = _NAME.fullmatch(module.name)
        if match is None:
            continue
        loaded = importlib.import_module(f"{migrations.__name__}.{module.name}")
        found.append(
            Migration(
                int(match.group(1)),
                match.group(2),
                loaded.STATEMENTS,
                getattr(loaded, "ONLY", {}),
                getattr(loaded, "fill", None),
                getattr(loaded, "rebuild", None),
            )
        )
    return tuple(sorted(found, key=lambda migration: migration.number))


@lru_cache(maxsize=1)
def _known_numbers() -> frozenset[int]:
    """Return the numbers of all migrations by the names of their modules."""
    try:
        files = [file for path in migrations.__path__ for file in os.listdir(path)]
    except OSError:  # The package is not in a folder.
        return frozenset(migration.number for migration in known_migrations())
    matches = (_NAME.fullmatch(file.partition(".")[0]) for file in files)
    return frozenset(int(match.group(1)) for match in matches if match)


def migrate(database: Database) -> list[str]:
    """Bring the store to this version's tables and return what was applied.

    Raises:
        StoreTooNewError: A newer version of lineage wrote the store.
        StoreError: The server is a worker of a cluster.
    """
    if _is_current(database):
        return []
    with database.write() as transaction:
        transaction.lock_team(_LOCK)
        change_in_sequence(transaction)
        transaction.run(_TABLE)
        done = _applied(transaction)
        _refuse_newer(database, done)
        missing = [m for m in known_migrations() if m.number not in done]
        for migration in missing:
            _apply(transaction, migration)
        for migration in missing:
            if migration.rebuild is not None:
                migration.rebuild(transaction)
    return [f"{m.number:04d}_{m.name}" for m in missing]


def _is_current(database: Database) -> bool:
    exists = {
        "sqlite": "SELECT 1 FROM sqlite_master WHERE name = 'lineage_migrations'",
        "postgresql": "SELECT 1 FROM pg_catalog.pg_class"
        " WHERE oid = to_regclass('lineage_migrations')",
    }[database.dialect.name]
    with database.read() as transaction:
        _refuse_worker(transaction)
        if transaction.one(exists) is None:
            return False
        done = _applied(transaction)
    _refuse_newer(database, done)
    return set(done) >= _known_numbers()


def has_citus(transaction: Transaction) -> bool:
    """Whether the store's server is part of a Citus cluster."""
    if transaction.dialect.name != "postgresql":
        return False
    return transaction.one(_HAS_CITUS) == (True,)


def change_in_sequence(transaction: Transaction) -> None:
    """Make a transaction change the shards of a table one after another, on Citus."""
    if has_citus(transaction):
        transaction.run("SET LOCAL citus.multi_shard_modify_mode = 'sequential'")


def _refuse_worker(transaction: Transaction) -> None:
    group = transaction.one(_GROUP) if has_citus(transaction) else None
    if group is not None and group[0] != 0:
        raise StoreError(
            f"this server is a worker of a Citus cluster (group {group[0]}), and what "
            "is changed there is lost to the others; give the address of the "
            "cluster's coordinator as the store"
        )


def _applied(transaction: Transaction) -> dict[int, str]:
    return dict(transaction.all("SELECT number, name FROM lineage_migrations"))


def _refuse_newer(database: Database, done: dict[int, str]) -> None:
    known = _known_numbers()
    newer = [f"{number:04d}_{done[number]}" for number in sorted(set(done) - known)]
    if newer:
        raise StoreTooNewError(
            f"{database.url} was written by a newer version of lineage: it has "
            f"{', '.join(newer)}, and this is lineage {_own_version()}. "
            f"Upgrade with: pip install -U {_PACKAGE}; to stay with this version, go "
            "back to the backup of before the upgrade (docs/serving.md, Upgrades)",
            subject=database.url,
        )


def _own_version() -> str:
    # Who opens a store that is current does not wait for it.
    metadata = importlib.import_module("importlib.metadata")
    try:
        return str(metadata.version(_PACKAGE))
    except metadata.PackageNotFoundError:
        return "from a source tree"


def _apply(transaction: Transaction, migration: Migration) -> None:
    extra = migration.only.get(transaction.dialect.name, ())
    for statement in spell(transaction.dialect, (*migration.statements, *extra)):
        transaction.run(statement)
    if migration.fill is not None:
        migration.fill(transaction)
    transaction.run(
        "INSERT INTO lineage_migrations (number, name, applied_at) VALUES (?, ?, ?)",
        (migration.number, migration.name, time.time()),
    )
