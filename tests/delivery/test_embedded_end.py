"""A runtime's embedded instance: one for all threads, and none after the end."""

from __future__ import annotations

import sqlite3
import threading

import pytest
from journal_tools import WAIT_S

import lineage
from lineage.errors import DeliveryError, StoreError
from lineage.instance.store.sqlite import SqliteDialect
from lineage.runtime import runtime


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """Every connection to an embedded store that this test opens."""
    opened: list[sqlite3.Connection] = []
    connect = SqliteDialect.connect

    def noted(dialect: SqliteDialect) -> sqlite3.Connection:
        opened.append(connect(dialect))
        return opened[-1]

    monkeypatch.setattr(SqliteDialect, "connect", noted)
    return opened


def test_threads_that_begin_at_once_share_one_store(
    connections: list[sqlite3.Connection],
) -> None:
    """Questions and the flusher open one embedded instance; its end closes it."""
    barrier = threading.Barrier(4)
    lineage.current_task().uses_project(1)

    def query() -> None:
        barrier.wait()
        runtime().make_query_api().task.get_list(1)

    threads = [threading.Thread(target=query) for _ in range(3)]
    for thread in threads:
        thread.start()
    barrier.wait()
    assert lineage.flush(WAIT_S)
    for thread in threads:
        thread.join(WAIT_S)
    runtime().abandon()
    assert connections
    for connection in connections:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


def test_a_thread_that_is_late_opens_no_store_again(
    connections: list[sqlite3.Connection],
) -> None:
    """What a thread has of an ended runtime refuses, and leaves nothing open."""
    api = runtime().make_query_api()
    runtime().abandon()
    with pytest.raises(StoreError, match="closed"):
        api.task.get_list(1)
    with pytest.raises(DeliveryError, match="ended"):
        runtime().make_query_api()
    assert not connections
