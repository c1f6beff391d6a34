"""What a process remembers of one team between transactions, within bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from .database import Transaction

#: Names remembered of all teams, at most; beyond it they are all forgotten. A thing
#: is remembered under three, in some 500 bytes: 65 MB in all.
MAX_KNOWN: Final = 400_000
#: Teams remembered at once.
MAX_TEAMS: Final = 64


@dataclass(slots=True)
class TaskState:
    """A task as it is while facts are taken in."""

    id: int
    number: int
    is_told: bool
    next_step: int


@dataclass(slots=True)
class ArtifactState:
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
class ContainerVersion:
    """One state of a container."""

    node_id: int
    version: str
    created_at: float


@dataclass(slots=True)
class TeamCache:
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
    entities: dict[tuple[str, str], ArtifactState] = field(default_factory=dict)
    states: dict[tuple[str, str], list[ContainerVersion]] = field(default_factory=dict)

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

    def __len__(self) -> int:
        """Count what is remembered; a name that is known in two ways counts twice."""
        return (
            len(self.sources) + len(self.nodes) + len(self.fixed)
            + len(self.steps) + len(self.runs) + len(self.entities)
        )  # fmt: skip


class CacheRegistry:
    """What a process remembers of its teams, within one bound for all of them."""

    def __init__(self) -> None:
        self._teams: dict[int, TeamCache] = {}

    def of(self, team_id: int) -> TeamCache:
        """Give what is remembered of a team."""
        count = sum(len(known) for known in self._teams.values())
        if count > MAX_KNOWN or len(self._teams) > MAX_TEAMS:
            self._teams.clear()
        return self._teams.setdefault(team_id, TeamCache(team_id))

    def forget(self, team_id: int) -> None:
        """Forget a team, whose last changes were undone."""
        self._teams.pop(team_id, None)
