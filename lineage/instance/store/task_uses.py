"""What one task used of one artifact, and which of it a step works on in place.

A loop that reads a scratch file in one step and writes it again in another does not
make the new content from the old one: only uses on the output's own path among the
steps count, those of its step, of steps inside it and of steps around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .timeline import Making


class StepPaths(Protocol):
    """Says how the steps of tasks lie inside each other."""

    def enclosing(self, task_id: int, number: int) -> Sequence[int]:
        """Return the numbers of a step's enclosing steps and, last, of the task."""

    def shares_path(self, task_id: int, one: int, other: int) -> bool:
        """Return whether one of two steps is the other or encloses it."""


class TaskUses:
    """The uses of one artifact by one task, in the order of time."""

    __slots__ = ("_at", "_indexed", "_uses", "_within")

    def __init__(self) -> None:
        self._uses: list[tuple[int, Making]] = []
        self._indexed = 0
        self._at: dict[int, int] = {}
        """The place of the last use right in each step."""
        self._within: dict[int, int] = {}
        """The place of the last use in each step or inside it."""

    def add(self, step: int, making: Making) -> None:
        """Add the next use."""
        self._uses.append((step, making))

    @property
    def last(self) -> Making:
        """What was used last, in whatever step."""
        return self._uses[-1][1]

    def on_path(self, task: int, step: int, paths: StepPaths) -> Making | None:
        """Return what was used last in a step, inside it or around it."""
        if not step:
            return self.last
        self._index(task, paths)
        places = [self._at.get(outer, -1) for outer in paths.enclosing(task, step)]
        place = max(self._within.get(step, -1), *places)
        return None if place < 0 else self._uses[place][1]

    def _index(self, task: int, paths: StepPaths) -> None:
        """Take the uses since the last call into the index, each once."""
        for place in range(self._indexed, len(self._uses)):
            step = self._uses[place][0]
            self._at[step] = self._within[step] = place
            for outer in paths.enclosing(task, step):
                self._within[outer] = place
        self._indexed = len(self._uses)
