"""Finds the tasks of dead processes that have no end, in the segments they left."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ..errors import guard
from ..journal.records import Record
from ..journal.segments import Segment
from .heartbeat import ENDING, OPENING

_AT: Final = re.compile(rb'"at":\s*([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)')
_TASK: Final = re.compile(rb'"task":\s*"([^"\\]+)"')
#: Segments of this process that are older are of another one that had its number.
_BEGAN_NS: Final = time.time_ns()


@dataclass(slots=True)
class _Left:
    """What one segment of a dead process said."""

    last_at: float = 0.0
    tasks: set[str] = field(default_factory=set)


class LostTasks:
    """Collects what dead processes' segments say of tasks, to find the lost ones.

    A task is lost when the process that opened it is gone, and nobody recorded its
    end. A process that only joined it says nothing about its end.
    """

    def __init__(self) -> None:
        self._left: dict[str, _Left] = {}
        #: The tasks that dead processes opened, and their ids where they are known.
        self._opened: dict[str, tuple[Segment, int | None]] = {}
        self._ended: set[str] = set()

    def notice(self, source: Segment, lines: Sequence[Record]) -> None:
        """Look at facts of an adopted segment, delivered ones as well."""
        pid = _pid_of_dead(source.name)
        if pid is None:
            return
        left = self._left.setdefault(source.name, _Left())
        for line in lines:
            at, task = _AT.search(line.text), _TASK.search(line.text)
            if at is not None:
                left.last_at = max(left.last_at, float(at[1]))
            if task is None:
                continue
            key = task[1].decode("utf-8", "replace")
            left.tasks.add(key)
            if line.text.startswith(ENDING):
                self._ended.add(key)
            elif line.text.startswith(OPENING):
                self._open(key, line.text, source, pid)

    def _open(self, key: str, text: bytes, source: Segment, pid: int) -> None:
        with guard("The fact of a task cannot be read"):
            fact: dict[str, Any] = json.loads(text)
            # A fork's child may say more of a task that is its parent's.
            if fact.get("pid") == pid and key not in self._opened:
                self._opened[key] = (source, fact.get("task_id"))
                source.open_lines += 1  # It stays until the end is known.

    def take(self) -> Iterator[tuple[str, bytes, Segment]]:
        """Yield the ends of the lost tasks, once all segments were read.

        Yields:
            Its uid, the fact, and the segment that opened the task and waits for it.
        """
        opened, left, ended = self._opened, self._left, self._ended
        self._opened, self._left, self._ended = {}, {}, set()
        for key, (source, task_id) in opened.items():
            if key in ended:
                source.open_lines -= 1
                continue
            at = max(one.last_at for one in left.values() if key in one.tasks)
            fact: dict[str, Any] = {"f": "task_end", "task": key}
            if task_id is not None:
                fact["task_id"] = task_id
            fact |= {"at": at, "status": "lost"}
            text = json.dumps(fact, separators=(",", ":")).encode()
            yield f"{source.name}-lost-{key}", text, source


def _pid_of_dead(segment: str) -> int | None:
    """Return the number of the process that wrote a segment; None if it is this one."""
    try:
        began, number = (int(part, 16) for part in segment.split("-")[:2])
    except ValueError:
        return None  # Not our name.
    return None if number == os.getpid() and began >= _BEGAN_NS else number
