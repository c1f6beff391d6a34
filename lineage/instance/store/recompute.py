"""Recomputes timelines of artifacts from all of their edges.

A node keeps its id, its card and its deletion as long as one of its edges names it. The
links of the artifacts are written after the edges; see `rewrite_links`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .activity_ids import INPUT, MADE, MAX_STEPS, OUTPUT, revision_id
from .artifact_identity import TASK_KINDS
from .artifact_rows import (
    NODE,
    ArtifactState,
    barrier_of,
    load_artifacts_by_id,
    node_row,
    version_row,
)
from .copies import Written, mark_copies
from .database import Transaction
from .edge_uids import SOURCE_BITS
from .evidence import read
from .folder_productions import PART_KINDS, FolderProductions
from .project_versions import registered_versions
from .task_uses import StepPaths
from .timeline import Event, Making, Timeline, identify
from .write_cache import TeamCache

_EDGES = (
    "SELECT e.entity_id, e.event_at, s.source, e.id, e.task_id, e.step, e.direction,"  # noqa: S608  constant SQL
    " e.link, e.activity, e.evidence, e.late, e.node_id, e.is_reused"
    " FROM each_int(:ids) AS x"
    " JOIN edges e ON e.team_id = :team AND e.entity_id = x.value"
    f" JOIN sources s ON s.team_id = :team AND s.id = e.id >> {SOURCE_BITS}"
)
_MENTIONS = (
    "SELECT d.entity_id, e.event_at, s.source, e.id, e.task_id, e.step, d.kind,"  # noqa: S608  constant SQL
    " d.source_name, d.node_id FROM each_int(:ids) AS x"
    " JOIN derivations d ON d.team_id = :team AND d.entity_id = x.value"
    " JOIN edges e ON e.team_id = :team AND e.id = d.edge_id"
    f" JOIN sources s ON s.team_id = :team AND s.id = e.id >> {SOURCE_BITS}"
)
_OLD_NODES = (
    "SELECT n.id, n.entity_id, n.card, n.deleted_at, n.task_id"
    " FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.entity_id = x.value"
)
_IN = "(SELECT x.value FROM each_int(:ids) AS x)"
#: What the links of artifacts follow from, besides work in place.
_OF_EDGES = (
    "INSERT INTO links (team_id, activity, direction, node_id, since, until)"
    " SELECT e.team_id, e.activity, e.link, e.node_id, MIN(e.event_at),"
    " MAX(e.event_at) FROM each_int(:ids) AS x"
    " JOIN edges e ON e.team_id = :team AND e.entity_id = x.value"
    " WHERE e.is_reused = 0 GROUP BY e.team_id, e.activity, e.link, e.node_id"
)
_OF_SOURCES = (
    "INSERT INTO links (team_id, activity, direction, node_id, since, until)"
    " SELECT d.team_id, -e.node_id, {direction}, {node}, MIN(e.event_at),"
    " MAX(e.event_at) FROM each_int(:ids) AS x {joined}"
    " WHERE d.node_id IS NOT NULL AND d.node_id <> e.node_id AND e.is_reused = 0"
    " GROUP BY d.team_id, e.node_id, {node} ON CONFLICT DO NOTHING"
)
_BY_SOURCE = (
    "JOIN derivations d ON d.team_id = :team AND d.entity_id = x.value"
    " JOIN edges e ON e.team_id = :team AND e.id = d.edge_id"
)
_BY_OUTPUT = (
    "JOIN edges e ON e.team_id = :team AND e.entity_id = x.value"
    " JOIN derivations d ON d.team_id = :team AND d.edge_id = e.id"
)
_LINKS = (
    _OF_EDGES,
    *(
        _OF_SOURCES.format(joined=joined, direction=direction, node=node)
        for joined in (_BY_SOURCE, _BY_OUTPUT)
        for direction, node in ((INPUT, "d.node_id"), (OUTPUT, "e.node_id"))
    ),
)


@dataclass(slots=True)
class Recomputed:
    """The result of recomputing timelines."""

    artifacts: list[ArtifactState] = field(default_factory=list)
    in_place: list[tuple[int, int, float]] = field(default_factory=list)
    nodes: set[int] = field(default_factory=set)
    """Nodes of the artifacts, before and after."""

    @property
    def ids(self) -> set[int]:
        """The artifacts' ids."""
        return {artifact.id for artifact in self.artifacts}


@dataclass(slots=True)
class _Stored:
    """What an event was bound to before."""

    node: int | None
    is_reused: bool
    mention: tuple[str, str] | None = None


def recompute(
    tx: Transaction,
    known: TeamCache,
    ids: Collection[int],
    new_events: Mapping[int, list[Event]],
    paths: StepPaths,
    folders: FolderProductions,
    written: Collection[Written] = (),
) -> Recomputed:
    """Recompute timelines; write nodes, evidence and what edges are bound to.

    Args:
        tx: The transaction.
        known: What is remembered of the team.
        ids: The artifacts.
        new_events: Events whose edges are not written yet.
        paths: Says how steps lie inside each other.
        folders: Knows when folders were produced.
        written: Outputs with digests that the store does not have yet.
    """
    result = Recomputed()
    events, stored = _load(tx, known.team_id, ids)
    own = {artifact.id: artifact for artifact in known.entities.values()}
    missing = [id for id in ids if id not in own]
    own.update({a.id: a for a in load_artifacts_by_id(tx, known.team_id, missing)})
    _complete(tx, known.team_id, own, events)
    timelines: list[tuple[ArtifactState, Timeline, list[Event]]] = []
    together = {id: [*events.get(id, ()), *new_events.get(id, ())] for id in ids}
    for part in new_events.values():
        for event in part:
            node = known.replaced.get(event.id)
            if node is not None:
                stored[id_of(event)] = _Stored(node, is_reused=False)
    mark_copies(tx, known.team_id, together, written)
    produced = folders.around(_found(own, together))
    for id in sorted(ids):
        artifact, part = own[id], together[id]
        if artifact.kind in TASK_KINDS or not part:
            continue
        part.sort(key=lambda event: event.order)
        timeline = Timeline(artifact.kind, paths, produced.get(id, ()))
        for event, key in zip(part, identify(part), strict=True):
            timeline.read(event, key)
        timelines.append((artifact, timeline, part))
        result.artifacts.append(artifact)
    _write(tx, known.team_id, timelines, stored, result)
    return result


def rewrite_links(tx: Transaction, team: int, recomputed: Recomputed) -> None:
    """Write the links of artifacts again, after their edges were written."""
    if not recomputed.artifacts:
        return
    names = {"team": team, "ids": recomputed.ids}
    nodes = {"team": team, "ids": recomputed.nodes}
    own = {"team": team, "ids": {revision_id(node) for node in recomputed.nodes}}
    tx.run(f"DELETE FROM links WHERE team_id = :team AND node_id IN {_IN}", nodes)  # noqa: S608  constant SQL
    tx.run(f"DELETE FROM links WHERE team_id = :team AND activity IN {_IN}", own)  # noqa: S608  constant SQL
    for statement in _LINKS:
        tx.run(statement, names)


def _load(
    tx: Transaction, team: int, ids: Iterable[int]
) -> tuple[dict[int, list[Event]], dict[int, _Stored]]:
    names = {"ids": list(ids), "team": team}
    events: dict[int, list[Event]] = defaultdict(list)
    stored: dict[int, _Stored] = {}
    for row in tx.all(_EDGES, names):
        entity, at, source, id, task, step, direction, link, activity, *rest = row
        own, late, *bound = rest
        event = Event(
            at,
            source,
            id & ((1 << SOURCE_BITS) - 1),
            id,
            task,
            step,
            "use" if direction == INPUT else "production",
            read(own, late),
            names_sources=link == MADE,
            activity=activity & MAX_STEPS,
        )
        events[entity].append(event)
        stored[id_of(event)] = _Stored(bound[0], bool(bound[1]))
    for entity, at, source, id, task, step, kind, source_name, node in tx.all(
        _MENTIONS, names
    ):
        event = Event(
            at, source, id & ((1 << SOURCE_BITS) - 1), id, task, step, "mention"
        )
        events[entity].append(event)
        stored[id_of(event)] = _Stored(node, False, (kind, source_name))
    return events, stored


def _found(
    artifacts: Mapping[int, ArtifactState], events: Mapping[int, Sequence[Event]]
) -> dict[int, str]:
    """Return the identities of those of which little is known, more than once."""
    return {
        id: artifacts[id].ident
        for id, part in events.items()
        if artifacts[id].kind in PART_KINDS
        and sum(e.role != "production" and not e.evidence.tokens for e in part) > 1
    }


def _complete(
    tx: Transaction,
    team: int,
    artifacts: Mapping[int, ArtifactState],
    events: Mapping[int, list[Event]],
) -> None:
    """Add what is registered of the versions that stored edges name."""
    pinned = [
        (artifacts[id], event)
        for id, part in events.items()
        for event in part
        if event.evidence.names_platform_version
    ]
    if pinned:
        versions = registered_versions(tx, team, [artifact for artifact, _ in pinned])
        for artifact, event in pinned:
            event.evidence = versions.complete(artifact.ident, event.evidence)


def id_of(event: Event) -> int:
    """Return what identifies an event object."""
    return id(event)


def _write(
    tx: Transaction,
    team: int,
    timelines: list[tuple[ArtifactState, Timeline, list[Event]]],
    stored: Mapping[int, _Stored],
    result: Recomputed,
) -> None:
    names = {"ids": [artifact.id for artifact, _, _ in timelines], "team": team}
    old = {row[0]: row for row in tx.all(_OLD_NODES, names)}
    result.nodes.update(old)
    kept = _assign_ids(tx, timelines, stored, old)
    rows: list[tuple[Any, ...]] = []
    tokens: list[tuple[Any, ...]] = []
    for artifact, timeline, events in timelines:
        _take_over(artifact, timeline, events)
        for older, newer, at in timeline.in_place.values():
            result.in_place.append((older.id, newer.id, at))
        rows += _node_rows(team, artifact, timeline, kept)
        tokens += _token_rows(team, artifact, events)
    result.nodes.update(row[0] for row in rows)
    # One by one: for a list PostgreSQL would read all of a team that nobody counted.
    each = [(team, artifact.id) for artifact, _, _ in timelines]
    for table in ("nodes", "version_tokens"):
        tx.run_many(f"DELETE FROM {table} WHERE team_id = ? AND entity_id = ?", each)  # noqa: S608  constant SQL
    tx.insert_many("nodes", NODE, rows)
    columns = ("team_id", "entity_id", "token", "node_id")
    tx.insert_many("version_tokens", columns, list(dict.fromkeys(tokens)))
    _rebind(tx, team, stored, [e for _, _, events in timelines for e in events])


def _take_over(
    artifact: ArtifactState, timeline: Timeline, events: Iterable[Event]
) -> None:
    artifact.take_over(timeline)
    artifact.barrier_at = max(
        (barrier_of(e) for e in events if e.role != "use" and not e.is_reused),
        default=None,
    )
    if timeline.unknown is None:
        artifact.unknown_id = artifact.unknown_at = None


def _rebind(
    tx: Transaction, team: int, stored: Mapping[int, _Stored], events: Iterable[Event]
) -> None:
    """Write what stored edges and mentions are bound to, where that changed."""
    edges: list[tuple[Any, ...]] = []
    mentions: list[tuple[Any, ...]] = []
    for event in events:
        before, making = stored.get(id_of(event)), event.making
        if before is None or making is None:
            continue
        if (before.node, before.is_reused) == (making.id, event.is_reused):
            continue
        if before.mention is not None:
            mentions.append((making.id, team, event.id, *before.mention))
        else:
            edges.append((making.id, int(event.is_reused), team, event.id))
    tx.run_many(
        "UPDATE edges SET node_id = ?, is_reused = ? WHERE team_id = ? AND id = ?",
        edges,
    )
    tx.run_many(
        "UPDATE derivations SET node_id = ?"
        " WHERE team_id = ? AND edge_id = ? AND kind = ? AND source_name = ?",
        mentions,
    )


def _assign_ids(
    tx: Transaction,
    timelines: list[tuple[ArtifactState, Timeline, list[Event]]],
    stored: Mapping[int, _Stored],
    old: Mapping[int, Any],
) -> dict[int, tuple[Any, ...]]:
    """Assign makings their former ids, or new ones; return what to keep of them."""
    taken: set[int] = set()
    kept: dict[int, tuple[Any, ...]] = {}
    makings = [m for _, timeline, _ in timelines for m in timeline.makings]
    cards: dict[int, tuple[Any, ...]] = {}
    for making in makings:
        before = [stored.get(id_of(event)) for event in making.events]
        nodes = [
            one.node
            for one in before
            if one is not None and one.node is not None and one.node in old
        ]
        free = next((node for node in nodes if node not in taken), None)
        carried = [old[node][2:] for node in dict.fromkeys(nodes)]
        cards[id(making)] = tuple(
            next((row[at] for row in carried if row[at] is not None), None)
            for at in range(3)
        )
        if free is not None:
            making.id = free
            taken.add(free)
    new = [making for making in makings if not making.id]
    for making, number in zip(
        new, tx.next_numbers("nodes", len(new)) if new else (), strict=True
    ):
        making.id = number
    for making in makings:
        kept[making.id] = cards[id(making)]
    return kept


def _node_rows(
    team: int,
    artifact: ArtifactState,
    timeline: Timeline,
    kept: Mapping[int, tuple[Any, ...]],
) -> list[tuple[Any, ...]]:
    by_version: dict[int, list[Making]] = defaultdict(list)
    for making in timeline.makings:
        by_version[making.version.ordinal].append(making)
    rows = []
    for ordinal, makings in by_version.items():
        events = [event for making in makings for event in making.events]
        events.sort(key=lambda event: event.order)
        version = version_row(
            artifact.kind,
            ordinal,
            [event.evidence for event in events],
            is_unknown=makings[0].version.is_unnamed,
        )
        rows += [
            node_row(team, artifact.id, making, version, kept[making.id])
            for making in makings
        ]
    return rows


def _token_rows(
    team: int, artifact: ArtifactState, events: Iterable[Event]
) -> list[tuple[Any, ...]]:
    rows = []
    for event in events:
        if event.making is None or event.making.version.first is None:
            continue
        first = event.making.version.first.id
        rows += [(team, artifact.id, t.text, first) for t in event.evidence.tokens]
    return rows
