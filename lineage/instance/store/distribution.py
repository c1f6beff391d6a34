"""Spreads the tables of a PostgreSQL store over the workers of a Citus cluster."""

from __future__ import annotations

from typing import Final

from ...errors import StoreError
from .database import Database, Transaction
from .migrate import change_in_sequence, has_citus

#: The table with which the others are put together, so that a team is in one place.
_FIRST: Final = "tasks"
_DISTRIBUTED: Final = (
    "SELECT c.relname FROM pg_dist_partition p"
    " JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid"
    " WHERE c.relnamespace = CAST(current_schema() AS regnamespace)"
)
#: Tables that are parts of others go with those.
_OF_TEAMS: Final = (
    "SELECT c.relname FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = 'team_id'"
    " WHERE c.relnamespace = CAST(current_schema() AS regnamespace)"
    " AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
    " ORDER BY c.relname <> 'tasks', c.relname"
)


def distributed_tables(tx: Transaction) -> set[str]:
    """Return the store's tables that are spread over workers."""
    return {row[0] for row in tx.all(_DISTRIBUTED)} if has_citus(tx) else set()


def distribute(db: Database) -> list[str]:
    """Spread the tables of teams by team, those that are not spread yet.

    Args:
        db: The store; its rows are kept.

    Returns:
        The tables that were distributed; none when all were.

    Raises:
        StoreError: The store is not on the coordinator of a Citus cluster.
    """
    if db.dialect.name != "postgresql":
        raise StoreError(
            f"{db.url}: only a PostgreSQL store can be distributed", subject=db.url
        )
    with db.write() as tx:
        if not has_citus(tx):
            raise StoreError(
                f"{db.url} has no Citus: run CREATE EXTENSION citus on its coordinator "
                "and workers and add these, see docs/scaling.md; or use `lineage store "
                "partition`, which needs one server alone",
                subject=db.url,
            )
        change_in_sequence(tx)
        done = distributed_tables(tx)
        missing = [row[0] for row in tx.all(_OF_TEAMS) if row[0] not in done]
        for table in missing:
            beside = "none" if table == _FIRST else _FIRST
            tx.one(
                "SELECT create_distributed_table(CAST(? AS regclass), 'team_id',"
                " colocate_with => ?)",
                (table, beside),
            )
    return missing
