"""Deadlines of those who wait for delivery, and attempts planned by them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: The longest pause while somebody waits: an instance that recovers is soon noticed.
_URGENT_PAUSE_S: Final = 0.4
#: The last attempt is made so long before the deadline, and the time of an answer.
_MARGIN_S: Final = 0.05
#: An answer may take so much longer than the slowest of the last ones.
_SLOWER: Final = 1.2
#: How much of an earlier, longer answer is remembered at the next one.
_REMEMBERED: Final = 0.7
#: Attempts closer to each other than this are one attempt.
_CLOSE_S: Final = 0.02


class Deadlines:
    """Until when callers wait, and how long the receiver takes to answer.

    Not safe for threads: the flusher holds its lock.
    """

    def __init__(self) -> None:
        self._waiting: list[float] = []
        self._ends_at: float | None = None
        self._answer_s = 0.0

    @property
    def is_urgent(self) -> bool:
        """Whether somebody waits."""
        return bool(self._waiting)

    @property
    def is_last(self) -> bool:
        """Whether the process is about to end."""
        return self._ends_at is not None

    def end_by(self, deadline: float) -> None:
        """Expect the process to end at a time of `time.monotonic()`."""
        self._ends_at = deadline

    @contextmanager
    def waiting_until(self, deadline: float, *, is_last: bool) -> Iterator[None]:
        """Plan attempts by a deadline inside a block.

        Args:
            deadline: A time of `time.monotonic()`.
            is_last: The process ends then.
        """
        if is_last:
            self.end_by(deadline)
        self._waiting.append(deadline)
        try:
            yield
        finally:
            self._waiting.remove(deadline)

    def note_answer(self, took_s: float) -> None:
        """Remember how long an answer took."""
        self._answer_s = max(took_s, self._answer_s * _REMEMBERED)

    def last_start(self, deadline: float) -> float:
        """Return the time after which an answer is not expected before a deadline."""
        return deadline - self._answer_s * _SLOWER - _MARGIN_S

    def is_in_time(self, start: float, deadline: float) -> bool:
        """Whether the answer to a request is expected before a deadline."""
        return start <= deadline - self._answer_s - _CLOSE_S

    def may_start(self, now: float) -> bool:
        """Whether a request may begin: its answer is expected while there is time."""
        return self._ends_at is None or now + self._answer_s <= self._ends_at

    def next_attempt(self, now: float, pause_s: float, at_least_s: float) -> float:
        """Return when to try again.

        Args:
            now: The time of `time.monotonic()`.
            pause_s: The pause if nobody waits.
            at_least_s: The pause for which the receiver asked, before ours.
        """
        if not self._waiting:
            return now + at_least_s + pause_s
        soon_s = min(pause_s, _URGENT_PAUSE_S * random.uniform(0.5, 1.0))  # noqa: S311  no secret
        planned = now + at_least_s + soon_s
        last = self.last_start(max(self._waiting))
        if planned <= last:
            return planned
        is_possible = last - now > _CLOSE_S and now + at_least_s <= last
        return last if is_possible else now + at_least_s + pause_s


class WaitBudget:
    """The time that a process may spend waiting for delivery, all waits together.

    A wait that ends with everything delivered costs nothing. After a failed wait, the
    whole time is available again as soon as everything has been delivered.

    Args:
        limit_s: The time in seconds.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._spent_s = 0.0
        self._times_caught_up = 0

    def left_s(self, times_caught_up: int) -> float:
        """Return the seconds that are left.

        Args:
            times_caught_up: How often everything had been delivered by now.
        """
        if times_caught_up > self._times_caught_up:
            self._spent_s = 0.0
        return max(0.0, self._limit_s - self._spent_s)

    def spend(self, seconds: float, times_caught_up: int) -> None:
        """Note a failed wait, and how often everything had been delivered after it."""
        self._spent_s += seconds
        self._times_caught_up = times_caught_up

    def use_up(self, times_caught_up: int) -> None:
        """Refuse every later wait."""
        self.spend(self._limit_s, times_caught_up)
