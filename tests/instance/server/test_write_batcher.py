"""Requests that come together share a commit, and no one's trouble but their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from instance_fixture import edge_fact

from lineage.errors import StoreError
from lineage.instance import write_batcher as intake_module
from lineage.instance.route import WriteRequest
from lineage.instance.store import Store, open_store
from lineage.instance.write_batcher import WriteBatcher
from lineage.model.ingest import BatchAnswer


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    made = open_store(f"sqlite:///{tmp_path / 'batcher.db'}")
    yield made
    made.close()


class Watched:
    """A store that counts its commits, and refuses one team."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.db = store.db
        self.commits: list[int] = []

    def ingest_many(
        self, batches: Sequence[tuple[int, Sequence[Any]]], **options: Any
    ) -> list[BatchAnswer]:
        self.commits.append(len(batches))
        if any(team == 13 for team, _ in batches):
            raise StoreError("team 13 cannot be stored")
        return self._store.ingest_many(batches, **options)


def prepared(number: int, *, team: int = 1, user: str | None = None) -> WriteRequest:
    """Return a request that brings one fact."""
    return WriteRequest(team, [edge_fact(number)], user, lambda answer: answer)


async def test_many_requests_take_few_commits(store: Store) -> None:
    """A hundred at once are stored each, in a handful of transactions."""
    watched = Watched(store)
    batcher = WriteBatcher(watched)  # type: ignore[arg-type]
    answers = await asyncio.gather(*(batcher.store(prepared(n)) for n in range(100)))
    batcher.close()
    assert [answer.stored for answer in answers] == [1] * 100
    assert sum(watched.commits) == 100
    assert len(watched.commits) <= 5


async def test_the_user_is_each_requests_own(store: Store) -> None:
    """Requests of different users are not mixed up."""
    batcher = WriteBatcher(store)
    users = ["ann", "bob", None] * 5
    await asyncio.gather(
        *(batcher.store(prepared(n, user=user)) for n, user in enumerate(users))
    )
    batcher.close()
    with store.db.read() as tx:
        rows = tx.all("SELECT user_name FROM edges ORDER BY id")
    assert sorted(str(row[0]) for row in rows) == sorted(map(str, users))


async def test_ones_trouble_is_not_anothers(store: Store) -> None:
    """The request that cannot be stored hears of it; its neighbours are stored."""
    batcher = WriteBatcher(Watched(store))  # type: ignore[arg-type]
    work = [batcher.store(prepared(n, team=13 if n == 3 else 1)) for n in range(8)]
    answers = await asyncio.gather(*work, return_exceptions=True)
    batcher.close()
    assert isinstance(answers[3], StoreError)
    others = [answer for n, answer in enumerate(answers) if n != 3]
    assert all(isinstance(answer, BatchAnswer) for answer in others)
    again = store.ingest(1, [edge_fact(n) for n in range(8) if n != 3])
    assert again.duplicates == 7


async def test_a_request_given_up_holds_up_no_other(store: Store) -> None:
    """A cancelled request is left out of the answers."""
    batcher = WriteBatcher(store)
    given_up = asyncio.ensure_future(batcher.store(prepared(1)))
    other = asyncio.ensure_future(batcher.store(prepared(2)))
    await asyncio.sleep(0)
    given_up.cancel()
    assert (await other).stored == 1
    batcher.close()


async def test_a_commit_has_few_facts_or_those_of_one_request(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large batches that come together are not one huge transaction."""
    monkeypatch.setattr(intake_module, "MOST_FACTS", 5)
    watched = Watched(store)
    batcher = WriteBatcher(watched)  # type: ignore[arg-type]
    sizes = [2, 2, 2, 9, 1]
    facts = iter(edge_fact(n) for n in range(sum(sizes)))
    batches = [
        WriteRequest(1, [next(facts) for _ in range(n)], None, str) for n in sizes
    ]
    answers = await asyncio.gather(*map(batcher.store, batches))
    batcher.close()
    assert [answer.stored for answer in answers] == sizes
    assert watched.commits == [2, 1, 1, 1]


async def test_the_loop_goes_on_while_a_commit_waits(store: Store) -> None:
    """A commit that waits for a disk or a lock holds up its own requests alone."""
    go = threading.Event()

    class Slow(Watched):
        def ingest_many(
            self, batches: Sequence[tuple[int, Sequence[Any]]], **options: Any
        ) -> list[BatchAnswer]:
            assert go.wait(30)
            return super().ingest_many(batches, **options)

    batcher = WriteBatcher(Slow(store))  # type: ignore[arg-type]
    waiting = asyncio.ensure_future(batcher.store(prepared(1)))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    go.set()
    assert (await waiting).stored == 1
    batcher.close()
