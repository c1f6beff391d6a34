"""Table (b): how long single recording calls take while the flusher works."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .harness import (
    Goal,
    Options,
    Spread,
    Table,
    duration,
    percentile,
    significant,
)
from .jobs import run_job
from .stub import Stub
from .subjects import ROOT

TITLE: Final = "the recording call while the flusher works"

_COLUMNS: Final = (
    "", "threads", "p50", "p99", "p99.9", "p99.9 of each run", "max", "bare p99.9",
    "bare max", "calls", "delivered",
)  # fmt: skip


_MOST: Final = 0.999


@dataclass(frozen=True, slots=True)
class Setting:
    """One row: where facts go, how many threads, and how hard they record."""

    title: str
    has_batches: bool
    is_paced: bool
    threads: int
    waiting: int


SETTINGS: Final = tuple(
    Setting(title, has_batches, is_paced, threads, waiting)
    for title, has_batches, is_paced, waiting in (
        ("paced, batch endpoint", True, True, 60_000),
        ("paced, one-edge endpoint", False, True, 6_000),
        ("flat out, batch endpoint", True, False, 10_000),
    )
    for threads in (1, 4, 16)
)


def run(options: Options) -> list[Table]:
    """Measure every setting several times, interleaved, in processes of their own."""
    rounds = options.pick_rounds(full=5, quick=1)
    seconds = 0.1 if options.is_smoke else 0.4 if options.is_quick else 2.0
    runs: dict[Setting, list[Any]] = {setting: [] for setting in SETTINGS}
    with Stub(has_batches=True) as batches, Stub() as edges:
        for _ in range(rounds):
            for setting in SETTINGS:
                stub = batches if setting.has_batches else edges
                runs[setting].append(
                    measure_latency(setting, stub, seconds, is_smoke=options.is_smoke)
                )
    table = Table("The recording call while the flusher works", _COLUMNS)
    table.rows = [_row(setting, done) for setting, done in runs.items()]
    table.goals = [_goal(setting, runs[setting]) for setting in SETTINGS[:3]]
    table.notes = [
        f"the calls of {rounds} runs of {seconds:g} s together, rows interleaved",
        "each run finds what a dead process left, which the flusher delivers meanwhile",
        "paced: each thread rests 0.2 ms between calls",
        "flat out: the threads wait for each other at the switch interval of 5 ms",
        "bare: the undecorated call, timed in the same loop",
    ]
    return [table]


def measure_latency(
    setting: Setting,
    stub: Stub,
    seconds: float,
    *,
    is_smoke: bool = False,
    root: Path = ROOT,
) -> Any:
    """Time single calls of a fresh process beside what a dead one left."""
    waiting = setting.waiting if not is_smoke else 100 * (setting.threads == 1)
    with tempfile.TemporaryDirectory(prefix="lineage-bench-") as folder:
        scratch = Path(folder)
        if waiting:
            with stub.paused():
                run_job(
                    scratch,
                    stub.address,
                    root=root,
                    job="leave_behind",
                    edges=waiting,
                )
        before = stub.count_edges()
        figures = run_job(
            scratch,
            stub.address,
            root=root,
            job="measure",
            threads=setting.threads,
            seconds=seconds,
            is_paced=setting.is_paced,
        )
        figures["delivered"] = stub.count_edges() - before
    return figures


def _row(setting: Setting, runs: list[Any]) -> list[str]:
    recorded, bare = _pooled(runs, "recorded"), _pooled(runs, "bare")
    each = sorted(percentile(sorted(run["recorded"]), _MOST) for run in runs)
    delivered = Spread.of([run["delivered"] for run in runs]).median
    return [
        setting.title,
        str(setting.threads),
        *(duration(percentile(recorded, share)) for share in (0.5, 0.99, _MOST)),
        f"{duration(each[0])} .. {duration(each[-1])}",
        duration(recorded[-1]),
        duration(percentile(bare, _MOST)),
        duration(bare[-1]),
        f"{len(recorded):,}",
        significant(delivered),
    ]


def _pooled(runs: list[Any], what: str) -> list[int]:
    return sorted(nanoseconds for run in runs for nanoseconds in run[what])


def _goal(setting: Setting, runs: list[Any]) -> Goal:
    measured = percentile(_pooled(runs, "recorded"), _MOST) / 1000
    threads = f"{setting.threads} thread{'s' * (setting.threads > 1)}"
    return Goal(f"p99.9 while the flusher works, {threads}", measured, 100, " us")
