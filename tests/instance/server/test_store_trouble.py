"""What a store's trouble answers: away is 503 and tried again, a fault is 500."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from instance_fixture import edge_fact
from instance_server import Served, in_thread, settings_for

from lineage.api import Api
from lineage.delivery.exporters import BatchExporter
from lineage.errors import StoreError, reset_warnings
from lineage.exporters import DELIVERED
from lineage.instance.http import InstanceRequest
from lineage.instance.routes import answered_trouble
from lineage.instance.store import (
    ServerAwayError,
    StoreFaultError,
    open_store,
    sqlite,
)
from lineage.instance.store.postgres import PostgresDialect
from lineage.instance.store.sqlite import SqliteDialect


@pytest.fixture
def served(tmp_path: Path, store_url: str) -> Iterator[Served]:
    """An instance on each store, where no two edges may have the same time."""
    with in_thread(settings_for(tmp_path / "served", store=store_url)) as running:
        store = open_store(store_url)
        with store.db.write() as tx:
            tx.run("CREATE UNIQUE INDEX times ON edges (team_id, recorded_at)")
        store.close()
        yield running


def edges(count: int, *, twice: int) -> list[dict[str, Any]]:
    """Make edges at their own times each, but for one that repeats another's."""
    made = [edge_fact(number, at=1000.0 + number) for number in range(count)]
    made[twice]["at"] = 1000.0
    return made


@pytest.mark.parametrize("count", [5, 200])
def test_a_broken_rule_of_a_table_is_500_and_logged(
    served: Served, caplog: pytest.LogCaptureFixture, count: int
) -> None:
    """A fault is no absence: 500 without `retry-after`, and a line in the log."""
    with caplog.at_level(logging.WARNING, logger="lineage"):
        answer = served.post("lineage.facts.add", {"facts": edges(count, twice=3)})
    assert answer.status_code == 500
    assert "retry-after" not in answer.headers
    assert "times" in caplog.text or "recorded_at" in caplog.text


def test_a_fact_that_meets_a_fault_waits_alone(served: Served) -> None:
    """Halving leaves the fact that the store refuses alone; all others are stored."""
    api, facts = Api(served.address, "", retry_count=1), edges(40, twice=17)
    exporter = BatchExporter(api.facts)
    waiting = [
        f for f, v in zip(facts, exporter.send(facts), strict=True) if v != DELIVERED
    ]
    alone, rest = waiting[0], waiting[1:]
    assert alone == facts[17]
    assert {result.status for result in exporter.send([alone])} == {"waiting"}
    assert set(exporter.send(rest)) == {DELIVERED}
    api.close()


def test_a_store_that_is_kept_busy_is_503(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A locked store asks to be called again."""
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.05)
    with in_thread(settings_for(tmp_path / "served")) as served:
        holder = sqlite3.connect(tmp_path / "served" / "instance.db")
        holder.execute("BEGIN IMMEDIATE")
        answer = served.post("lineage.facts.add", {"facts": [edge_fact(1)]})
        holder.close()
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"


def test_an_answer_names_no_server_of_the_store(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Host, port and role of a server that is away stand in the log alone."""
    reset_warnings()
    url = "postgresql://secret_role@127.0.0.1:1/lineage"
    with pytest.raises(ServerAwayError) as away:
        open_store(url)
    assert "127.0.0.1" in str(away.value)
    request = InstanceRequest("GET", "/readyz")
    with caplog.at_level(logging.WARNING, logger="lineage"):
        answer = answered_trouble(request, away.value)
    assert answer.status == 503
    shown = answer.content().decode()
    assert "the log has the reason" in shown
    assert not any(part in shown for part in ("127.0.0.1", "port", "secret_role"))
    assert "127.0.0.1" in caplog.text


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (sqlite3.OperationalError("database or disk is full"), StoreError),
        (sqlite3.OperationalError("attempt to write a readonly database"), StoreError),
        (sqlite3.OperationalError("disk I/O error"), StoreError),
        (sqlite3.OperationalError("no such column: fullness"), StoreFaultError),
        (sqlite3.ProgrammingError("Incorrect number of bindings"), StoreFaultError),
        (OverflowError("Python int too large"), StoreFaultError),
    ],
)
def test_sqlite_distinguishes_away_from_wrong(
    error: Exception, kind: type[Exception]
) -> None:
    """What could be done later is away; what is wrong in itself is a fault."""
    assert type(SqliteDialect(Path("x")).translate(error)) is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [("DiskFull", ServerAwayError), ("AdminShutdown", ServerAwayError),
     ("DeadlockDetected", ServerAwayError), ("ReadOnlySqlTransaction", ServerAwayError),
     ("InsufficientPrivilege", ServerAwayError), ("OperationalError", ServerAwayError),
     ("UndefinedTable", StoreFaultError), ("NumericValueOutOfRange", StoreFaultError),
     ("ProgramLimitExceeded", StoreFaultError), ("DataError", StoreFaultError)],
)  # fmt: skip
def test_postgresql_distinguishes_away_from_wrong(
    name: str, kind: type[Exception]
) -> None:
    """Lost servers, full disks and missing rights are away; the rest is a fault."""
    import psycopg

    error = getattr(psycopg.errors, name)("body")
    assert type(PostgresDialect("postgresql://x").translate(error)) is kind


def test_a_postgresql_that_cannot_be_reached_is_away(postgres_server: str) -> None:
    """A server that is not there is no fault of a statement."""
    missing = postgres_server.replace("/postgres?", "/no_such_database?")
    with pytest.raises(StoreError) as raised:
        open_store(missing)
    assert type(raised.value) is ServerAwayError
