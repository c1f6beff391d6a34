"""Binds the events of one transaction to nodes: which version each edge names.

Three cases are decided at once: an artifact that is new, a use without evidence, and
events that are the last in time, which continue the stored state. In every other case
the artifact's timeline is recomputed from all of its edges, so that the graph never
depends on the order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .artifact_identity import CONTAINERS, TASK_KINDS
from .artifact_rows import (
    NODE,
    ArtifactState,
    VersionRow,
    node_row,
    version_row,
    write_artifacts,
)
from .database import Transaction
from .recompute import Recomputed, recompute
from .resume import resume
from .search_index import entity_terms, write_terms
from .timeline import Event, Making, SharesPath, Timeline, Version, identify
from .write_cache import TeamCache

_KEPT = (None, None, None)


class ArtifactWriter:
    """Turns events into nodes, in one transaction.

    Args:
        tx: The transaction.
        known: What is remembered of the team.
        shares_path: Says whether two steps of a task lie on one path.
    """

    def __init__(
        self, tx: Transaction, known: TeamCache, shares_path: SharesPath
    ) -> None:
        self._tx = tx
        self._known = known
        self._shares_path = shares_path
        self._events: dict[int, list[Event]] = {}
        self._artifacts: dict[int, ArtifactState] = {}
        self._touched: dict[int, ArtifactState] = {}
        self._rows: list[tuple[Any, ...]] = []
        self._tokens: list[tuple[int, int, str, int]] = []
        self._made: list[tuple[float | None, int, int]] = []
        self._found: list[tuple[float, int, int, int]] = []
        self.in_place: list[tuple[int, int, float]] = []
        """Older and newer node, and when."""
        self.recomputed = Recomputed()
        self.new_task_idents: set[str] = set()

    @property
    def is_rewritten(self) -> bool:
        """Whether nodes that were there changed their place in time."""
        return bool(self._found or self.recomputed.artifacts)

    def add(self, artifact: ArtifactState, event: Event) -> None:
        """Take an event of an artifact; `resolve` gives it its making."""
        events = self._events.get(artifact.id)
        if events is None:
            self._events[artifact.id] = [event]
            self._artifacts[artifact.id] = artifact
        else:
            events.append(event)

    def touch(self, artifact: ArtifactState) -> None:
        """Have an artifact's row written."""
        self._touched[artifact.id] = artifact

    def resolve(self, dirty: Iterable[int] = ()) -> None:
        """Assign every event its making, and every new making its node.

        Args:
            dirty: Artifacts whose timelines have to be recomputed anyway.
        """
        again = set(dirty)
        open_ones: dict[int, list[Event]] = {}
        fresh: list[tuple[ArtifactState, Timeline]] = []
        for id, events in self._events.items():
            artifact = self._artifacts[id]
            if id in again:
                continue
            if artifact.kind in TASK_KINDS:
                self._bind_task(artifact, events)
            elif artifact.latest_id is None:
                fresh.append((artifact, self._fold(artifact, events)))
            elif not self._bind_plain(artifact, events):
                open_ones[id] = events
        self._number([m for _, timeline in fresh for m in timeline.makings])
        for artifact, timeline in fresh:
            self._take_over(artifact, timeline)
            self._add_versions(artifact, timeline)
        if open_ones:
            again |= self._resume(open_ones)
        if again:
            self._recompute(again)

    def write(self) -> None:
        """Write artifacts, nodes and evidence."""
        tx, team = self._tx, self._known.team_id
        terms: list[Any] = []
        for artifact in self._touched.values():
            if artifact.is_new:
                terms += entity_terms(team, artifact.id, artifact.name, artifact.ident)
        write_artifacts(tx, team, list(self._touched.values()))
        write_terms(tx, terms)
        tx.insert_many("nodes", NODE, self._rows)
        tx.run_many(
            "UPDATE nodes SET made_at = ? WHERE team_id = ? AND id = ?", self._made
        )
        tx.run_many(
            "UPDATE nodes SET created_at = ?, first_edge = ?"
            " WHERE team_id = ? AND id = ?",
            self._found,
        )
        columns = ("team_id", "entity_id", "token", "node_id")
        tx.insert_many("version_tokens", columns, self._tokens, or_ignore=True)

    def _bind_task(self, artifact: ArtifactState, events: Sequence[Event]) -> None:
        """Bind to the one node of a task that other tasks use or produce."""
        first = events[0]
        making = Making(Version(ordinal=1), False, first.at, id=artifact.latest_id or 0)
        if artifact.latest_id is None:
            self._number([making])
            self._rows.append(
                node_row(
                    self._known.team_id,
                    artifact.id,
                    making,
                    version_row(artifact.kind, 1, (), is_unknown=True),
                    _KEPT,
                )
            )
            artifact.versions, artifact.latest_id = 1, making.id
            artifact.latest_at = first.at
            self.new_task_idents.add(artifact.ident)
            self.touch(artifact)
        for event in events:
            event.making = making

    def _bind_plain(self, artifact: ArtifactState, events: Sequence[Event]) -> bool:
        """Bind uses without evidence that change nothing; return whether it did."""
        node = artifact.made_id
        if node is None:
            if artifact.is_observed or artifact.versions > 1:
                return False
            node = artifact.unknown_id
        if node is None or not _are_plain_uses(events, artifact.barrier_at):
            return False
        if artifact.made_id is None and artifact.unknown_at is not None:
            first = min(events, key=_order)
            if first.at == artifact.unknown_at:
                return False
            if first.at < artifact.unknown_at:
                self._find_earlier(artifact, node, first)
        making = Making(Version(), artifact.made_id is not None, 0.0, id=node)
        for event in events:
            event.making = making
        return True

    def _find_earlier(self, artifact: ArtifactState, node: int, first: Event) -> None:
        """Let the one content that nobody made have been there at an earlier use."""
        self._found.append((first.at, first.id, self._known.team_id, node))
        artifact.unknown_at = first.at
        self.touch(artifact)

    def _fold(self, artifact: ArtifactState, events: list[Event]) -> Timeline:
        if len(events) > 1:
            events.sort(key=_order)
        timeline = Timeline(artifact.kind in CONTAINERS, self._shares_path)
        for event, key in zip(events, identify(events), strict=True):
            timeline.read(event, key)
        return timeline

    def _take_over(self, artifact: ArtifactState, timeline: Timeline) -> None:
        artifact.take_over(timeline)
        for events in (self._events.get(artifact.id, ()),):
            for event in events:
                if event.role == "use" or event.is_reused:
                    continue
                if artifact.barrier_at is None or event.at > artifact.barrier_at:
                    artifact.barrier_at = event.at
        for older, newer, at in timeline.in_place.values():
            self.in_place.append((older.id, newer.id, at))
        self.touch(artifact)

    def _add_versions(
        self,
        artifact: ArtifactState,
        timeline: Timeline,
        stored: dict[int, VersionRow] | None = None,
    ) -> None:
        """Make the rows of a timeline's new makings and of their evidence."""
        team, rows = self._known.team_id, dict(stored or {})
        known: dict[int, list[Any]] = {}
        for event in self._events[artifact.id]:
            if event.making is not None and event.evidence.tokens:
                known.setdefault(event.making.version.ordinal, []).append(event)
        for making in timeline.makings:
            version = making.version
            if version.ordinal not in rows:
                evidence = [e.evidence for e in known.get(version.ordinal, ())]
                rows[version.ordinal] = version_row(
                    artifact.kind,
                    version.ordinal,
                    evidence,
                    is_unknown=version is timeline.unknown,
                )
            self._rows.append(
                node_row(team, artifact.id, making, rows[version.ordinal], _KEPT)
            )
        for events in known.values():
            for event in events:
                first = event.making.version.first
                for token in event.evidence.tokens:
                    self._tokens.append((team, artifact.id, token.text, first.id))

    def _resume(self, groups: dict[int, list[Event]]) -> set[int]:
        """Go on from the stored states; return the artifacts where that is not so."""
        for events in groups.values():
            events.sort(key=_order)
        resumed = resume(
            self._tx, self._known.team_id, self._artifacts, groups, self._shares_path
        )
        self._number([m for one in resumed.values() for m in one.timeline.makings])
        for id, one in resumed.items():
            artifact, timeline = self._artifacts[id], one.timeline
            self._take_over(artifact, timeline)
            self._add_versions(artifact, timeline, one.rows)
            for making in one.stored.values():
                if making.events and making.made_at != one.made_at[making.id]:
                    self._made.append((making.made_at, self._known.team_id, making.id))
        return groups.keys() - resumed.keys()

    def _recompute(self, ids: set[int]) -> None:
        recomputed = recompute(
            self._tx, self._known, ids, self._events, self._shares_path
        )
        self.recomputed = recomputed
        for artifact in recomputed.artifacts:
            self.touch(artifact)
        self.in_place += recomputed.in_place

    def _number(self, makings: Sequence[Making]) -> None:
        if makings:
            numbers = self._tx.next_numbers("nodes", len(makings))
            for making, number in zip(makings, numbers, strict=True):
                making.id = number


def _order(event: Event) -> tuple[float, str, int, bool]:
    return event.order


def _are_plain_uses(events: Sequence[Event], barrier: float | None) -> bool:
    """Whether all are uses without evidence, and later than a barrier."""
    return all(
        event.role == "use"
        and not event.evidence.tokens
        and (barrier is None or event.at > barrier)
        for event in events
    )
