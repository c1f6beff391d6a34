"""Group commit: callers that come while one writes share the next transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from ... import forksafe
from ...errors import StoreError
from .validation import IngestJob

#: Facts in one transaction, unless one caller alone brings more.
MAX_FACTS = 20_000


class GroupCommit:
    """Lets one of the waiting callers write for all of them; needs no thread.

    Args:
        apply: Writes jobs in one transaction, all or none.
    """

    def __init__(self, apply: Callable[[Sequence[IngestJob]], None]) -> None:
        self._apply = apply
        self.reset_after_fork()
        forksafe.register(self)

    def reset_after_fork(self) -> None:
        """Forget who waits; the callers are in the parent."""
        self._lock = threading.Lock()
        self._leader = threading.Lock()
        self._waiting: list[IngestJob] = []

    def run(self, jobs: Sequence[IngestJob]) -> None:
        """Return when the jobs are committed, or hold the error that they met."""
        with self._lock:
            self._waiting.extend(job for job in jobs if job.has_work)
        with self._leader:
            # Whoever leads first may have served these jobs already.
            while any(job.has_work and not job.is_done for job in jobs):
                self._serve(self._take())

    def _take(self) -> list[IngestJob]:
        taken: list[IngestJob] = []
        count = 0
        with self._lock:
            while self._waiting:
                count += len(self._waiting[0].facts)
                if taken and count > MAX_FACTS:
                    break
                taken.append(self._waiting.pop(0))
        return taken

    def _serve(self, jobs: list[IngestJob]) -> None:
        try:
            self._write(jobs)
        finally:
            for job in jobs:
                if not job.is_done:
                    job.error = job.error or StoreError("the facts were not committed")
                    job.is_done = True

    def _write(self, jobs: list[IngestJob]) -> None:
        try:
            self._apply(jobs)
        except StoreError as error:
            if len(jobs) == 1:
                jobs[0].error = error
                return
            # One caller's facts must not spoil another's.
            for job in jobs:
                self._write([job])
