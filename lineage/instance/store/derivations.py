"""Finds the artifacts that `derived_from` names, by what the app called them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...model.addresses import is_absolute
from .activity_ids import INPUT
from .artifact_directory import ArtifactDirectory
from .artifact_identity import TASK_KINDS, identity
from .artifact_rows import ArtifactState, load_artifacts_by_id
from .database import Transaction
from .timeline import Event
from .write_cache import TeamCache

_COLUMNS: Final = (
    "team_id", "edge_id", "kind", "source_name", "task_id", "entity_id", "node_id",
)  # fmt: skip
#: Uses of a task whose artifacts are known by some names.
_USED: Final = (
    "SELECT e.task_id, a.alias, a.entity_id, MAX(e.event_at)"
    " FROM each_text(:names) AS x"
    " JOIN aliases a ON a.team_id = :team AND a.alias = x.value"
    " JOIN edges e ON e.team_id = :team AND e.entity_id = a.entity_id"
    " WHERE e.direction = :input"
    " AND e.task_id IN (SELECT y.value FROM each_int(:tasks) AS y)"
    " GROUP BY e.task_id, a.alias, a.entity_id"
)
_OPEN: Final = (
    "SELECT d.edge_id, d.kind, d.source_name, d.task_id, e.event_at, e.step, s.source"
    " FROM each_int(:tasks) AS x JOIN derivations d"
    " ON d.team_id = :team AND d.entity_id IS NULL AND d.task_id = x.value"
    " JOIN edges e ON e.team_id = :team AND e.id = d.edge_id"
    " JOIN sources s ON s.team_id = :team AND s.id = e.id >> 32"
)


@dataclass(slots=True)
class Mention:
    """One source that an output names."""

    output: Event | None
    """The output's event; none when its edge was stored before."""
    event: Event
    kind: str
    source_name: str
    artifact: ArtifactState | None = None


class DerivationResolver:
    """Resolves the sources that the outputs of one transaction name.

    A name means the task's last input of that name before the output, else the
    artifact of that identity. A relative path waits until an input has that name.

    Args:
        tx: The transaction.
        known: What is remembered of the team.
        artifacts: Finds and makes artifacts.
    """

    def __init__(
        self, tx: Transaction, known: TeamCache, artifacts: ArtifactDirectory
    ) -> None:
        self._tx = tx
        self._known = known
        self._artifacts = artifacts
        self._used: dict[tuple[int, str, str], list[tuple[float, ArtifactState]]] = {}
        self.mentions: list[Mention] = []
        self._late: list[Mention] = []

    def remember(
        self, task: int, at: float, artifact: ArtifactState, source_name: Any
    ) -> None:
        """Keep the name by which the app called an input."""
        key = (task, artifact.kind, str(source_name))
        self._used.setdefault(key, []).append((at, artifact))

    def add(self, output: Event, sources: Iterable[Any]) -> None:
        """Take the sources of an output."""
        seen: set[tuple[str, str]] = set()
        for source in sources:
            kind = "task" if source.kind in TASK_KINDS else source.kind
            pair = (kind, str(source.id))
            if pair not in seen:
                seen.add(pair)
                self.mentions.append(Mention(output, _mention_of(output), *pair))

    def resolve(self, tasks: Iterable[int]) -> list[Mention]:
        """Find the artifacts; return the mentions that have one now.

        Args:
            tasks: Tasks that have new inputs, for which older mentions may wait.
        """
        if self._known.has_open_derivations(self._tx):
            self._load_open(tasks)
        waiting = [*self.mentions, *self._late]
        if not waiting:
            return []
        self._load_used(waiting)
        for mention in waiting:
            mention.artifact = self._find(mention)
        return [mention for mention in waiting if mention.artifact is not None]

    def write(self) -> None:
        """Write the mentions, bound to the nodes of their events."""
        team = self._known.team_id
        rows = [
            (team, m.event.id, m.kind, m.source_name, m.event.task, *_bound(m))
            for m in self.mentions
        ]
        self._tx.insert_many("derivations", _COLUMNS, rows)
        self._tx.run_many(
            "UPDATE derivations SET entity_id = ?, node_id = ?"
            " WHERE team_id = ? AND edge_id = ? AND kind = ? AND source_name = ?",
            [
                (*_bound(m), team, m.event.id, m.kind, m.source_name)
                for m in self._late
                if m.artifact is not None
            ],
        )
        if any(mention.artifact is None for mention in self.mentions):
            self._known.open_derivations = True

    def _load_open(self, tasks: Iterable[int]) -> None:
        rows = self._tx.all(_OPEN, {"tasks": list(tasks), "team": self._known.team_id})
        for id, kind, source_name, task, at, step, source in rows:
            event = Event(at, source, id & 0xFFFFFFFF, id, task, step, "mention")
            self._late.append(Mention(None, event, kind, source_name))

    def _load_used(self, waiting: Sequence[Mention]) -> None:
        rows = self._tx.all(
            _USED,
            {
                "names": {
                    m.source_name for m in waiting if not m.source_name.isdecimal()
                },
                "tasks": {m.event.task for m in waiting},
                "team": self._known.team_id,
                "input": INPUT,
            },
        )
        states = load_artifacts_by_id(
            self._tx, self._known.team_id, {row[2] for row in rows}
        )
        entities = self._known.entities
        by_id = {s.id: entities.setdefault((s.kind, s.ident), s) for s in states}
        for task, source_name, entity, at in rows:
            state = by_id[entity]
            self._used.setdefault((task, state.kind, source_name), []).append(
                (at, state)
            )

    def _find(self, mention: Mention) -> ArtifactState | None:
        event, source_name = mention.event, mention.source_name
        used = self._used.get((event.task, mention.kind, source_name), [])
        before = [pair for pair in used if pair[0] <= event.at]
        if before or used:
            return max(before or used, key=lambda pair: (pair[0], pair[1].id))[1]
        is_path = mention.kind in ("file", "folder") and not source_name.isdecimal()
        if is_path and "://" not in source_name and not is_absolute(source_name):
            return None
        return self._artifacts.find_or_add(
            (mention.kind, identity(mention.kind, source_name))
        )


def _mention_of(output: Event) -> Event:
    return Event(
        output.at, output.source, output.number, output.id, output.task, output.step,
        "mention",
    )  # fmt: skip


def _bound(mention: Mention) -> tuple[int | None, int | None]:
    if mention.artifact is None or mention.event.making is None:
        return None, None
    return mention.artifact.id, mention.event.making.id
