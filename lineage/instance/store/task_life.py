"""Decides status and end of tasks, by the times of their facts and not their order."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from .database import Transaction
from .fact_types import FactDict
from .write_cache import TeamCache

_READ: Final = (
    "SELECT t.id, t.life, t.status, t.ended_at, t.error, t.traceback, t.run,"
    " t.reported_at"
    " FROM each_int(:tasks) AS x"
    " JOIN tasks t ON t.team_id = :team AND t.id = x.value"
)
_WRITE: Final = (
    "UPDATE tasks SET life = ?, status = ?, ended_at = ?, error = ?, traceback = ?"
    " WHERE team_id = ? AND id = ?"
)
_BEGIN: Final = """
UPDATE tasks SET reported_at = ?, run = COALESCE(?, run),
    started_at = (SELECT MIN(t.started_at) FROM tasks t
        WHERE t.team_id = tasks.team_id AND t.id IN (tasks.id, ?)),
    created_at = (SELECT MIN(t.created_at) FROM tasks t
        WHERE t.team_id = tasks.team_id AND t.id IN (tasks.id, ?))
WHERE team_id = ? AND id = ?
"""
_LAST_EDGES: Final = (
    "SELECT e.task_id, MAX(e.recorded_at) FROM each_int(:tasks) AS x"
    " JOIN edges e ON e.team_id = :team AND e.task_id = x.value GROUP BY e.task_id"
)


@dataclass(slots=True)
class _Life:
    """What decides about one task: the last of what was said of each kind."""

    opened_as: str = "started"
    """The status by the last opening."""
    opened_at: float | None = None
    opened_by: str | None = None
    end: tuple[float, str, str | None] | None = None
    """When the last end was, its status and its run."""
    error: str | None = None
    traceback: str | None = None
    lost_at: float | None = None
    """The last sign of life of a process that is gone without an end."""

    def take(self, fact: FactDict) -> None:
        """Add what a fact says."""
        at, run = fact["at"], fact["task"]
        if fact["f"] == "task":
            if self.opened_at is None or at >= self.opened_at:
                self.opened_as = fact.get("status", "started")
                self.opened_at, self.opened_by = at, run
        elif fact["status"] == "lost":
            self.lost_at = max(at, self.lost_at or 0.0)
        elif self.end is None or at >= self.end[0]:
            self.end = (at, fact["status"], run)
            self.error, self.traceback = fact.get("error"), fact.get("traceback")

    def join(self, other: _Life) -> None:
        """Add what is known of a task that turned out to be the same."""
        if (other.opened_at or 0.0) > (self.opened_at or 0.0):
            self.opened_as, self.opened_at = other.opened_as, other.opened_at
            self.opened_by = other.opened_by
        if other.end is not None and (self.end is None or other.end[0] > self.end[0]):
            self.end, self.error, self.traceback = (
                other.end, other.error, other.traceback,
            )  # fmt: skip
        if other.lost_at is not None:
            self.lost_at = max(other.lost_at, self.lost_at or 0.0)

    def outcome(
        self, edge_at: float | None
    ) -> tuple[str, float | None, str | None, str | None]:
        """Return status, end, error and traceback.

        Another run that opens a task after its end goes on with it. Any end is better
        known than that of a process that seems to be gone; and a task of which
        something came later, if only from a worker that had joined it, goes on.

        Args:
            edge_at: When its last edge was recorded.
        """
        opened_at = self.opened_at or 0.0
        if self.end is not None and (
            opened_at <= self.end[0] or self.opened_by == self.end[2]
        ):
            return self.end[1], self.end[0], self.error, self.traceback
        if self.lost_at is not None and self.lost_at >= max(opened_at, edge_at or 0.0):
            return "lost", self.lost_at, None, None
        return self.opened_as, None, None, None


def merge_lives(tx: Transaction, known: TeamCache, source: int, target: int) -> None:
    """Add to a task what became of another row that turned out to be the same task.

    The edges of both are the task's already.
    """
    names = {"tasks": [source, target], "team": known.team_id, "id": target}
    lives = {row[0]: _read_life(*row[1:]) for row in tx.all(_READ, names)}
    life = lives[target]
    life.join(lives[source])
    is_lost = life.lost_at is not None
    edges: dict[int, float] = dict(tx.all(_LAST_EDGES, names)) if is_lost else {}
    known.tasks[target].may_be_lost = is_lost
    kept = json.dumps((life.opened_as, life.end, life.lost_at))
    outcome = life.outcome(edges.get(target))
    tx.run(_WRITE, (kept, *outcome, known.team_id, target))
    began = [life.opened_at, life.opened_by, source, source]
    tx.run(_BEGIN, (*began, known.team_id, target))


class TaskLifeWriter:
    """Takes in openings, ends and signs of one transaction.

    Args:
        tx: The transaction.
        known: What is remembered of the team.
    """

    def __init__(self, tx: Transaction, known: TeamCache) -> None:
        self._tx = tx
        self._known = known
        self._facts: dict[int, list[FactDict]] = {}

    def take(self, fact: FactDict, owner: int) -> None:
        """Take the opening or the end of a task."""
        self._facts.setdefault(owner, []).append(fact)

    def write(self, owners: set[int]) -> None:
        """Write what follows, once the edges are written.

        Args:
            owners: The tasks of the transaction's facts.
        """
        # What comes of a task whose process seems to be gone may change that.
        tasks = {task for task in owners if self._known.tasks[task].may_be_lost}
        tasks |= self._facts.keys()
        if not tasks:
            return
        team = self._known.team_id
        rows = self._tx.all(_READ, {"tasks": tasks, "team": team})
        lives = {row[0]: _read_life(*row[1:]) for row in rows}
        for task, facts in self._facts.items():
            for fact in facts:
                lives[task].take(fact)
        lost = {task for task, life in lives.items() if life.lost_at is not None}
        edges = self._last_edges(lost)
        changed = []
        for task, life in lives.items():
            self._known.tasks[task].may_be_lost = task in lost
            kept = (life.opened_as, life.end, life.lost_at)
            outcome = life.outcome(edges.get(task))
            changed.append((json.dumps(kept), *outcome, team, task))
        self._tx.run_many(_WRITE, changed)

    def _last_edges(self, tasks: set[int]) -> dict[int, float]:
        if not tasks:
            return {}
        names = {"tasks": tasks, "team": self._known.team_id}
        return dict(self._tx.all(_LAST_EDGES, names))


def seems_gone(life: str | None) -> bool:
    """Whether a task's process seemed to be gone, by what was kept of its life."""
    return life is not None and json.loads(life)[2] is not None


def _read_life(
    text: str | None,
    status: str,
    ended_at: float | None,
    error: str | None,
    traceback: str | None,
    run: str | None,
    opened_at: float | None,
) -> _Life:
    life = _Life(opened_at=opened_at, opened_by=run, error=error, traceback=traceback)
    if text is not None:
        life.opened_as, end, life.lost_at = json.loads(text)
        life.end = None if end is None else (end[0], end[1], end[2])
        return life
    # The row says it all: nothing was kept beside it, or the platform's API set it.
    if status == "lost":
        life.lost_at = ended_at
    elif ended_at is not None:
        life.end = (ended_at, status, run)
    else:
        life.opened_as = status
    return life
