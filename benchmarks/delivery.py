"""Table (c): how many edges a second reach an instance, beside the SDK in sequence."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .harness import Goal, Options, Spread, Table, significant
from .jobs import run_job
from .stub import Stub
from .subjects import BY_KEY, NEW, ROOT
from .workers import Case, Crew, crew

TITLE: Final = "delivery"

_COLUMNS: Final = ("", "delay", "edges/s", "quartiles", "x SDK", "edges in a run")

#: The SDK's subject for each delay in milliseconds, and how many calls make a run.
_SDK: Final = {0: (BY_KEY["sdk"], 100), 20: (BY_KEY["sdk-20ms"], 20)}
_SDK_TITLE: Final = "SDK, one call after the other"


@dataclass(frozen=True, slots=True)
class Road:
    """One way that edges take to an instance."""

    title: str
    has_batches: bool
    edges: int


ROADS: Final = (
    Road("lineage, one-edge endpoint", False, 3_000),
    Road("lineage, batch endpoint", True, 100_000),
)

#: An app of so many edges that each need a look-up, beside one of a single edge.
APP_EDGES: Final = 40
_APP: Final = f"lineage, an app of {APP_EDGES} edges with look-ups"
_ONE: Final = "lineage, one edge with a look-up"
_APP_DELAY: Final = 20

#: Edges a second, one value a round, by title and delay.
Rates = dict[tuple[str, int], list[float]]


def run(options: Options) -> list[Table]:
    """Deliver on every road at every delay, interleaved with the SDK's calls."""
    rounds = options.pick_rounds(full=7, quick=2)
    share = 0.02 if options.is_smoke else 0.3 if options.is_quick else 1.0
    rates: Rates = {}
    subjects = [subject for subject, _ in _SDK.values()]
    with (
        tempfile.TemporaryDirectory(prefix="lineage-bench-") as scratch,
        crew(subjects, Path(scratch)) as sdk,
    ):
        for _ in range(rounds):
            for (title, delay), rate in _round(sdk, share):
                rates.setdefault((title, delay), []).append(rate)
        failures = dict(sdk.failures)
    return [_table(rates, failures, rounds, share)]


def _round(sdk: Crew, share: float) -> Iterator[tuple[tuple[str, int], float]]:
    for delay in _SDK:
        rate = call_sdk(sdk, delay, share)
        if rate is not None:
            yield (_SDK_TITLE, delay), rate
        for road in ROADS:
            yield (road.title, delay), deliver(road, delay, int(road.edges * share))
    for title, edges in ((_ONE, 1), (_APP, APP_EDGES)):
        yield (title, _APP_DELAY), look_up(_APP_DELAY, edges)


def call_sdk(sdk: Crew, delay: int, share: float) -> float | None:
    """Count the SDK's calls a second; none where it is not installed."""
    subject, calls = _SDK[delay]
    case = Case(subject, "sync", 1, NEW)
    rounds = max(2, int(calls * share))
    nanoseconds = sdk.measure([case], rounds).get(case)
    return 1e9 * len(nanoseconds) / sum(nanoseconds) if nanoseconds else None


def deliver(road: Road, delay: int, edges: int, *, root: Path = ROOT) -> float:
    """Count the edges a second that a build records and delivers."""
    return edges / time_delivery(road, delay, edges, root=root)["total_s"]


def time_delivery(
    road: Road, delay: int, edges: int, *, root: Path = ROOT
) -> dict[str, float]:
    """Return the seconds in which a build records and delivers so many edges."""
    with ExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="lineage-bench-")
        )
        stub = stack.enter_context(Stub(delay_ms=delay, has_batches=road.has_batches))
        done: dict[str, float] = run_job(
            Path(folder), stub.address, root=root, job="deliver", edges=edges
        )
        arrived = stub.count_edges()
    if arrived != edges:
        raise RuntimeError(f"{arrived} edges arrived of {edges} recorded")
    return done


def look_up(delay: int, edges: int, *, root: Path = ROOT) -> float:
    """Count the edges a second of an app at work, each of a file by its path."""
    with (
        tempfile.TemporaryDirectory(prefix="lineage-bench-") as folder,
        Stub(delay_ms=delay) as stub,
    ):
        done = run_job(
            Path(folder), stub.address, root=root, job="look_up", edges=edges
        )
        arrived = stub.count_edges() - 1
    if arrived != edges:
        raise RuntimeError(f"{arrived} edges arrived of {edges} recorded")
    return edges / float(done["total_s"])


def _table(
    rates: Rates, failures: Mapping[str, str], rounds: int, share: float
) -> Table:
    table = Table("Delivery", _COLUMNS)
    for delay in _SDK:
        sdk = rates.get((_SDK_TITLE, delay))
        for title, edges in _titles(delay, share):
            row = _row(title, delay, rates.get((title, delay)), sdk, edges)
            table.rows.append(row)
        table.goals += _goals(delay, rates)
    table.notes = [
        f"medians of {rounds} rounds, rows interleaved, each in a new process",
        "timed from the first recorded call to the end of `lineage.flush()`",
        "the stub takes any number of requests at once, and answers after the delay",
        "the two rows with look-ups: the client is loaded by an edge before them",
        "the stub keeps nothing: an instance's own work is not in these figures",
        *(f"SDK {failure}" for failure in sorted(set(failures.values()))),
    ]
    return table


def _titles(delay: int, share: float) -> Iterator[tuple[str, int]]:
    yield _SDK_TITLE, max(2, int(_SDK[delay][1] * share))
    for road in ROADS:
        yield road.title, int(road.edges * share)
    if delay == _APP_DELAY:
        yield _ONE, 1
        yield _APP, APP_EDGES


def _row(
    title: str, delay: int, values: list[float] | None, sdk: list[float] | None, n: int
) -> list[str]:
    if not values:
        return [title, f"{delay} ms", "", "", "", ""]
    spread = Spread.of(values)
    quartiles = f"{significant(spread.low)} .. {significant(spread.high)}"
    ratio = significant(_ratio(values, sdk)) if sdk else ""
    shown = significant(spread.median)
    return [title, f"{delay} ms", shown, quartiles, ratio, f"{n:,}"]


def _ratio(values: list[float], others: list[float]) -> float:
    return Spread.of([v / o for v, o in zip(values, others, strict=True)]).median


def _goals(delay: int, rates: Rates) -> Iterator[Goal]:
    if delay != 20:
        return
    sdk = rates.get((_SDK_TITLE, delay))
    for road, limit in zip(ROADS, (17, 500), strict=True):
        values = rates.get((road.title, delay))
        ratio = _ratio(values, sdk) if values and sdk else None
        name = f"{road.title} at {delay} ms / SDK"
        yield Goal(name, ratio, limit, "x", is_at_least=True)
    one, app = rates.get((_ONE, delay)), rates.get((_APP, delay))
    # Both in edges a second: an app takes so many times as long as its slowest edge.
    longer = APP_EDGES / _ratio(app, one) if app and one else None
    yield Goal(f"{_APP}, as long as one", longer, 1.5, "x")
