"""Gathers the facts of concurrent requests, so that one commit serves them all."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from ..errors import StoreError
from ..model.ingest import BatchAnswer
from .route import WriteRequest
from .store import Store

#: Requests in one commit, at most.
MOST: Final = 256
#: Facts in one commit, unless one request alone brings more.
MOST_FACTS: Final = 20_000
#: For how long the loop leaves the interpreter to a commit of few facts; of 30 it
#: takes 2 ms. What takes longer waits for a disk or for another process, and the
#: loop goes on without it.
PATIENCE_S: Final = 0.005

_Waiting = tuple[WriteRequest, "asyncio.Future[BatchAnswer]"]
_Done = BatchAnswer | StoreError
_Work = concurrent.futures.Future[list[_Done]]


class WriteBatcher:
    """Hands facts of many requests to one thread, a commit at a time.

    A commit begins when a turn of the loop has brought no further request; so there
    is no waiting for others when there are none, and one commit for all when there
    are many.

    Where the engine works in this process, the loop lets it: with two threads at
    work each statement would wait for the interpreter's lock, which costs more than
    what is done meanwhile.

    Args:
        store: Where the facts go.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._patience_s = PATIENCE_S if store.db.dialect.writes_alone else 0.0
        self._waiting: deque[_Waiting] = deque()
        self._is_writing = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="lineage-write")

    async def store(self, prepared: WriteRequest) -> BatchAnswer:
        """Return when the facts are committed.

        Raises:
            StoreError: They could not be.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[BatchAnswer] = loop.create_future()
        self._waiting.append((prepared, future))
        if not self._is_writing:
            self._is_writing = True
            loop.call_soon(self._gather, 0)
        return await future

    def close(self) -> None:
        """Finish what is being written."""
        self._pool.shutdown()

    def _gather(self, before: int) -> None:
        """Begin a commit, or wait for the next turn while requests come in."""
        now = len(self._waiting)
        if before < now < MOST:
            asyncio.get_running_loop().call_soon(self._gather, now)
        else:
            self._start()

    def _start(self) -> None:
        taken = self._take()
        facts = sum(len(prepared.facts) for prepared, _ in taken)
        work = self._pool.submit(self._write, [prepared for prepared, _ in taken])
        concurrent.futures.wait((work,), self._patience_s if facts <= MOST else 0.0)
        if work.done():
            self._resolve(taken, work)
        else:
            loop = asyncio.get_running_loop()
            work.add_done_callback(
                lambda done: loop.call_soon_threadsafe(self._resolve, taken, done)
            )

    def _take(self) -> list[_Waiting]:
        taken: list[_Waiting] = []
        facts = 0
        while self._waiting and len(taken) < MOST:
            facts += len(self._waiting[0][0].facts)
            if taken and facts > MOST_FACTS:
                break
            taken.append(self._waiting.popleft())
        return taken

    def _resolve(self, taken: list[_Waiting], done: _Work) -> None:
        error = done.exception()
        answers: list[Any] = [error] * len(taken) if error else list(done.result())
        for (_, future), answer in zip(taken, answers, strict=True):
            if future.done():
                continue  # its request was given up
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._gather, 0)
        else:
            self._is_writing = False

    def _write(self, taken: list[WriteRequest]) -> list[_Done]:
        answers: dict[int, _Done] = {}
        by_user: dict[str | None, list[int]] = {}
        for index, prepared in enumerate(taken):
            by_user.setdefault(prepared.user, []).append(index)
        for user, group in by_user.items():
            batches = [(taken[i].team_id, taken[i].facts) for i in group]
            answers.update(zip(group, self._commit(batches, user), strict=True))
        return [answers[index] for index in range(len(taken))]

    def _commit(
        self, batches: list[tuple[int, Sequence[Any]]], user: str | None
    ) -> list[_Done]:
        try:
            return list(self._store.ingest_many(batches, user=user, may_hold_nul=False))
        except StoreError as error:
            if len(batches) == 1:
                return [error]
        # One request's error must not fail another; what was stored above is
        # recognised as stored.
        return [self._commit([batch], user)[0] for batch in batches]
