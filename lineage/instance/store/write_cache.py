"""What a process remembers of one team between transactions, within bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from .artifact_rows import ArtifactState
from .database import Transaction

#: Names remembered of all teams, at most; beyond it they are all forgotten. An artifact
#: is remembered under three, in some 500 bytes: 65 MB in all.
MAX_KNOWN: Final = 400_000
#: Teams remembered at once.
MAX_TEAMS: Final = 64


@dataclass(slots=True)
class TaskState:
    """A task as it is while facts are taken in."""

    id: int
    number: int
    has_given_number: bool
    next_step: int
    may_be_lost: bool = False
    """Whether its process seemed to be gone, so that later facts may lift it."""
    knows_steps: bool = False
    """Whether `TeamCache.steps` has all of its steps that the store has."""


@dataclass(slots=True)
class TeamCache:
    """The memory of one team: names that never change, and those that may."""

    team_id: int
    revision: int = -1
    epoch: int = -1
    restoration: str = ""
    """What `Transaction.lock_team` returned: the same while nobody restores it."""
    has_clock: bool = False
    """Whether any fact came from a clock that was set."""
    unindexed_from: int | None = None
    """The first artifact that waits for the index of texts."""
    merges: int = 0
    """Tasks merged in the transaction that goes on."""
    sources: dict[str, int] = field(default_factory=dict)
    aliases: set[tuple[str, int]] = field(default_factory=set)
    steps: dict[int, dict[str, int]] = field(default_factory=dict)
    """By task and the step's key: its number. The garbage collector does not look into
    dictionaries of texts and numbers, which it would into those of tuples."""
    parents: dict[int, int] = field(default_factory=dict)
    """The number of each step's parent, by the id of the step's activity."""
    runs: dict[str, int] = field(default_factory=dict)
    tasks: dict[int, TaskState] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    entities: dict[tuple[str, str], ArtifactState] = field(default_factory=dict)
    legacy: bool | None = None
    """Whether artifacts from before canonical names are left."""
    open_derivations: bool | None = None
    """Whether outputs name sources that are not known yet."""
    pending_evidence: bool | None = None
    """Whether evidence waits for its edge."""
    dirty: set[int] = field(default_factory=set)
    """Artifacts whose timelines the transaction that goes on has to make again."""
    replaced: dict[int, int] = field(default_factory=dict)
    """Nodes of edges that the transaction that goes on took back, by the edges' ids."""

    def sync(self, tx: Transaction, restoration: str) -> int:
        """Forget what others may have changed; return the new revision.

        Other processes add to what is stored. Who restores an older state of the store
        takes away from it, and later numbers stand for something else.
        """
        row = tx.one(
            "SELECT revision, epoch, has_clock, unindexed_from FROM revisions"
            " WHERE team_id = ?",
            (self.team_id,),
        )
        self.has_clock = row is not None and bool(row[2])
        self.unindexed_from = None if row is None else row[3]
        revision, epoch = (row[0], row[1]) if row else (0, 0)
        is_older = revision < self.revision or restoration != self.restoration
        if epoch != self.epoch or is_older:
            self.forget()
        elif revision != self.revision:
            self.forget_changing()
        self.epoch = epoch
        self.restoration = restoration
        self.revision = revision + 1
        return revision + 1

    def forget(self) -> None:
        """Forget everything."""
        self.sources.clear()
        self.aliases.clear()
        self.dirty.clear()
        self.replaced.clear()
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
        self.legacy = self.open_derivations = self.pending_evidence = None

    def has_legacy(self, tx: Transaction) -> bool:
        """Return whether artifacts from before canonical names are left."""
        if self.legacy is None:
            self.legacy = self._exists(tx, "entities", "is_legacy = 1")
        return self.legacy

    def has_open_derivations(self, tx: Transaction) -> bool:
        """Return whether outputs name sources that are not known yet."""
        if self.open_derivations is None:
            self.open_derivations = self._exists(tx, "derivations", "entity_id IS NULL")
        return self.open_derivations

    def has_pending_evidence(self, tx: Transaction) -> bool:
        """Return whether evidence waits for its edge."""
        if self.pending_evidence is None:
            self.pending_evidence = self._exists(tx, "pending_evidence", "edge_id >= 0")
        return self.pending_evidence

    def _exists(self, tx: Transaction, table: str, condition: str) -> bool:
        sql = f"SELECT 1 FROM {table} WHERE team_id = ? AND {condition} LIMIT 1"  # noqa: S608  constant SQL
        return tx.one(sql, (self.team_id,)) is not None

    def __len__(self) -> int:
        """Count what is remembered; a name that is known in two ways counts twice."""
        return (
            len(self.sources) + len(self.aliases) + len(self.parents)
            + len(self.runs) + len(self.entities)
        )  # fmt: skip


class CacheRegistry:
    """What a process remembers of its teams, within one bound for all of them."""

    def __init__(self) -> None:
        self._teams: dict[int, TeamCache] = {}

    def of(self, team_id: int) -> TeamCache:
        """Return what is remembered of a team."""
        count = sum(len(known) for known in self._teams.values())
        if count > MAX_KNOWN or len(self._teams) > MAX_TEAMS:
            self._teams.clear()
        return self._teams.setdefault(team_id, TeamCache(team_id))

    def forget(self, team_id: int) -> None:
        """Forget a team, whose last changes were undone."""
        self._teams.pop(team_id, None)
