"""Gathers the facts of concurrent requests, so that one commit serves them all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from ..errors import StoreError
from ..model.facts import BatchAnswer
from .route import Prepared
from .store import Store

#: Requests in one commit, at most.
MOST: Final = 256


_Waiting = tuple[Prepared, "asyncio.Future[BatchAnswer]"]
_Done = BatchAnswer | StoreError


class Intake:
    """Hands facts of many requests to one thread, a commit at a time.

    While a commit is on its way the next requests gather; so there is no waiting
    for others when there are none, and one commit for all when there are many.

    Args:
        store: Where the facts go.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[_Waiting] = []
        self._is_writing = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="lineage-intake")

    async def store(self, prepared: Prepared) -> BatchAnswer:
        """Return when the facts are committed.

        Raises:
            StoreError: They could not be.
        """
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((prepared, future))
        if not self._is_writing:
            self._is_writing = True
            # The requests that arrived with this one shall come along.
            asyncio.get_running_loop().call_soon(self._start)
        answer: BatchAnswer = await future
        return answer

    def close(self) -> None:
        """Finish what is being written."""
        self._pool.shutdown()

    def _start(self) -> None:
        taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(
            self._pool, self._write, [prepared for prepared, _ in taken]
        )
        work.add_done_callback(lambda done: self._tell(taken, done))

    def _tell(self, taken: list[_Waiting], done: asyncio.Future[list[_Done]]) -> None:
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
            self._start()
        else:
            self._is_writing = False

    def _write(self, taken: list[Prepared]) -> list[_Done]:
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
            return list(self._store.ingest_many(batches, user=user))
        except StoreError as error:
            if len(batches) == 1:
                return [error]
        # One request's trouble is not another's; what was stored above is found
        # there already.
        return [self._commit([batch], user)[0] for batch in batches]
