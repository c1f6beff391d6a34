"""When a failed attempt is tried again: the platform's rules, without any I/O.

The loops that drive it (`transport`, `asynchronous`) only send and sleep.
`urllib3.util.Retry` would do half of it: it cannot read the one 400 that is to be
tried again, knows no total time, and does not run for adapters of our own.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..errors import ApiError
from .errors import exhausted

#: Longest pause that the back-off grows to, as on the platform.
MAX_SLEEP_S = 60.0

TimeOuts: TypeAlias = tuple[float | None, float | None]
"""Seconds for connecting and for each wait on a server; None: without bound."""

#: What the platform's SDK waits in asynchronous calls; stands for the policy's.
DEFAULT_TIMEOUT_S = 60

#: Calls that have an effect each time: never sent again while in doubt.
UNSAFE_ENDPOINTS = frozenset({"tasks.run.app"})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long one call may be tried."""

    retries: int = 10
    sleep_s: float = 1.0
    """The first pause; each further one is twice as long."""
    budget_s: float | None = 60.0
    """Time for all attempts of a call together; None: as long as they take."""
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0


def read_timeout(timeout: Any) -> TimeOuts | None:
    """Understand a time-out as httpx does: a number, a tuple, None, or its own class.

    Returns:
        None: those of the policy.
    """
    if timeout is None:
        return None, None
    if isinstance(timeout, tuple):
        return timeout[0], timeout[1]
    if hasattr(timeout, "connect"):
        return timeout.connect, timeout.read
    return None if timeout == DEFAULT_TIMEOUT_S else (float(timeout), float(timeout))


class Attempts:
    """The attempts of one call.

    Args:
        policy: The rules.
        endpoint: The method that is called.
        clock: Gives seconds that only grow.
        retries: Attempts of this call, when not the policy's.
        budget_s: Time for this call, when not the policy's.
        is_repeatable: False when the body cannot be sent twice.
        timeout_s: Time-outs of this call, when not the policy's.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        endpoint: str,
        *,
        clock: Callable[[], float],
        retries: int | None = None,
        budget_s: float | None = None,
        is_repeatable: bool = True,
        timeout_s: TimeOuts | None = None,
    ) -> None:
        self._policy = policy
        self._timeout_s = timeout_s or (
            policy.connect_timeout_s,
            policy.read_timeout_s,
        )
        self._endpoint = endpoint
        self._clock = clock
        self._allowed = policy.retries if retries is None else retries
        self._made = 0
        self._is_repeatable = is_repeatable
        self._is_safe = endpoint.partition("?")[0] not in UNSAFE_ENDPOINTS
        budget = policy.budget_s if budget_s is None else budget_s
        self._ends_at = None if budget is None else clock() + budget
        if self._allowed < 1:
            raise exhausted(endpoint, None, "no attempt was allowed")

    def remaining_s(self) -> float | None:
        """Return the time left for this call; None: without limit."""
        if self._ends_at is None:
            return None
        return max(0.0, self._ends_at - self._clock())

    def excuse(self, seconds: float) -> None:
        """Leave out of the total time what was spent on sending a body."""
        if self._ends_at is not None:
            self._ends_at += seconds

    def timeout_s(self) -> TimeOuts:
        """Return the time-outs for connecting and for reading of the next attempt."""
        left = self.remaining_s()
        if left is None:
            return self._timeout_s
        # A socket's time-out must be positive, or it would not block at all.
        most = max(left, 0.001)
        connect, read = self._timeout_s
        return (
            most if connect is None else min(connect, most),
            most if read is None else min(read, most),
        )

    def pause_s(self, error: ApiError) -> float:
        """Count a failed attempt and return the pause before the next one.

        Raises:
            ApiError: There is no next attempt: `error` itself when it must not be
                tried again, else that attempts or time are used up.
        """
        self._made += 1
        if not error.is_retryable or not self._may_repeat(error):
            raise error
        if self._made >= self._allowed:
            raise exhausted(
                self._endpoint, error, f"gave up after {self._made} attempts"
            )
        pause = self._backoff_s()
        if error.retry_after_s is not None:
            pause = max(pause, error.retry_after_s)
        left = self.remaining_s()
        if left is not None and pause >= left:
            raise exhausted(
                self._endpoint,
                error,
                f"time used up after {self._made} attempts ({pause:.1f} s to wait)",
            )
        return pause

    def _may_repeat(self, error: ApiError) -> bool:
        return self._is_repeatable and (self._is_safe or not error.is_ambiguous)

    def _backoff_s(self) -> float:
        whole = min(self._policy.sleep_s * 2.0 ** (self._made - 1), MAX_SLEEP_S)
        # Jitter keeps clients that failed together from returning together.
        return whole * random.uniform(0.75, 1.0)  # noqa: S311  no secret depends on it
