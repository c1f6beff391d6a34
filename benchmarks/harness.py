"""Tables, goals and the arithmetic of noisy measurements."""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """How thorough a run shall be."""

    is_quick: bool = False
    rounds: int | None = None
    """Rounds of interleaved measurement; each table has its own default."""
    is_smoke: bool = False
    """The shortest run that prints every row: for tests, its figures mean nothing."""
    base: str | None = None
    """The commit whose build is measured beside this one."""
    figures: tuple[str, ...] = ()
    """Words of the figures to compare; all of them when left out."""

    def pick_rounds(self, full: int, quick: int) -> int:
        """Return the number of rounds for this run."""
        if self.rounds is not None:
            return self.rounds
        if self.is_smoke:
            return 1
        return quick if self.is_quick else full


@dataclass(frozen=True, slots=True)
class Goal:
    """One promise, what was measured, and whether it holds."""

    promise: str
    measured: float | None
    limit: float
    unit: str
    is_at_least: bool = False
    """The measured value shall be at least the limit, not at most."""

    @property
    def is_met(self) -> bool | None:
        """Whether it holds; none when it could not be measured."""
        if self.measured is None:
            return None
        if self.is_at_least:
            return self.measured >= self.limit
        return self.measured <= self.limit

    def row(self) -> list[str]:
        """Return the goal as a row of the table of goals."""
        sign = ">=" if self.is_at_least else "<="
        limit = f"{sign} {self.limit:g}{self.unit}"
        if self.measured is None:
            return [self.promise, limit, "not measured", ""]
        shown = f"{significant(self.measured)}{self.unit}"
        return [self.promise, limit, shown, "met" if self.is_met else "missed"]


@dataclass(slots=True)
class Table:
    """Rows to print, and what they mean."""

    title: str
    columns: Sequence[str]
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the table as Markdown whose columns also line up in a terminal."""
        lines = [f"### {self.title}", "", *_aligned(self.columns, self.rows)]
        if self.notes:
            lines += ["", *(f"- {note}" for note in self.notes)]
        return "\n".join(lines)


def _aligned(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [
        max(len(row[index]) for row in [columns, *rows])
        for index in range(len(columns))
    ]

    def line(cells: Sequence[str]) -> str:
        first, *rest = zip(cells, widths, strict=True)
        padded = [first[0].ljust(first[1]), *(c.rjust(w) for c, w in rest)]
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join(
        "-" * (width + 1) + ("-" if index == 0 else ":")
        for index, width in enumerate(widths)
    )
    return [line(columns), rule + "|", *(line(row) for row in rows)]


def goals_table(tables: Iterable[Table]) -> Table:
    """Gather the goals of all tables into one."""
    rows = [goal.row() for table in tables for goal in table.goals]
    return Table("Goals", ("promise", "goal", "measured", ""), rows)


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some measurements, with the quartiles that show the noise."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Sum up measurements; a single one has no spread."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(low, median, high)


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the ordered values lie."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def significant(value: float, digits: int = 3) -> str:
    """Write a number with so many significant digits, without an exponent."""
    if value == 0:
        return "0"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    text = f"{value:.{digits}g}"
    return f"{value:.6f}".rstrip("0") if "e" in text else text


def duration(nanoseconds: float) -> str:
    """Write a duration in the unit that suits it."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if abs(nanoseconds) >= size:
            return f"{significant(nanoseconds / size)} {unit}"
    return f"{significant(nanoseconds)} ns"


def spread_of_durations(spread: Spread) -> str:
    """Write the quartiles of a duration."""
    return f"{duration(spread.low)} .. {duration(spread.high)}"


def describe_machine(scratch: Path) -> list[str]:
    """Say where and when a run was made, and how busy the machine was."""
    now = f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC"
    system = f"{platform.system()} {platform.machine()}"
    python = f"CPython {sys.version.split()[0]}"
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    free = shutil.disk_usage(scratch).free / 1e9
    return [
        f"{now}, {system}, {os.cpu_count()} cores ({_cpu_model()}), load {load}",
        f"{python}, scratch on {_filesystem(scratch)} ({free:.0f} GB free)",
    ]


def _cpu_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or "unknown"
    names = [line for line in text.splitlines() if line.startswith("model name")]
    return names[0].split(":", 1)[1].strip() if names else "unknown"


def _filesystem(folder: Path) -> str:
    """Name the file system: figures with fsync mean nothing on one in memory."""
    try:
        lines = Path("/proc/mounts").read_text().splitlines()
    except OSError:
        return "an unknown file system"
    mounts = [line.split()[1:3] for line in lines]
    fitting = [m for m in mounts if folder.resolve().is_relative_to(m[0])]
    return max(fitting, key=lambda mount: len(mount[0]))[1] if fitting else "unknown"
