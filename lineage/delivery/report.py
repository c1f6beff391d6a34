"""The report of a flush, and the status of a home."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..journal.dead_letters import RejectedFact


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The outcome of a flush; true when everything is delivered."""

    delivered: int
    """Facts that this process delivered since it started."""
    waiting: int
    """Facts still in the journal, to be sent by this process or a later one."""
    refused: tuple[RejectedFact, ...] = ()
    """Facts that this process set aside."""
    dropped: int = 0
    """Facts that this process could not keep."""
    reason: str | None = None
    """Why facts wait, where known."""

    def __bool__(self) -> bool:
        return not (self.waiting or self.refused or self.dropped)

    def __str__(self) -> str:
        text = f"{self.delivered} delivered, {self.waiting} waiting"
        if self.refused:
            text += f", {len(self.refused)} refused ({self.refused[0].reason})"
        if self.dropped:
            text += f", {self.dropped} dropped"
        return f"{text}: {self.reason}" if self.waiting and self.reason else text


def describe_left(
    journal: Path,
    report: DeliveryReport,
    lost: int,
    second: tuple[str, DeliveryReport] | None = None,
) -> Iterator[str]:
    """Return the warnings of a process that ends: how many facts it leaves, why, where.

    Args:
        journal: Where facts are kept.
        report: What became of the facts at the instance.
        lost: How many of those that wait are in no file.
        second: The address of a second receiver, and what happened to the facts there.
    """
    if lost:
        yield (
            f"{lost} facts are lost with this process: {journal} could not be written, "
            f"and they could not be delivered: {report.reason}"
        )
    left, variables = [], "LINEAGE_HOME"
    if report.waiting > lost:
        left.append(
            f"{report.waiting - lost} facts were not delivered ({report.reason})"
        )
    if second is not None and second[1].waiting:
        url, there = second
        left.append(
            f"{there.waiting} facts were not delivered to {url} ({there.reason})"
        )
        variables += " and LINEAGE_OPENLINEAGE_URL"
    if left:
        yield (
            f"{', and '.join(left)}. They are kept in {journal} and are sent by the "
            f"next program with this {variables}, or by `lineage flush`."
        )


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """What a home holds, as any process can read it."""

    waiting: int = 0
    """Facts that no instance has confirmed."""
    by_target: Mapping[str, int] = field(default_factory=dict)
    """The same by where they go, as the journal's files name it."""
    refused: tuple[RejectedFact, ...] = ()
    """Facts set aside, with the reason."""
    dropped: int = 0
    """Facts that could not be kept: the journal had reached its limit."""
    oldest_at: float | None = None
    """When the oldest waiting fact was recorded, in seconds since 1970 UTC."""
    skipped: tuple[str, ...] = ()
    """Files of pieces that could not be read and are kept aside."""
    problem: str | None = None
    """Why the home cannot be read, or not wholly, and what to do."""
    not_recorded: int = 0
    """Values of this process that were no facts (its own status only)."""
    reason: str | None = None
    """Why facts wait (its own status only)."""

    def oldest_s(self, now: float) -> float | None:
        """Return the age of the oldest waiting fact in seconds."""
        return None if self.oldest_at is None else max(0.0, now - self.oldest_at)
