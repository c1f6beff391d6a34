"""The time by which an edge is ordered among others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

#: A clock that shows 1970 was never set.
EARLIEST: Final = 365 * 86_400.0
#: A clock that is further ahead than this is wrong.
MOST_AHEAD_S: Final = 366 * 86_400.0
#: Keeps facts of wrong clocks that arrive together in the order of their own times.
APART: Final = 1e-6


def is_wrong(at: float, now: float) -> bool:
    """Whether a time can only come from a clock that is wrong."""
    return at < EARLIEST or at > now + MOST_AHEAD_S


def event_times(
    facts: Sequence[dict[str, Any]], now: float, *, has_clock: bool
) -> tuple[list[float], bool]:
    """Return the time of each fact: its own, or when it came if that is wrong.

    As long as all times of a team are of clocks that were never set, they are compared
    with each other as they are.

    Args:
        facts: Facts that arrived together.
        now: When that was; where this machine's own clock was not set, a moment
            after all that the team has.
        has_clock: Whether the team has had facts of a clock that was set.

    Returns:
        The times, and whether the team has had such facts by now.
    """
    times = [fact["at"] for fact in facts]
    wrong = [at for at, time in enumerate(times) if is_wrong(time, now)]
    has_clock = has_clock or len(wrong) < len(times)
    if not has_clock:
        wrong = [at for at in wrong if times[at] >= EARLIEST]
    if wrong:
        wrong.sort(key=lambda at: times[at])
        for place, at in enumerate(wrong):
            times[at] = now + place * APART
    return times, has_clock
