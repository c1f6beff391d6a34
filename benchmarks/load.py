"""A process that records under load, for the tables of latency and delivery."""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter_ns
from typing import Any, Final

import lineage

_FLUSH_S: Final = 300.0

#: Between two calls a paced thread does something else for so long.
_PACE_S: Final = 0.0002

#: So many edges are recorded between two deliveries.
_BURST: Final = 100_000

Call = Callable[[int], int]


def work(project_id: int) -> int:
    """Do what is decorated here: nothing."""
    return project_id


@dataclass(slots=True)
class Samples:
    """What one thread saw, in nanoseconds."""

    recorded: array[int] = field(default_factory=lambda: array("q"))
    bare: array[int] = field(default_factory=lambda: array("q"))


def leave_behind(edges: int) -> None:
    """Record so many edges and die without a flush, as a killed app does."""
    record = _decorated()
    for project_id in range(edges):
        record(project_id + 1)
    os._exit(0)


def measure(threads: int, seconds: float, is_paced: bool) -> dict[str, Any]:
    """Time single calls in several threads, and the bare call in between."""
    record, ids, stop = _decorated(), itertools.count(10_000_000), threading.Event()
    record(next(ids))  # opens the journal and starts the flusher
    samples = [Samples() for _ in range(threads)]
    running = [
        threading.Thread(target=_loop, args=(record, ids, stop, is_paced, mine))
        for mine in samples
    ]
    for thread in running:
        thread.start()
    time.sleep(seconds)
    stop.set()
    for thread in running:
        thread.join()
    return {
        "recorded": [x for s in samples for x in s.recorded],
        "bare": [x for s in samples for x in s.bare],
    }


def _loop(
    record: Call,
    ids: itertools.count[int],
    stop: threading.Event,
    is_paced: bool,
    mine: Samples,
) -> None:
    while not stop.is_set():
        project_id = next(ids)
        start = perf_counter_ns()
        record(project_id)
        between = perf_counter_ns()
        work(project_id)
        end = perf_counter_ns()
        mine.recorded.append(between - start)
        mine.bare.append(end - between)
        if is_paced:
            time.sleep(_PACE_S)


def deliver(edges: int) -> dict[str, Any]:
    """Record so many edges and flush: seconds from the first call to the end.

    Also those of the processor, which other programs disturb less.
    """
    record = _decorated()
    worked_s, start = time.process_time(), perf_counter_ns()
    for project_id in range(edges):
        record(project_id + 1)
    recorded = perf_counter_ns()
    report = lineage.flush(_FLUSH_S)
    end = perf_counter_ns()
    if not report:
        raise RuntimeError(f"not everything was delivered: {report}")
    return {
        "total_s": (end - start) / 1e9,
        "recording_s": (recorded - start) / 1e9,
        "processor_s": time.process_time() - worked_s,
    }


def look_up(edges: int) -> dict[str, Any]:
    """Deliver edges of files by their paths, each with a look-up, once it is at work.

    Seconds from the first of these calls to the end of the flush; the client is loaded
    by an edge before them.
    """
    record = lineage.uses_file("path")(lambda path: path)
    record("/data/first.bin")
    lineage.flush(_FLUSH_S)
    start = perf_counter_ns()
    for number in range(edges):
        record(f"/data/{number}.bin")
    report = lineage.flush(_FLUSH_S)
    end = perf_counter_ns()
    if not report:
        raise RuntimeError(f"not everything was delivered: {report}")
    return {"total_s": (end - start) / 1e9}


def remember(edges: int) -> dict[str, Any]:
    """Record so many edges and deliver them: resident megabytes at the end."""
    record = _decorated()
    for project_id in range(edges):
        record(project_id + 1)
        if not project_id % _BURST:
            lineage.flush(_FLUSH_S)  # an app that lives long is not far behind
    if not (report := lineage.flush(_FLUSH_S)):
        raise RuntimeError(f"not everything was delivered: {report}")
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {"megabytes": pages * os.sysconf("SC_PAGE_SIZE") / 1e6}


def _decorated() -> Call:
    return lineage.uses_project("project_id")(work)


if __name__ == "__main__":
    job = json.loads(sys.argv[1])
    jobs: dict[str, Callable[..., Any]] = {
        "leave_behind": leave_behind,
        "measure": measure,
        "deliver": deliver,
        "look_up": look_up,
        "remember": remember,
    }
    print(json.dumps(jobs[job.pop("job")](**job)), flush=True)
    # What is delivered at exit was not delivered while it was measured.
    os._exit(0)
