"""The heartbeat: repeats which tasks of this process are open."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any, Final

from ..errors import guard

OPENING: Final = b'{"f":"task",'
ENDING: Final = b'{"f":"task_end",'
#: Of what a task may be silent for, a beat comes after this part.
_PART: Final = 6.0
_LEAST_S: Final = 0.05
#: What of an opening is repeated.
_REPEATED: Final = ("f", "task", "task_id", "pid", "status")


class Heartbeat:
    """Writes a fact for each open task, now and then and into each new segment.

    An instance takes a task for lost of which it hears nothing for too long. And since
    the segments of a process always say which tasks it opened, so does whoever adopts
    them, however long ago that was.

    Args:
        write: Writes a fact to the journal.
        lost_after_s: How long a task may be silent; 0: no heartbeat.
        clock: Gives seconds that only grow.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        lost_after_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._lost_after_s = lost_after_s
        self._clock = clock
        self._open: dict[str, dict[str, Any]] = {}
        self._due = 0.0

    @property
    def every_s(self) -> float:
        """Seconds from one beat to the next; infinite where there is none."""
        if not self._lost_after_s:
            return float("inf")
        return max(self._lost_after_s / _PART, _LEAST_S)

    def notice(self, text: bytes) -> bytes:
        """Notice a fact of this process; return it, an opening with its promise."""
        if self._lost_after_s and text.startswith((OPENING, ENDING)):
            with guard("The fact of a task cannot be read"):
                return self._noticed(text)
        return text

    def _noticed(self, text: bytes) -> bytes:
        fact: dict[str, Any] = json.loads(text)
        if text.startswith(ENDING):
            self._open.pop(fact["task"], None)
        elif fact.get("pid") == os.getpid() and "lost_after_s" not in fact:
            if not self._open:
                self._due = self._clock() + self.every_s
            self._open[fact["task"]] = {
                name: fact[name] for name in _REPEATED if name in fact
            }
            return text[:-1] + b',"lost_after_s":%g}' % self._lost_after_s
        return text

    def beat(self, *, is_new_segment: bool) -> None:
        """Write what is due.

        Args:
            is_new_segment: Whether the journal goes on in another file.
        """
        if not self._open or not (is_new_segment or self._clock() >= self._due):
            return
        self._due = self._clock() + self.every_s
        for fact in self._open.values():
            beat = {**fact, "at": time.time(), "lost_after_s": self._lost_after_s}
            self._write(json.dumps(beat, separators=(",", ":")))
