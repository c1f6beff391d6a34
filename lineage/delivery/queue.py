"""The delivery queue: facts to send, by when and in which order they may be sent."""

from __future__ import annotations

import heapq
import itertools
import json
import random
import time
from collections import defaultdict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final

from ..errors import attempt, warn_rarely
from ..journal.segments import Segment

_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 60.0


@dataclass(eq=False, slots=True)
class QueuedFact:
    """One fact to send."""

    uid: str
    text: bytes
    """The fact as the journal has it: without its uid."""
    segment: Segment
    offset: int
    ordering_key: Hashable = None
    holds_key: bool = False
    """Whether it was taken, so that other facts with its key wait for it."""
    is_alone: bool = False
    """Whether it is sent alone, because a call with others failed."""
    read_at: float = field(default_factory=time.monotonic)
    """When this process read it from the journal."""
    attempts: int = 0
    """How often it failed by itself."""
    failed_at: float = 0.0
    """When it failed for the first time."""
    delivered_before: int = 0
    """How many facts had been delivered then."""
    not_before: float = 0.0
    """Until this time the receiver asked for a pause."""
    is_again: bool = False
    """Whether it was delivered before, and the receiver may have lost it."""
    is_probe: bool = False
    """Whether it is to show if the receiver has what was delivered before it."""
    gate: Hashable = None
    """The task whose outputs wait for this input; None for other facts."""
    number: int = 0
    """Its place among the facts that were taken with an order."""

    @property
    def fact(self) -> dict[str, Any]:
        """The fact with its uid, decoded each time.

        Raises:
            ValueError: It is not JSON.
        """
        return {**json.loads(self.text), "uid": self.uid}

    @property
    def wire(self) -> bytes:
        """The fact with its uid, as text."""
        return b'{"uid":"%b",%b' % (self.uid.encode(), self.text[1:])


def pause_s(attempts: int, at_least_s: float = 0.0) -> float:
    """Return the time until the next attempt: doubling, with jitter."""
    most = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(attempts, 16))
    return at_least_s + most * random.uniform(0.5, 1.0)  # noqa: S311  no secret


class _InputsFirst:
    """Makes the outputs of a task wait for the inputs recorded before them."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        #: By task: the numbers of the inputs on their way, smallest first.
        self._open: dict[Hashable, list[int]] = {}
        self._closed: set[int] = set()
        #: By task: the outputs that wait, in order.
        self._outputs: dict[Hashable, deque[QueuedFact]] = defaultdict(deque)

    def waiting(self) -> int:
        """Count the outputs that wait."""
        return sum(map(len, self._outputs.values()))

    def hold(self, item: QueuedFact, fact: dict[str, Any]) -> bool:
        """Whether a fact has to wait; an input makes later outputs wait for it."""
        if fact.get("f") != "edge" or item.gate is not None:
            return False
        task = fact.get("task")
        item.number = item.number or next(self._numbers)
        if fact.get("dir") == "input":
            item.gate = task
            heapq.heappush(self._open.setdefault(task, []), item.number)
            return False
        first = self._first(task)
        if first is None or first > item.number:
            return False
        self._outputs[task].append(item)
        return True

    def release(self, item: QueuedFact) -> list[QueuedFact]:
        """Return the outputs that no longer wait, now that an input is sent."""
        task, item.gate = item.gate, None
        if task is None:
            return []
        self._closed.add(item.number)
        first, waiting = self._first(task), self._outputs.get(task)
        ready: list[QueuedFact] = []
        while waiting and (first is None or first > waiting[0].number):
            ready.append(waiting.popleft())
        if waiting is not None and not waiting:
            del self._outputs[task]
        return ready

    def _first(self, task: Hashable) -> int | None:
        numbers = self._open.get(task)
        while numbers and numbers[0] in self._closed:
            self._closed.remove(heapq.heappop(numbers))
        if numbers:
            return numbers[0]
        self._open.pop(task, None)
        return None


def _log_no_key(error: Exception) -> None:
    warn_rarely("ordering key", "The exporter's ordering_key failed: %s", error)


class DeliveryQueue:
    """Facts that are ready, facts that wait for a time, and facts that wait for others.

    Not safe for threads: the flusher holds its lock.
    """

    def __init__(self) -> None:
        self.ready: deque[QueuedFact] = deque()
        self._later: list[tuple[float, int, QueuedFact]] = []
        self._numbers = itertools.count()
        #: Ordering keys of facts on their way, and the facts that wait for them.
        self._same_key: dict[Hashable, deque[QueuedFact]] = {}
        self._inputs_first = _InputsFirst()
        self.in_flight = 0
        """How many are being sent, or having their file hashed."""

    def __len__(self) -> int:
        behind = sum(map(len, self._same_key.values())) + self._inputs_first.waiting()
        return len(self.ready) + len(self._later) + behind + self.in_flight

    def add(self, item: QueuedFact) -> None:
        """Add a fact behind all others."""
        self.ready.append(item)

    def next_batch(
        self, most: int, key_of: Callable[[dict[str, Any]], Hashable] | None
    ) -> list[QueuedFact]:
        """Take what can be sent together now.

        Args:
            most: How many at most.
            key_of: Returns a fact's ordering key; None: the order of calls is enough.
        """
        taken: list[QueuedFact] = []
        while self.ready and len(taken) < most:
            if self.ready[0].is_alone:
                if taken:
                    break
                most = 1
            item = self.ready.popleft()
            if key_of is None or item.holds_key or not self._waits(item, key_of):
                taken.append(item)
        self.in_flight += len(taken)
        return taken

    def _waits(
        self, item: QueuedFact, key_of: Callable[[dict[str, Any]], Hashable]
    ) -> bool:
        """Whether a fact has to wait for others; it then waits beside them."""
        try:
            fact = item.fact
        except ValueError:
            return False  # Sending it fails, for itself.
        if self._inputs_first.hold(item, fact):
            return True
        key = attempt(key_of, fact, _log_no_key)
        item.ordering_key = key
        if key is None:
            return False
        if key in self._same_key:
            self._same_key[key].append(item)
            return True
        self._same_key[key] = deque()
        item.holds_key = True
        return False

    def done(self, item: QueuedFact) -> None:
        """Forget a fact that was taken; those that waited for it may be sent."""
        self.in_flight -= 1
        key = item.ordering_key
        behind = self._same_key.pop(key, None) if item.holds_key else None
        if behind:
            # All of them, in order: the first one takes the key again.
            self.ready.extendleft(reversed(behind))
        self._release_outputs(item)

    def _release_outputs(self, item: QueuedFact) -> None:
        self.ready.extendleft(reversed(self._inputs_first.release(item)))

    def put_back(
        self, item: QueuedFact, due: float, *, holds_others: bool = True
    ) -> None:
        """Keep a fact that was taken until `due`; facts with its key wait with it.

        Args:
            item: The fact.
            due: The time of `time.monotonic()` at which it may be sent again.
            holds_others: Whether the outputs of its task go on waiting for it.
        """
        self.in_flight -= 1
        heapq.heappush(self._later, (due, next(self._numbers), item))
        if not holds_others:
            self._release_outputs(item)

    def resume(self, item: QueuedFact) -> None:
        """Make a fact that was taken ready again."""
        self.in_flight -= 1
        self.ready.appendleft(item)

    def promote_due(self, now: float) -> None:
        """Make ready what is due; what failed by itself goes behind all others."""
        due: list[QueuedFact] = []
        while self._later and self._later[0][0] <= now:
            due.append(heapq.heappop(self._later)[2])
        self.ready.extendleft(reversed([item for item in due if not item.attempts]))
        self.ready.extend(item for item in due if item.attempts)

    def next_due(self) -> float | None:
        """Return the time at which the next waiting fact is due."""
        return self._later[0][0] if self._later else None

    def make_all_due(self, *, only_own_pauses: bool = False) -> None:
        """End all pauses.

        Args:
            only_own_pauses: Only those that the receiver did not ask for.
        """
        self._later = [
            (item.not_before if only_own_pauses else 0.0, number, item)
            for _, number, item in self._later
        ]
        heapq.heapify(self._later)

    def end_probes(self) -> None:
        """Send the facts that were to show a loss as any other: it is known."""
        for item in (*self.ready, *(item for _, _, item in self._later)):
            item.is_probe = False

    def take_where(self, is_meant: Callable[[QueuedFact], bool]) -> list[QueuedFact]:
        """Take the ready and the waiting facts for which a condition holds."""
        taken = [item for item in self.ready if is_meant(item)]
        taken += [item for _, _, item in self._later if is_meant(item)]
        if taken:
            gone = set(map(id, taken))
            self.ready = deque(i for i in self.ready if id(i) not in gone)
            self._later = [e for e in self._later if id(e[2]) not in gone]
            heapq.heapify(self._later)
            self.in_flight += len(taken)
        return taken
