"""The backlog: facts on their way, by when and in which order they may be sent."""

from __future__ import annotations

import heapq
import itertools
import json
import random
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final

from ..journal.segments import Segment

_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 60.0


@dataclass(eq=False, slots=True)
class QueuedFact:
    """One fact on its way."""

    uid: str
    text: bytes
    """The fact as the journal has it: without its uid."""
    segment: Segment
    offset: int
    lane: Hashable = None
    has_lane: bool = False
    """Whether it was taken, so that its lane waits for it."""
    attempts: int = 0

    @property
    def fact(self) -> dict[str, Any]:
        """The fact with its uid, read anew.

        Raises:
            ValueError: It is no JSON.
        """
        return {**json.loads(self.text), "uid": self.uid}

    @property
    def wire(self) -> bytes:
        """The fact with its uid, as text."""
        return b'{"uid":"%b",%b' % (self.uid.encode(), self.text[1:])


def pause_s(attempts: int, at_least_s: float = 0.0) -> float:
    """Give the time until the next attempt: doubling, with jitter."""
    most = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(attempts, 16))
    return at_least_s + most * random.uniform(0.5, 1.0)  # noqa: S311  no secret


class DeliveryQueue:
    """Facts that are ready, facts that wait, and facts that wait for those.

    Not safe for threads: the flusher holds its lock.
    """

    def __init__(self) -> None:
        self.ready: deque[QueuedFact] = deque()
        self._later: list[tuple[float, int, QueuedFact]] = []
        self._number = itertools.count()
        #: Lanes with a fact on its way, and what comes behind it.
        self._behind: dict[Hashable, deque[QueuedFact]] = {}
        self.away = 0
        """How many are on their way, or having their digest taken."""

    def __len__(self) -> int:
        behind = sum(map(len, self._behind.values()))
        return len(self.ready) + len(self._later) + behind + self.away

    def add(self, item: QueuedFact) -> None:
        """Add a fact, behind those of its lane."""
        self.ready.append(item)

    def take(
        self, most: int, lane_of: Callable[[dict[str, Any]], Hashable] | None
    ) -> list[QueuedFact]:
        """Take what can be sent together now.

        Args:
            most: How many at most.
            lane_of: Names the order that a fact must keep; None: batches keep it.
        """
        taken: list[QueuedFact] = []
        while self.ready and len(taken) < most:
            item = self.ready.popleft()
            if lane_of is not None and not item.has_lane:
                item.lane = lane_of(item.fact)
                if item.lane is not None and item.lane in self._behind:
                    self._behind[item.lane].append(item)
                    continue
                if item.lane is not None:
                    self._behind[item.lane] = deque()
                    item.has_lane = True
            taken.append(item)
        self.away += len(taken)
        return taken

    def done(self, item: QueuedFact) -> None:
        """Forget a fact that was taken; the next of its lane may go."""
        self.away -= 1
        behind = self._behind.pop(item.lane, None) if item.has_lane else None
        if behind:
            # All of them, in order: the first takes the lane again.
            self.ready.extendleft(reversed(behind))

    def put_back(self, item: QueuedFact, due: float) -> None:
        """Keep a fact that was taken until `due`; its lane waits with it."""
        self.away -= 1
        heapq.heappush(self._later, (due, next(self._number), item))

    def resume(self, item: QueuedFact) -> None:
        """Make ready a fact that was taken."""
        self.away -= 1
        self.ready.appendleft(item)

    def wake(self, now: float) -> None:
        """Make ready what is due."""
        due: list[QueuedFact] = []
        while self._later and self._later[0][0] <= now:
            due.append(heapq.heappop(self._later)[2])
        self.ready.extendleft(reversed(due))

    def next_due(self) -> float | None:
        """Give the time at which something becomes due."""
        return self._later[0][0] if self._later else None

    def hurry(self) -> None:
        """Make everything due at once."""
        self._later = [(0.0, number, item) for _, number, item in self._later]
        heapq.heapify(self._later)
