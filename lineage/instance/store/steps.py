"""Numbers the steps of tasks as facts first mention them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from ...model.facts import StepInfo
from .activity_ids import MAX_STEPS, STEP_BITS
from .database import Transaction
from .dedup import Item
from .write_cache import TeamCache

_COLUMNS = (
    "team_id", "task_id", "number", "step", "parent", "name", "started_at", "params",
    "ended_at", "outcome", "error",
)  # fmt: skip
#: Further steps that are looked up with one: a timeline often asks for them next.
_TOGETHER = 255
_END = (
    "UPDATE steps SET ended_at = ?, outcome = ?, error = ?"
    " WHERE team_id = ? AND task_id = ? AND number = ?"
)


class StepResolver:
    """Maps the keys of steps to their numbers within their task.

    Args:
        tx: The transaction.
        known: What is remembered of the team.
    """

    def __init__(self, tx: Transaction, known: TeamCache) -> None:
        self._tx = tx
        self._known = known
        self._named: list[tuple[Any, ...]] = []
        self._ended: list[tuple[Any, ...]] = []
        self._rows: dict[int, list[Any]] = {}
        """The rows of new steps by the ids of their activities."""
        self._counted: set[int] = set()
        self.moved: set[int] = set()
        """Tasks with steps that turned out to be inside others."""

    def load(self, mentioned: set[tuple[int, str]]) -> None:
        """Look up, all at once, the steps that facts mention."""
        known = self._known
        missing = [
            step
            for task, step in mentioned
            if not known.tasks[task].knows_steps
            and step not in known.steps.get(task, ())
        ]
        if not missing:
            return
        rows = self._tx.all(
            "SELECT s.task_id, s.step, s.number, s.parent"
            " FROM each_text(:steps) AS x"
            " JOIN steps s ON s.team_id = :team AND s.step = x.value",
            {"steps": set(missing), "team": known.team_id},
        )
        for task_id, step, number, parent in rows:
            self._remember(task_id, step, number, parent)

    def number(
        self, task_id: int, run: str, step: str | StepInfo | None, at: float
    ) -> int:
        """Return a step's number in its task; 0 where no step is named."""
        if step is None:
            return 0
        if isinstance(step, StepInfo):
            return self._mention(task_id, run, step, at)
        key, known = f"{run}/{step}", self._known.steps.get(task_id)
        number = None if known is None else known.get(key)
        if number is not None:
            return number
        # Its first mention is still on the way, or was lost with its process.
        return self._add(task_id, key, 0, step, at)

    def end(
        self, task_id: int, number: int, at: float, outcome: str, error: str | None
    ) -> None:
        """Keep how a step ended."""
        row = self._rows.get((task_id << STEP_BITS) | number)
        if row is not None:
            row[8:] = at, outcome, error
        else:
            place = (self._known.team_id, task_id, number)
            self._ended.append((at, outcome, error, *place))

    def end_many(
        self, task_id: int, run: str, ends: Iterable[tuple[str, float]]
    ) -> None:
        """Keep when steps of a task ended that raised no error."""
        for key, at in ends:
            self.end(task_id, self.number(task_id, run, key, at), at, "ok", None)

    def enclosing(self, task_id: int, number: int) -> list[int]:
        """Return the numbers of a step's enclosing steps and, last, of the task."""
        chain = [number]
        while chain[-1]:
            parent = self._parent(task_id, chain[-1])
            # Steps that enclose each other were recorded wrongly.
            chain.append(0 if parent in chain else parent)
        return chain[1:]

    def shares_path(self, task_id: int, one: int, other: int) -> bool:
        """Return whether one of two steps is the other or encloses it."""
        return (
            one == other
            or one in self.enclosing(task_id, other)
            or other in self.enclosing(task_id, one)
        )

    def take(self, task_id: int) -> int:
        """Take the next number of a task, 0 when it has no more."""
        state = self._known.tasks[task_id]
        if state.next_step > MAX_STEPS:
            return 0
        state.next_step += 1
        self._counted.add(task_id)
        return state.next_step - 1

    def write(self) -> None:
        """Write what was numbered."""
        tx, team_id = self._tx, self._known.team_id
        tx.insert_many("steps", _COLUMNS, self._rows.values())
        tx.run_many(
            "UPDATE steps SET name = ?, parent = ?, started_at = ?, params = ?"
            " WHERE team_id = ? AND task_id = ? AND number = ?",
            self._named,
        )
        tx.run_many(_END, self._ended)
        tx.run_many(
            "UPDATE tasks SET next_step = ? WHERE team_id = ? AND id = ?",
            [(self._known.tasks[t].next_step, team_id, t) for t in self._counted],
        )

    def _mention(self, task_id: int, run: str, info: StepInfo, fact_at: float) -> int:
        known, key = self._known, f"{run}/{info.key}"
        at = fact_at if info.at is None else info.at
        parent = self.number(task_id, run, info.parent, at)
        number = known.steps.get(task_id, {}).get(key)
        params = json.dumps(info.params) if info.params else None
        if number is None:
            return self._add(task_id, key, parent, info.name, at, params)
        waiting = self._rows.get((task_id << STEP_BITS) | number)
        if waiting is not None:
            waiting[4:8] = [parent, info.name, at, params]
        else:
            if self._parent(task_id, number) != parent:
                self.moved.add(task_id)
            place = (known.team_id, task_id, number)
            self._named.append((info.name, parent, at, params, *place))
        self._remember(task_id, key, number, parent)
        return number

    def _remember(self, task_id: int, step: str, number: int, parent: int) -> None:
        self._known.steps.setdefault(task_id, {})[step] = number
        self._known.parents[(task_id << STEP_BITS) | number] = parent

    def _add(
        self,
        task_id: int,
        step: str,
        parent: int,
        name: str,
        at: float,
        params: str | None = None,
    ) -> int:
        number = self.take(task_id)
        if number == 0:
            return 0
        team = self._known.team_id
        row = [team, task_id, number, step, parent, name, at, params, None, None, None]
        self._rows[(task_id << STEP_BITS) | number] = row
        self._remember(task_id, step, number, parent)
        return number

    def _parent(self, task_id: int, number: int) -> int:
        known = self._known
        activity = (task_id << STEP_BITS) | number
        parent = known.parents.get(activity)
        if parent is None:
            rows = self._tx.all(
                "SELECT number, parent FROM steps"
                " WHERE team_id = ? AND task_id = ? AND number BETWEEN ? AND ?",
                (known.team_id, task_id, number, number + _TOGETHER),
            )
            for other, outer in rows:
                known.parents.setdefault((task_id << STEP_BITS) | other, int(outer))
            parent = known.parents.setdefault(activity, 0)
        return parent


def mentioned_steps(
    items: Sequence[Item], owners: Sequence[int]
) -> set[tuple[int, str]]:
    """List the steps that facts mention, by task."""
    mentioned: set[tuple[int, str, str]] = set()
    add = mentioned.add
    for (_, fact, _), owner in zip(items, owners, strict=True):
        step, scope = fact.get("step"), fact.get("scope")
        if step is not None:
            if type(step) is str:
                add((owner, fact["task"], step))
            else:
                add((owner, fact["task"], step.key))
                if step.parent is not None:
                    add((owner, fact["task"], step.parent))
        if scope is not None and scope != step:
            add((owner, fact["task"], scope))
        elif "ends" in fact:
            run = fact["task"]
            mentioned.update([(owner, run, key) for key, _ in fact["ends"]])
    return {(owner, f"{run}/{key}") for owner, run, key in mentioned}
