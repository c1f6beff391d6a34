"""A server indexes the texts of new artifacts in the pauses of its intake."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from store_engines import Facts

from lineage.errors import StoreError
from lineage.instance import text_indexer
from lineage.instance.store import Store, open_store, text_queue


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Its artifacts all wait at first; a look comes soon."""
    monkeypatch.setattr(text_queue, "FEW", 0)
    monkeypatch.setattr(text_indexer, "LOOK_EVERY_S", 0.01)
    return open_store(f"sqlite:///{tmp_path / 'instance.db'}")


async def _indexed(store: Store) -> int:
    """Wait until nothing waits; return the terms that there are then."""
    async with text_indexer.texts_are_indexed(store):
        while True:
            await asyncio.sleep(0.01)
            with store.db.read() as tx:
                if tx.one("SELECT 1 FROM revisions WHERE unindexed_from > 0") is None:
                    return len(tx.all("SELECT term FROM terms WHERE term = 'a.pt'"))


def test_what_waits_is_indexed_in_a_pause(store: Store) -> None:
    """It is there before any question."""
    store.ingest(1, [Facts().makes("file", "/data/a.pt")])
    assert asyncio.run(asyncio.wait_for(_indexed(store), 20)) > 0
    store.close()


def test_a_failure_is_retried(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What waits stays, and one warning says why."""
    real, failures = store.index_texts, [StoreError("it is away")]

    def index() -> None:
        if failures:
            raise failures.pop()
        real()

    monkeypatch.setattr(store, "index_texts", index)
    store.ingest(1, [Facts().makes("file", "/data/a.pt")])
    assert asyncio.run(asyncio.wait_for(_indexed(store), 20)) > 0
    assert "it is away" in caplog.text
    store.close()
