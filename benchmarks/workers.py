"""The parent's side of the workers: starts them, and lets one work at a time."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from .stub import Stub
from .subjects import ROOT, Subject

__all__ = ["ROOT", "Case", "Crew", "Worker", "WorkerError", "crew"]


@dataclass(frozen=True, slots=True)
class Case:
    """One row to time: a subject, and how it is called."""

    subject: Subject
    shape: str
    stack: int
    ids: str


class WorkerError(Exception):
    """A worker ended before its time; carries the end of what it wrote."""


class Worker:
    """One subject's process."""

    def __init__(self, subject: Subject, scratch: Path, stub: Stub | None) -> None:
        self._log = scratch / "log"
        scratch.mkdir(parents=True)
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "benchmarks.worker"),
                    *(subject.name, str(scratch)),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=subject.root,
                env=subject.environ(scratch, stub.address if stub else None),
            )

    def warm(self, case: Case) -> None:
        """Run the case in."""
        self._order(case, is_warming=True)

    def time(self, case: Case) -> float:
        """Time one burst, in nanoseconds a call."""
        return self._order(case, is_warming=False)

    def _order(self, case: Case, *, is_warming: bool) -> float:
        order = {"shape": case.shape, "stack": case.stack, "ids": case.ids}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(
                json.dumps({**order, "is_warming": is_warming}),
                file=self._process.stdin,
                flush=True,
            )
            return float(json.loads(self._process.stdout.readline()))
        except (OSError, ValueError) as error:
            tail = "\n".join(self._log.read_text().splitlines()[-8:])
            raise WorkerError(tail) from error

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()


@dataclass(frozen=True, slots=True)
class Crew:
    """The workers of all subjects that could be built."""

    workers: dict[str, Worker]
    failures: dict[str, str]
    """Why a subject has no worker, by its key."""

    def measure(self, cases: Sequence[Case], rounds: int) -> dict[Case, list[float]]:
        """Time every case once a round, each round in another order."""
        chosen = random.Random(rounds)
        ready = [case for case in cases if self._is_warm(case)]
        measured: dict[Case, list[float]] = {case: [] for case in ready}
        for _ in range(rounds):
            chosen.shuffle(ready)
            for case in ready:
                measured[case].append(self.workers[case.subject.key].time(case))
        return measured

    def _is_warm(self, case: Case) -> bool:
        key = case.subject.key
        if key in self.failures:
            return False
        try:
            self.workers[key].warm(case)
        except WorkerError as error:
            last = str(error).splitlines()[-1:] or ["without a word"]
            self.failures[key] = f"failed: {last[0][:60]}"
            print(f"{case.subject.title} failed:\n{error}", file=sys.stderr)
            return False
        return True


@contextmanager
def crew(subjects: Sequence[Subject], scratch: Path) -> Iterator[Crew]:
    """Start a worker for every subject that is installed; end them all at last."""
    with ExitStack() as stack:
        stubs = {
            wanted: stack.enter_context(Stub(delay_ms=wanted[0], has_batches=wanted[1]))
            for wanted in {s.stub for s in subjects if s.stub is not None}
        }
        failures = {s.key: s.missing for s in subjects if s.missing is not None}
        workers = {
            s.key: stack.enter_context(
                Worker(s, scratch / s.key, stubs[s.stub] if s.stub else None)
            )
            for s in subjects
            if s.key not in failures
        }
        yield Crew(workers, failures)
