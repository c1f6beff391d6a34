"""SQLite looks up what the intake asks for, and reads no team's whole table."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from store_engines import Facts, digest

from lineage.instance.store import open_store
from lineage.instance.store.dialects import SqliteDialect
from lineage.instance.store.sql_params import Params, for_sqlite, sqlite_params


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Params]:
    """Every statement that is run with its last values."""
    seen: dict[str, Params] = {}
    real = SqliteDialect.execute

    def execute(self: SqliteDialect, connection: Any, sql: str, params: Params) -> Any:
        seen[for_sqlite(sql)] = sqlite_params(params)
        return real(self, connection, sql, params)

    monkeypatch.setattr(SqliteDialect, "execute", execute)
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
    ]
    later = [
        facts.makes("job", 3, derived_from=source, step="1"),
        facts.uses("project", 7),
        facts.makes("project", 7),
        facts.uses("task", 9),
        again.uses("job", 1, task_id=9, step="1"),
        facts.fact("step_end", step="1", outcome="ok"),
        facts.fact("task_end", status="finished"),
    ]
    return [first, later, first]


def test_no_statement_of_the_intake_reads_a_whole_team(
    tmp_path: Path, asked: dict[str, Params]
) -> None:
    """A step of a plan that knows nothing but the team would grow with the store."""
    store = open_store(f"sqlite:///{tmp_path / 'instance.db'}")
    asked.clear()
    for batch in batches():
        store.ingest(1, batch)
    store.close()
    with sqlite3.connect(tmp_path / "instance.db") as connection:
        plans = {
            sql: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", p)]
            for sql, p in asked.items()
        }
    connection.close()
    assert len(plans) > 15
    slow = {s: p for s, p in plans.items() if any("(team_id=?)" in step for step in p)}
    # The one row of the team's counter, and one row of what an index begins with.
    assert [
        sql for sql in slow if "revisions" not in sql and "LIMIT 1" not in sql
    ] == []
