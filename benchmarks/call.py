"""Table (a): what a decorated call costs, beside the ways others record one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from .harness import (
    Goal,
    Options,
    Spread,
    Table,
    duration,
    significant,
    spread_of_durations,
)
from .shapes import SHAPES
from .subjects import BY_KEY, NEW, SAME, SUBJECTS, Subject
from .workers import Case, crew

TITLE: Final = "the decorated call"

Measured = Mapping[Case, Sequence[float]]

_COLUMNS: Final = (
    "", "ids", "one", "quartiles", "x bare", "over bare", "five", "five / one",
)  # fmt: skip

#: The call of what gets decorated, whose time is in all others.
_BARE: Final = BY_KEY["bare"]


def run(options: Options) -> list[Table]:
    """Measure all subjects, and make one table for each shape of function."""
    rounds = options.pick_rounds(full=30, quick=3)
    with (
        tempfile.TemporaryDirectory(prefix="lineage-bench-") as scratch,
        crew(SUBJECTS, Path(scratch)) as workers,
    ):
        measured = workers.measure(list(_cases()), rounds)
        failures = dict(workers.failures)
    tables = [_table(shape, measured, failures) for shape in SHAPES]
    tables[0].goals += _goals(measured)
    tables[0].notes += [
        f"medians of {rounds} rounds, all rows interleaved in each",
        "the loop around the call is in every figure",
        "five: five stacked decorators, of lineage five declarations (five edges)",
        "new id: every call records something new",
        "same id: every call says the same, which is recorded once",
    ]
    return tables


def _cases() -> Iterator[Case]:
    for subject in SUBJECTS:
        for shape in subject.shapes:
            for ids in subject.ids:
                for stack in (1, 5):
                    yield Case(subject, shape, stack, ids)


def _table(shape: str, measured: Measured, failures: Mapping[str, str]) -> Table:
    table = Table(f"A decorated call ({shape})", _COLUMNS)
    bare = measured[Case(_BARE, shape, 1, NEW)]
    for subject in SUBJECTS:
        if shape not in subject.shapes:
            continue
        if subject.key in failures:
            blanks = [""] * (len(_COLUMNS) - 2)
            table.rows.append([subject.title, failures[subject.key], *blanks])
            continue
        table.rows += [_row(subject, shape, ids, measured, bare) for ids in subject.ids]
    return table


def _row(
    subject: Subject, shape: str, ids: str, measured: Measured, bare: Sequence[float]
) -> list[str]:
    one = measured[Case(subject, shape, 1, ids)]
    five = measured[Case(subject, shape, 5, ids)]
    spread = Spread.of(one)
    return [
        subject.title,
        ids if len(subject.ids) > 1 else "",
        duration(spread.median),
        spread_of_durations(spread),
        significant(_ratio(one, bare)),
        duration(_difference(one, bare)) if subject is not _BARE else "",
        duration(Spread.of(five).median) if subject is not _BARE else "",
        significant(_ratio(five, one)) if subject is not _BARE else "",
    ]


def _ratio(values: Sequence[float], others: Sequence[float]) -> float:
    """Return the median of the ratios within each round."""
    pairs = zip(values, others, strict=True)
    return Spread.of([value / other for value, other in pairs]).median


def _difference(values: Sequence[float], others: Sequence[float]) -> float:
    pairs = zip(values, others, strict=True)
    return Spread.of([value - other for value, other in pairs]).median


def _goals(measured: Measured) -> Iterator[Goal]:
    def find(key: str, stack: int = 1, ids: str = NEW) -> Sequence[float] | None:
        return measured.get(Case(BY_KEY[key], "sync", stack, ids))

    def ratio(key: str, other: str, stack: int = 1) -> float | None:
        values, others = find(key, stack), find(other)
        return _ratio(values, others) if values and others else None

    bare, journal = find("bare"), find("journal")
    over = _difference(journal, bare) / 1000 if journal and bare else None
    # One part in twenty is what two runs of the very same function differ by.
    yield Goal("off by environment / bare", ratio("off-environment", "bare"), 1.05, "x")
    yield Goal("off at run time / bare", ratio("off-run-time", "bare"), 3, "x")
    yield Goal("on, the fact on disk, over bare", over, 4, " us")
    yield Goal(
        "OpenTelemetry's batch span / on, the fact on disk",
        ratio("opentelemetry", "journal"), 4, "x", is_at_least=True,
    )  # fmt: skip
    yield Goal(
        "SDK's call on loopback / on, the fact on disk",
        ratio("sdk", "journal"), 190, "x", is_at_least=True,
    )  # fmt: skip
    yield Goal("five stacked / one, new ids", ratio("journal", "journal", 5), 2.5, "x")
    same, one = find("journal", 5, SAME), find("journal", 1, SAME)
    repeated = _ratio(same, one) if same and one else None
    yield Goal("five stacked / one, same ids", repeated, 2.5, "x")
