"""What a process remembers of one team between transactions, within bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from .database import Transaction

#: Remembered names of each sort, at most; beyond it they are all forgotten.
MAX_KNOWN: Final = 200_000


@dataclass(slots=True)
class TaskState:
    """A task as it is while facts are taken in."""

    id: int
    number: int
    is_told: bool
    next_step: int


@dataclass(slots=True)
class EntityState:
    """An entity as it is while facts are taken in."""

    id: int
    versions: int
    latest_id: int | None
    latest_at: float
    name: str
    is_model: bool
    is_new: bool = False
    is_changed: bool = False


@dataclass(slots=True)
class State:
    """One state of a container."""

    node_id: int
    version: str
    created_at: float


@dataclass(slots=True)
class Known:
    """The memory of one team: names that never change, and those that may."""

    team_id: int
    revision: int = -1
    epoch: int = -1
    merges: int = 0
    """Tasks merged in the transaction that goes on."""
    sources: dict[str, int] = field(default_factory=dict)
    nodes: dict[tuple[str, str, str], int] = field(default_factory=dict)
    fixed: dict[tuple[str, int | str], int] = field(default_factory=dict)
    """Nodes of things that have one version, by kind and id as told."""
    steps: dict[tuple[int, str], tuple[int, int]] = field(default_factory=dict)
    """By task and the step's key: its number and its parent's."""
    parents: dict[tuple[int, int], int] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    tasks: dict[int, TaskState] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    entities: dict[tuple[str, str], EntityState] = field(default_factory=dict)
    states: dict[tuple[str, str], list[State]] = field(default_factory=dict)

    def sync(self, tx: Transaction) -> int:
        """Forget what other processes may have changed; give the new revision."""
        row = tx.one(
            "SELECT revision, epoch FROM revisions WHERE team_id = ?", (self.team_id,)
        )
        revision, epoch = (row[0], row[1]) if row else (0, 0)
        if epoch != self.epoch:
            self.forget()
        elif revision != self.revision:
            self.forget_changing()
        self._bound()
        self.epoch = epoch
        self.revision = revision + 1
        return revision + 1

    def forget(self) -> None:
        """Forget everything."""
        self.sources.clear()
        self.nodes.clear()
        self.fixed.clear()
        self.steps.clear()
        self.parents.clear()
        self.forget_changing()
        self.revision = -1

    def forget_changing(self) -> None:
        """Forget what another process may have changed."""
        self.runs.clear()
        self.tasks.clear()
        self.numbers.clear()
        self.entities.clear()
        self.states.clear()

    def _bound(self) -> None:
        if len(self.nodes) > MAX_KNOWN:
            self.nodes.clear()
        if len(self.fixed) > MAX_KNOWN:
            self.fixed.clear()
        if len(self.entities) > MAX_KNOWN:
            self.entities.clear()
            self.states.clear()
        if len(self.steps) > MAX_KNOWN:
            self.steps.clear()
            self.parents.clear()
        if len(self.runs) > MAX_KNOWN:
            self.runs.clear()
            self.tasks.clear()
            self.numbers.clear()
        if len(self.sources) > MAX_KNOWN:
            self.sources.clear()
