"""Partitions the large tables of a PostgreSQL store by their teams."""

from __future__ import annotations

from typing import Final

from ...errors import StoreError
from .database import Database, Transaction
from .distribution import distributed_tables

#: What grows with the edges; every key and index of these starts with the team.
TABLES: Final = ("edges", "links", "nodes", "entities", "terms", "steps")

_IS_PARTITIONED: Final = (
    "SELECT relkind = 'p' FROM pg_catalog.pg_class WHERE oid = to_regclass(?)"
)
_KEYS: Final = (
    "SELECT conname, pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint"
    " WHERE conrelid = to_regclass(?) AND contype IN ('p', 'u')"
)
_INDEXES: Final = (
    "SELECT pg_get_indexdef(i.indexrelid) FROM pg_catalog.pg_index i"
    " WHERE i.indrelid = to_regclass(?) AND NOT EXISTS (SELECT 1"
    " FROM pg_catalog.pg_constraint c WHERE c.conindid = i.indexrelid)"
)


def partition(db: Database, parts: int) -> list[str]:
    """Part the large tables by hash of the team; in one transaction, or not at all.

    Whoever reads or writes waits until it is done. What is partitioned stays as it is.

    Args:
        db: The store; its rows are kept.
        parts: Into how many parts each table goes.

    Returns:
        The tables that were partitioned.

    Raises:
        StoreError: The store is no PostgreSQL, or it cannot be done.
    """
    if db.dialect.name != "postgresql":
        raise StoreError(
            f"{db.url}: only a PostgreSQL store can be partitioned", subject=db.url
        )
    with db.write() as tx:
        spread = sorted(distributed_tables(tx) & set(TABLES))
        if spread:
            raise StoreError(
                f"{', '.join(spread)} are distributed over the workers of a cluster, "
                "and to partition them would bring their rows back to this server; "
                "partition a store before `lineage store distribute`, or never",
                subject=db.url,
            )
        plain = [table for table in TABLES if tx.one(_IS_PARTITIONED, (table,)) != (1,)]
        tx.run(f"LOCK TABLE {', '.join(TABLES)} IN ACCESS EXCLUSIVE MODE")
        for table in plain:
            _partition(tx, table, parts)
    return plain


def _partition(tx: Transaction, table: str, parts: int) -> None:
    keys = tx.all(_KEYS, (table,))
    indexes = [row[0] for row in tx.all(_INDEXES, (table,))]
    tx.run(f"ALTER TABLE {table} RENAME TO {table}_plain")
    tx.run(
        f"CREATE TABLE {table} (LIKE {table}_plain INCLUDING DEFAULTS)"
        " PARTITION BY HASH (team_id)"
    )
    for part in range(parts):
        tx.run(
            f"CREATE TABLE {table}_part{part} PARTITION OF {table}"
            f" FOR VALUES WITH (MODULUS {parts}, REMAINDER {part})"
        )
    tx.run(f"INSERT INTO {table} SELECT * FROM {table}_plain")  # noqa: S608  names are constants of the code
    # The names of its indexes are free again only after it.
    tx.run(f"DROP TABLE {table}_plain")
    for name, definition in keys:
        tx.run(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for definition in indexes:
        tx.run(definition)
