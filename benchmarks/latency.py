"""Table (b): how long single recording calls take while the flusher works."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .harness import Goal, Options, Spread, Table, duration, significant
from .jobs import run_job
from .stub import Stub

TITLE: Final = "the recording call while the flusher works"

_NOBODY: Final = "http://127.0.0.1:9"

_COLUMNS: Final = (
    "", "threads", "p50", "p99", "p99.9", "max", "bare p99.9", "bare max",
    "calls", "delivered meanwhile",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """One row: where facts go, how many threads, and how hard they record."""

    title: str
    has_batches: bool
    is_paced: bool
    threads: int
    backlog: int


_SETTINGS: Final = tuple(
    Setting(title, has_batches, is_paced, threads, backlog)
    for title, has_batches, is_paced, backlog in (
        ("paced, batch endpoint", True, True, 60_000),
        ("paced, one-edge endpoint", False, True, 6_000),
        ("flat out, batch endpoint", True, False, 10_000),
    )
    for threads in (1, 4, 16)
)


def run(options: Options) -> list[Table]:
    """Measure every setting several times, interleaved, in processes of their own."""
    rounds = options.pick_rounds(full=5, quick=1)
    seconds = 0.1 if options.is_smoke else 0.8 if options.is_quick else 1.5
    runs: dict[Setting, list[Any]] = {setting: [] for setting in _SETTINGS}
    with Stub(has_batches=True) as batches, Stub() as edges:
        for _ in range(rounds):
            for setting in _SETTINGS:
                stub = batches if setting.has_batches else edges
                runs[setting].append(_measure(setting, stub, seconds, options.is_smoke))
    table = Table("The recording call while the flusher works", _COLUMNS)
    table.rows = [_row(setting, done) for setting, done in runs.items()]
    table.goals = [_goal(setting, runs[setting]) for setting in _SETTINGS[:3]]
    table.notes = [
        f"medians of {rounds} runs of {seconds:g} s, rows interleaved",
        "each run finds what a dead process left, which the flusher delivers meanwhile",
        "paced: each thread rests 0.2 ms between calls",
        "flat out: the threads wait for each other at the switch interval of 5 ms",
        "bare: the undecorated call, timed in the same loop",
    ]
    return [table]


def _measure(setting: Setting, stub: Stub, seconds: float, is_smoke: bool) -> Any:
    backlog = 100 if is_smoke else setting.backlog
    with tempfile.TemporaryDirectory(prefix="lineage-bench-") as folder:
        scratch = Path(folder)
        run_job(scratch, _NOBODY, job="leave_behind", edges=backlog)
        before = stub.count_edges()
        figures = run_job(
            scratch,
            stub.address,
            job="measure",
            threads=setting.threads,
            seconds=seconds,
            is_paced=setting.is_paced,
        )
        figures["delivered"] = stub.count_edges() - before
    return figures


def _row(setting: Setting, runs: list[Any]) -> list[str]:
    def median(what: str, index: int) -> float:
        return Spread.of([run[what][index] for run in runs]).median

    return [
        setting.title,
        str(setting.threads),
        *(duration(median("recorded", index)) for index in range(4)),
        *(duration(median("bare", index)) for index in (2, 3)),
        *(
            significant(Spread.of([run[what] for run in runs]).median)
            for what in ("calls", "delivered")
        ),
    ]


def _goal(setting: Setting, runs: list[Any]) -> Goal:
    measured = Spread.of([run["recorded"][2] for run in runs]).median / 1000
    threads = f"{setting.threads} thread{'s' * (setting.threads > 1)}"
    return Goal(f"p99.9 while the flusher works, {threads}", measured, 100, " us")
