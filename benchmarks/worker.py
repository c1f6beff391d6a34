"""A process that times one subject: takes an order a line, answers a line."""

from __future__ import annotations

import gc
import itertools
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from .shapes import Burst, Decorate, build
from .subjects import BY_KEY, SAME

#: One burst takes about so long: short enough that a batch processor's queue
#: (2048 spans, five to a call) never runs over, long enough for the clock.
_BURST_NS: Final = 2_000_000
_MAX_CALLS: Final = 400
#: So many calls at least, where they take less than that: the first one after a
#: rest is the slowest, and no app makes just one.
_MIN_CALLS: Final = 8
_LONG_NS: Final = 5_000_000


class Timer:
    """Times bursts of one subject, of any shape and stack."""

    def __init__(self, decorate: Decorate) -> None:
        self._decorate = decorate
        self._ids = itertools.count(1)
        self._bursts: dict[tuple[str, int], Burst] = {}
        self._calls: dict[tuple[str, int, str], int] = {}

    def warm(self, shape: str, stack: int, ids: str) -> None:
        """Run in, and find how many calls fill a burst."""
        burst = self._bursts.get((shape, stack))
        if burst is None:
            burst = self._bursts[shape, stack] = build(shape, self._decorate, stack)
        burst(self._take(ids, 1))  # pays for what is made at the first call
        calls = 1
        while (taken := self._quickest(burst, ids, calls)) < _BURST_NS // 2:
            if calls == _MAX_CALLS:
                break
            calls = min(calls * 2, _MAX_CALLS)
        if taken // calls < _LONG_NS:
            calls = max(calls, _MIN_CALLS)
        self._calls[shape, stack, ids] = calls

    def _quickest(self, burst: Burst, ids: str, calls: int) -> int:
        # One moment in which others have the machine must not make bursts shorter:
        # the first calls after a rest cost the most.
        return min(burst(self._take(ids, calls)) for _ in range(3))

    def time(self, shape: str, stack: int, ids: str) -> float:
        """Time one burst, in nanoseconds a call."""
        calls = self._calls[shape, stack, ids]
        taken = self._take(ids, calls)
        return self._bursts[shape, stack](taken) / calls

    def _take(self, ids: str, calls: int) -> list[int]:
        if ids == SAME:
            return [1] * calls
        return list(itertools.islice(self._ids, calls))


def _orders() -> Iterator[dict[str, Any]]:
    for line in sys.stdin:
        yield json.loads(line)


def main(key: str, scratch: str) -> None:
    """Build the subject, then obey until stdin ends."""
    # A peer may print what it likes: answers have a channel of their own.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    os.chdir(scratch)  # where a peer leaves its folders
    decorate, settle = BY_KEY[key].build(Path(scratch))
    timer = Timer(decorate)
    for order in _orders():
        is_warming = order.pop("is_warming")
        if is_warming:
            timer.warm(**order)
            settle()
            gc.collect()
            gc.freeze()
            answer = 0.0
        else:
            gc.collect()
            answer = timer.time(**order)
            settle()
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
