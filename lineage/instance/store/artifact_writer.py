"""Binds the events of one transaction to nodes: which version each edge names.

Three cases are decided at once: an artifact that is new, a use without evidence, and
events that are the last in time, which continue the stored state. In every other case
the artifact's timeline is recomputed from all of its edges, so that the graph never
depends on the order of arrival.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from .activity_ids import INPUT
from .artifact_identity import TASK_KINDS
from .artifact_rows import (
    FIRST_NODE,
    NODE,
    ArtifactState,
    VersionRow,
    barrier_of,
    first_nodes,
    node_row,
    version_row,
    write_artifacts,
)
from .copies import Written, affected, note_unwritten, unwritten_digest, written_digest
from .database import Transaction
from .edge_batch import EdgeBatch
from .evidence import NO_EVIDENCE
from .folder_productions import PART_KINDS, FolderProductions, known_span
from .plain_timeline import read_plain
from .recompute import Recomputed, recompute
from .resume import resume
from .task_uses import StepPaths
from .text_queue import index_new
from .timeline import Event, Making, Timeline, Version, identify
from .write_cache import TeamCache

_KEPT = (None, None, None)


class ArtifactWriter:
    """Turns events into nodes, in one transaction.

    Args:
        tx: The transaction.
        known: What is remembered of the team.
        paths: Says how steps lie inside each other.
    """

    def __init__(self, tx: Transaction, known: TeamCache, paths: StepPaths) -> None:
        self._tx = tx
        self._known = known
        self._paths = paths
        self._folders = FolderProductions(tx, known.team_id)
        self._batch = EdgeBatch((), (), ())
        self._artifacts: dict[int, ArtifactState] = {}
        self._places: dict[int, list[int]] = {}
        """The edges of each artifact, by their places in the batch."""
        self._mentions: dict[int, list[Event]] = {}
        self._events: dict[int, list[Event]] = {}
        """Edges and mentions of the artifacts whose timelines are read."""
        self._touched: dict[int, ArtifactState] = {}
        self._first: Collection[Sequence[Any]] = ()
        """Rows of the first nodes of artifacts, where one edge says all."""
        self._rows: list[tuple[Any, ...]] = []
        self._tokens: list[tuple[int, int, str, int]] = []
        self._made: list[tuple[float | None, int, int]] = []
        self._found: list[tuple[float, int, int, int]] = []
        self.in_place: list[tuple[int, int, float]] = []
        """Older and newer node, and when."""
        self.recomputed = Recomputed()
        self.new_task_idents: set[str] = set()
        self.unwritten: set[int] = set()
        """Artifacts with new outputs that were not written."""
        self.written: list[Written] = []
        """Digests with which outputs were written, as far as the store lacks them."""

    @property
    def is_rewritten(self) -> bool:
        """Whether nodes that were there changed their place in time."""
        return bool(self._found or self.recomputed.artifacts)

    def take(self, batch: EdgeBatch) -> None:
        """Take edges; `resolve` gives each its node."""
        self._batch = batch
        places = self._places
        for place, artifact in enumerate(batch.artifacts):
            known = places.get(artifact.id)
            if known is None:
                places[artifact.id] = [place]
                self._artifacts[artifact.id] = artifact
            else:
                known.append(place)
        self._folders.take(batch)

    def mention(self, artifact: ArtifactState, event: Event) -> None:
        """Take the mention of an artifact; `resolve` gives it its making."""
        self._artifacts[artifact.id] = artifact
        self._mentions.setdefault(artifact.id, []).append(event)

    def touch(self, artifact: ArtifactState) -> None:
        """Mark an artifact, so that its row is written."""
        self._touched[artifact.id] = artifact

    def resolve(self, dirty: Iterable[int] = ()) -> None:
        """Assign every event its making, and every new making its node.

        Args:
            dirty: Artifacts whose timelines have to be recomputed anyway.
        """
        again = {*dirty, *self._with_copies()}
        again |= self._folders.parted(again, self._spans())
        open_ones: dict[int, list[Event]] = {}
        fresh: list[tuple[ArtifactState, Timeline]] = []
        begun: list[tuple[ArtifactState, int]] = []
        are_plain = self._batch.are_plain() and not self._mentions
        for id, artifact in self._artifacts.items():
            if id in again:
                continue
            if artifact.kind in TASK_KINDS:
                self._bind_task(artifact)
                continue
            places = self._places[id] if are_plain else self._plain_places(id)
            if artifact.latest_id is None:
                if len(places) == 1:
                    begun.append((artifact, places[0]))
                else:
                    fresh.append((artifact, self._fold(artifact, places)))
            elif not places or not self._bind_plain(artifact, places):
                open_ones[id] = self._events_of(id)
        self._begin(begun)
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
        new = [artifact for artifact in self._touched.values() if artifact.is_new]
        write_artifacts(tx, team, list(self._touched.values()))
        note_unwritten(tx, team, self.unwritten)
        index_new(tx, self._known, new)
        tx.insert_many("nodes", FIRST_NODE, self._first)
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

    def _with_copies(self) -> set[int]:
        """Return the artifacts for which outputs of other artifacts count."""
        batch = self._batch
        for place, known in batch.productions():
            entity = batch.artifacts[place].id
            if unwritten_digest(known) is not None:
                self.unwritten.add(entity)
            elif (digest := written_digest(known)) is not None:
                self.written.append(Written(digest, entity, batch.times[place]))
        digests = {one.digest for one in self.written}
        return self.unwritten | affected(self._tx, self._known.team_id, digests)

    def _spans(self) -> dict[int, tuple[str, float, float]]:
        """Return what nobody made, and from when until when it is known."""
        times, names_version = self._batch.times, self._batch.names_version
        found: dict[int, tuple[str, float, float]] = {}
        for id, artifact in self._artifacts.items():
            if artifact.made_id is None and artifact.kind in PART_KINDS:
                at = [
                    times[place]
                    for place in self._places.get(id, ())
                    if not names_version(place)
                ]
                at += [event.at for event in self._mentions.get(id, ())]
                span = known_span(artifact, at)
                if span is not None:
                    found[id] = span
        return found

    def _plain_places(self, id: int) -> list[int]:
        """Return an artifact's edges if nothing is known of any but its time."""
        places, is_plain = self._places.get(id, []), self._batch.is_plain
        if id in self._mentions or not all(map(is_plain, places)):
            return []
        return places

    def _events_of(self, id: int) -> list[Event]:
        """Return the edges and mentions of an artifact for its timeline."""
        events = self._events.get(id)
        if events is None:
            events = [self._batch.event(place) for place in self._places.get(id, ())]
            events += self._mentions.get(id, ())
            self._events[id] = events
        return events

    def _begin(self, begun: Sequence[tuple[ArtifactState, int]]) -> None:
        """Begin the timelines of artifacts that one edge names, by which all is said.

        Most artifacts of a batch are such: a timeline costs as much as their rows.
        """
        if not begun:
            return
        batch, edges = self._batch, []
        numbers = self._tx.next_numbers("nodes", len(begun))
        for (artifact, place), node in zip(begun, numbers, strict=True):
            edge, is_made = batch.ids[place], batch.links[place] != INPUT
            artifact.begin(node, edge, batch.times[place], is_made=is_made)
            batch.nodes[place] = node
            edges.append(edge)
            self._touched[artifact.id] = artifact
        artifacts = [artifact for artifact, _ in begun]
        self._first = first_nodes(self._known.team_id, artifacts, edges)

    def _bind_task(self, artifact: ArtifactState) -> None:
        """Bind to the one node of a task that other tasks use or produce."""
        places = self._places.get(artifact.id, [])
        mentions = self._mentions.get(artifact.id, [])
        at = self._batch.times[places[0]] if places else mentions[0].at
        making = Making(Version(ordinal=1), False, at, id=artifact.latest_id or 0)
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
            artifact.latest_at = at
            self.new_task_idents.add(artifact.ident)
            self.touch(artifact)
        for place in places:
            self._batch.bind(place, making)
        for event in mentions:
            event.making = making

    def _bind_plain(self, artifact: ArtifactState, places: Sequence[int]) -> bool:
        """Bind uses without evidence that change nothing; return whether it did."""
        batch, node = self._batch, artifact.made_id
        if node is None:
            if artifact.is_observed or artifact.versions > 1:
                return False
            node = artifact.unknown_id
        if node is None or not self._are_later_uses(artifact, places):
            return False
        if artifact.made_id is None and artifact.unknown_at is not None:
            first_at = min([batch.times[place] for place in places])
            if first_at == artifact.unknown_at:
                return False
            if first_at < artifact.unknown_at:
                first = min(map(batch.event, places), key=_order)
                self._find_earlier(artifact, node, first)
        for place in places:
            batch.nodes[place] = node
        return True

    def _are_later_uses(self, artifact: ArtifactState, places: Sequence[int]) -> bool:
        """Whether edges are uses after the last production of their artifact."""
        links, times = self._batch.links, self._batch.times
        barrier = artifact.barrier_at
        for place in places:
            if links[place] != INPUT:
                return False
            if barrier is not None and times[place] <= barrier:
                return False
        return True

    def _find_earlier(self, artifact: ArtifactState, node: int, first: Event) -> None:
        """Move back the time since which the one content without a maker is known."""
        self._found.append((first.at, first.id, self._known.team_id, node))
        artifact.unknown_at = first.at
        self.touch(artifact)

    def _fold(self, artifact: ArtifactState, places: Sequence[int]) -> Timeline:
        timeline = Timeline(artifact.kind, self._paths)
        if places:
            read_plain(timeline, self._batch, places)
            return timeline
        events = self._events_of(artifact.id)
        if len(events) > 1:
            events.sort(key=_order)
        for event, key in zip(events, identify(events), strict=True):
            timeline.read(event, key)
        return timeline

    def _take_over(self, artifact: ArtifactState, timeline: Timeline) -> None:
        artifact.take_over(timeline)
        events, last = self._events.get(artifact.id), timeline.last
        if events is None:
            artifact.barrier_at = None if last is None else last.at
        for event in events or ():
            if event.role == "use" or event.is_reused:
                continue
            barrier = barrier_of(event)
            if artifact.barrier_at is None or barrier > artifact.barrier_at:
                artifact.barrier_at = barrier
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
        for event in self._events.get(artifact.id, ()):
            if event.making is not None and event.evidence is not NO_EVIDENCE:
                known.setdefault(event.making.version.ordinal, []).append(event)
        for making in timeline.makings:
            version = making.version
            if version.ordinal not in rows:
                evidence = [e.evidence for e in known.get(version.ordinal, ())]
                rows[version.ordinal] = version_row(
                    artifact.kind,
                    version.ordinal,
                    evidence,
                    is_unknown=version.is_unnamed,
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
            self._tx, self._known.team_id, self._artifacts, groups, self._paths
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
        for id in ids:
            self._events_of(id)
        recomputed = recompute(
            self._tx, self._known, ids, self._events, self._paths, self._folders,
            self.written,
        )  # fmt: skip
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
