"""The intake looks up what it needs, and reads no team's whole table."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from emptied_stores import new_schema
from store_engines import Facts, digest

from lineage.instance.store import open_store
from lineage.instance.store.database import Transaction, bound
from lineage.instance.store.sql_params import Params, for_sqlite


@pytest.fixture
def queried(monkeypatch: pytest.MonkeyPatch) -> dict[str, Params]:
    """Every statement that is run with its last values."""
    seen: dict[str, Params] = {}
    real = Transaction._execute

    def execute(self: Transaction, sql: str, params: Params) -> Any:
        if self.dialect.takes_json:
            seen[for_sqlite(sql)] = bound(params, as_json=True)
        return real(self, sql, params)

    monkeypatch.setattr(Transaction, "_execute", execute)
    return seen


def batches() -> list[list[dict[str, Any]]]:
    """Return facts of every form, some of which refer to earlier batches."""
    facts, again = Facts(), Facts("again")
    step = {"key": "1", "name": "s", "at": 1.0}
    source = [{"kind": "job", "id": 1}]
    first = [
        facts.fact("task", name="train"),
        facts.uses("job", 1, step=step),
        facts.uses("file", "/m", stat=digest("a"), name="best"),
        facts.makes("project", 7, scope="1"),
        facts.makes("folder", "/d"),
        facts.uses("file", "/d/x"),
    ]
    later = [
        facts.makes("job", 3, derived_from=source, step="1"),
        facts.uses("project", 7),
        facts.makes("project", 7),
        facts.uses("task", 9),
        facts.makes("folder", "/d"),
        facts.uses("file", "/d/x"),
        again.uses("job", 1, task_id=9, step="1"),
        facts.fact("step_end", step="1", outcome="ok"),
        facts.fact("task_end", status="finished"),
    ]
    return [first, later, first]


def test_no_statement_of_the_intake_reads_a_whole_team(
    tmp_path: Path, queried: dict[str, Params]
) -> None:
    """A step of a plan that knows nothing but the team would grow with the store."""
    store = open_store(f"sqlite:///{tmp_path / 'instance.db'}")
    queried.clear()
    for batch in batches():
        store.ingest(1, batch)
    store.close()
    with sqlite3.connect(tmp_path / "instance.db") as connection:
        plans = {
            sql: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", p)]
            for sql, p in queried.items()
        }
    connection.close()
    assert len(plans) > 15
    slow = {s: p for s, p in plans.items() if any("(team_id=?)" in step for step in p)}
    # The one row of the team's counter, and one row of what an index begins with.
    assert [
        sql for sql in slow if "revisions" not in sql and "LIMIT 1" not in sql
    ] == []


def rows_read(plan: dict[str, Any]) -> float:
    """Count the rows that a plan looked at, those it left out included."""
    signs = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Join Filter")
    own = plan["Actual Loops"] * sum(plan.get(sign, 0) for sign in signs)
    return float(own + sum(rows_read(inner) for inner in plan.get("Plans", ())))


def test_postgres_looks_up_before_it_was_analysed(
    postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without statistics, a statement reads a few rows for each item of its list."""
    costs: dict[str, float] = {}
    real = Transaction._execute

    def execute(self: Transaction, sql: str, params: Any) -> Any:
        if "each_" in sql:
            # What is explained is done as well, and so taken back.
            real(self, "SAVEPOINT explained", {})
            explained = f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}"
            plan = real(self, explained, params).fetchone()[0][0]["Plan"]
            real(self, "ROLLBACK TO SAVEPOINT explained", {})
            lists = [v for v in params.values() if not isinstance(v, str | int | float)]
            items = sum(map(len, lists))
            cost = rows_read(plan) / (items + plan["Actual Rows"] + 1)
            costs[sql] = max(cost, costs.get(sql, 0.0))
        return real(self, sql, params)

    store = open_store(new_schema(postgres_server))
    # Of a few hundred rows it may read all.
    each = range(3_000)
    store.ingest(1, [Facts(f"many-{n}").makes("file", f"/m/{n}") for n in each])
    monkeypatch.setattr(Transaction, "_execute", execute)
    # Times go back and forth, so that some artifacts are recomputed.
    for at in (0.0, 50.0, 1.0, 25.0):
        run = Facts(f"run-{at}")
        facts = [run.uses("file", f"/f/{n}", at=at + n) for n in range(300)]
        facts += [run.makes("file", f"/f/{n}", at=at + n) for n in range(150, 450)]
        assert store.ingest(1, facts).refused == []
    store.close()
    assert len(costs) > 10
    assert {sql: cost for sql, cost in costs.items() if cost > 50} == {}
