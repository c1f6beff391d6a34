"""PostgreSQL looks up what it is queried, also in tables that nobody has counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from emptied_stores import new_schema
from store_engines import Facts, digest

from lineage.instance.graph import GraphQueries
from lineage.instance.store import open_store
from lineage.instance.store.database import Transaction, bound
from lineage.instance.store.postgres import PostgresDialect
from lineage.instance.store.sql_params import Params, for_postgres

#: Tables that grow in this test, and what the names of their indexes begin with.
TABLES = ("entities", "nodes", "edges", "links", "aliases", "version_tokens",
          "derivations")  # fmt: skip
MANY = 1_500


@pytest.fixture
def queried(monkeypatch: pytest.MonkeyPatch) -> dict[str, Params]:
    """Every statement with a list that is run, with its last values."""
    seen: dict[str, Params] = {}
    real = Transaction._execute

    def execute(self: Transaction, sql: str, params: Params) -> Any:
        if "each_" in sql:
            seen[sql] = params
        return real(self, sql, params)

    monkeypatch.setattr(Transaction, "_execute", execute)
    return seen


def batch(number: int) -> list[dict[str, Any]]:
    """Make facts of many new artifacts, of all forms that have look-ups."""
    facts = Facts(f"run{number}")
    step = {"key": "1", "name": "s", "at": 1.0}
    made: list[dict[str, Any]] = []
    for at in range(number * MANY, (number + 1) * MANY):
        known = {"stat": {"size": 20, "mtime_ns": at}, "aliases": [f"a{at}"]}
        source = [{"kind": "file", "id": f"a{at}"}]
        made += [
            facts.uses("file", f"/in/{at}", step=step, name=f"in {at}", **known),
            facts.makes("file", f"/out/{at}", scope="1", **known),
            facts.makes("job", at, derived_from=source),
            facts.uses("file", f"/in/{at % MANY}", stat=digest("a")),
        ]
    late = {"stat": digest("b"), "edge": made[0]["uid"]}
    return [*made, facts.fact("evidence", **late)]


def parts(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the steps of a plan."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from parts(part)


def reads_much(part: dict[str, Any]) -> bool:
    """Whether a step of a plan reads what grows, and not what it looks for."""
    table = part.get("Relation Name", part.get("Index Name", ""))
    if not table.startswith(TABLES) or "Scan" not in part["Node Type"]:
        return False
    condition = part.get("Index Cond", "")
    is_whole_team = re.fullmatch(r"\(team_id = \S+\)", condition) is not None
    return is_whole_team or part["Node Type"] == "Seq Scan"


def leave_uncounted(url: str) -> None:
    """Keep the server's own upkeep from counting the tables of a schema."""
    with psycopg.connect(url, autocommit=True) as connection:
        tables = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r'"
        own = f"{tables} AND relnamespace = current_schema()::regnamespace"
        for (table,) in connection.execute(own).fetchall():
            connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")


def test_a_list_is_looked_up_item_by_item(
    postgres_server: str, queried: dict[str, Params]
) -> None:
    """The index is on the inner side, whatever the planner believes of the sizes."""
    url = new_schema(postgres_server)
    store = open_store(url)
    leave_uncounted(url)
    queried.clear()
    for number in range(2):
        assert not store.ingest(1, batch(number)).refused
    queries = GraphQueries(store)
    queries.upstream([1], of="job:5")
    queries.downstream([1], of="file:/in/5")
    store.close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(PostgresDialect.settings)
        slow = {}
        for sql, params in queried.items():
            spelled = f"EXPLAIN (FORMAT JSON) {for_postgres(sql)}"
            row = connection.execute(spelled, bound(params, as_json=False)).fetchone()
            assert row is not None
            much = [part for part in parts(row[0][0]["Plan"]) if reads_much(part)]
            if much:
                slow[sql] = [
                    (part["Node Type"], part.get("Index Cond")) for part in much
                ]
    assert len(queried) > 20
    assert slow == {}
