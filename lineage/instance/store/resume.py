"""Continues the timelines of artifacts whose new events are the last in time.

Reads what a timeline has to remember, with a bounded number of statements for all
artifacts together. Where new evidence might change an earlier decision, nothing is
resumed, and the timeline is recomputed.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .artifact_rows import ArtifactState, VersionRow, just_after
from .database import Transaction
from .evidence import STAT
from .maker_uses import maker_uses
from .task_uses import StepPaths
from .timeline import Event, Making, Timeline, Version
from .version_numbers import numbered
from .version_rows import may_change

_TOKENS = (
    "SELECT t.entity_id, t.token, t.node_id FROM each_int(:ids) AS x"
    " JOIN version_tokens t ON t.team_id = :team AND t.entity_id = x.value"
    " WHERE t.token IN (SELECT y.value FROM each_text(:tokens) AS y)"
)
#: The last edges of artifacts: there are several where times are equal.
_LAST = (
    "SELECT x.value, MAX(e.event_at), MIN(e.id), MAX(e.id) FROM each_int(:ids) AS x"
    " JOIN edges e ON e.team_id = :team AND e.entity_id = x.value"
    " WHERE e.event_at = (SELECT l.event_at FROM edges l WHERE l.team_id = :team"
    " AND l.entity_id = x.value ORDER BY l.event_at DESC LIMIT 1) GROUP BY x.value"
)
_NEVER = (None, None, None)
_MADE = (
    "SELECT e.entity_id, e.event_at, e.task_id, e.step, e.node_id, e.id"
    " FROM each_int(:ids) AS x"
    " JOIN edges e ON e.team_id = :team AND e.id = x.value"
)
_NODES = (
    "SELECT n.entity_id, n.id, n.same_as, n.is_made, n.created_at, n.made_at,"
    " n.ordinal, n.version, n.label, n.size, n.digest, n.evidence, n.normalised,"
    " n.pinned, n.pinned_reason, n.manifest"
    " FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.same_as = x.value"
)
_SAME_AS = (
    "SELECT DISTINCT n.same_as FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
)


@dataclass(slots=True)
class Resumed:
    """A timeline that was continued from its stored state."""

    timeline: Timeline
    stored: dict[int, Making]
    """By node, the makings that were there."""
    made_at: dict[int, float | None]
    """When they were last produced before."""
    rows: dict[int, VersionRow]
    """By ordinal, what is known of versions that were there."""


def resume(
    tx: Transaction,
    team: int,
    artifacts: Mapping[int, ArtifactState],
    groups: Mapping[int, list[Event]],
    paths: StepPaths,
) -> dict[int, Resumed]:
    """Read new events into the stored timelines of artifacts.

    Args:
        tx: The transaction.
        team: The team.
        artifacts: The artifacts by id.
        groups: New events of each, in their order.
        paths: Says how steps lie inside each other.

    Returns:
        The timelines that could go on.
    """
    last = dict.fromkeys(groups, _NEVER) | {
        row[0]: row[1:] for row in tx.all(_LAST, {"ids": [*groups], "team": team})
    }
    late = {
        id
        for id, events in groups.items()
        if not _is_after(events[0], *last[id])
        or _is_before_mention(artifacts[id], events[0], last[id][0])
    }
    tokens = _tokens(tx, team, groups)
    stored = _Stored(tx, team, artifacts, groups, tokens)
    resumed: dict[int, Resumed] = {}
    for id, events in groups.items():
        artifact = artifacts[id]
        keys = _keys(events, tokens.get(id, {}))
        if keys is None or (
            id in late and not stored.are_plain_repeats(artifact, events, keys)
        ):
            continue
        one = stored.resumed(artifact, paths)
        if (
            one is None
            or _is_unsure_of_last(artifact, stored.made_at(artifact), *last[id])
            or _adopts(one.timeline, events, keys)
            or may_change(one.timeline, one.rows, events, keys, is_late=id in late)
        ):
            continue
        if (
            id in late
            or last[id][2] != artifact.made_edge
            or (
                artifact.barrier_at is not None
                and artifact.barrier_at > stored.made_at(artifact)
            )
        ):
            one.timeline.is_used = True
        for event, key in zip(events, keys, strict=True):
            one.timeline.read(event, key)
        resumed[id] = one
    return resumed


class _Stored:
    """What is stored of the artifacts' timelines, as far as new events need it."""

    def __init__(
        self,
        tx: Transaction,
        team: int,
        artifacts: Mapping[int, ArtifactState],
        groups: Mapping[int, list[Event]],
        tokens: Mapping[int, Mapping[str, set[int]]],
    ) -> None:
        names: dict[str, Any] = {"team": team}
        ids = [*groups]
        made = [e for id in ids if (e := artifacts[id].made_edge) is not None]
        self._made = (
            {row[0]: row for row in tx.all(_MADE, {**names, "ids": made})}
            if made
            else {}
        )
        first = {node for part in tokens.values() for s in part.values() for node in s}
        uses = maker_uses(tx, team, artifacts, groups)
        wanted = {row[4] for row in self._made.values()} | {row[5] for row in uses}
        for id in ids:
            artifact = artifacts[id]
            wanted |= {n for n in (artifact.unknown_id, artifact.latest_id) if n}
        groups_of = tx.all(_SAME_AS, {**names, "ids": wanted})
        first |= {row[0] for row in groups_of}
        self._nodes: dict[int, list[Sequence[Any]]] = {}
        for row in tx.all(_NODES, {**names, "ids": first}):
            self._nodes.setdefault(row[0], []).append(row)
        self._uses: dict[int, list[Sequence[Any]]] = {}
        for row in sorted(uses):
            self._uses.setdefault(row[0], []).append(row[3:])

    def made_at(self, artifact: ArtifactState) -> float:
        """Return when the artifact was last produced; before all time if never."""
        row = self._made.get(artifact.id)
        return float("-inf") if row is None else float(row[1])

    def are_plain_repeats(
        self,
        artifact: ArtifactState,
        events: Sequence[Event],
        keys: Sequence[Hashable | None],
    ) -> bool:
        """Whether events only use the current version again, wherever in time.

        They are no earlier than its last production, so nothing depends on them.
        """
        current = next(
            (
                row
                for row in self._nodes.get(artifact.id, ())
                if row[1] == artifact.latest_id
            ),
            None,
        )
        if current is None or not artifact.is_observed:
            return False
        barrier = artifact.barrier_at
        same = [row for row in self._nodes[artifact.id] if row[2] == current[2]]
        since = max(row[4] if row[5] is None else row[5] for row in same)
        is_only = artifact.versions == 1 or current[5] == self.made_at(artifact)
        return is_only and all(
            event.role == "use"
            and event.evidence.observes
            and key == current[2]
            and event.at > since
            and (barrier is None or event.at > barrier)
            for event, key in zip(events, keys, strict=True)
        )

    def resumed(self, artifact: ArtifactState, paths: StepPaths) -> Resumed | None:
        """Return the timeline as it was before the new events, if that is certain."""
        timeline = Timeline(artifact.kind, paths)
        stored: dict[int, Making] = {}
        rows: dict[int, VersionRow] = {}
        for row in self._nodes.get(artifact.id, ()):
            _, id, same_as, is_made, created_at, made_at, ordinal, *known = row
            version = timeline.versions.get(same_as)
            if version is None:
                version = Version(
                    ordinal=ordinal,
                    has_evidence=known[4] is not None,
                    number=numbered(known[0]),
                )
                timeline.versions[same_as] = version
                rows[ordinal] = VersionRow(*known)
            making = Making(version, bool(is_made), created_at, made_at, id)
            stored[id] = making
            if id == same_as:
                version.first = making
            if not is_made:
                version.found = making
            elif version.made is None or (version.made.made_at or 0) < made_at:
                version.made = making
            elif version.made.made_at == made_at:
                # Only the edges show which one was later, or that it was the last.
                if id == artifact.made_id:
                    version.made = making
                elif version.made.id != artifact.made_id:
                    return None
        timeline.count = artifact.versions
        self._restore(artifact, timeline, stored)
        made_ats = {id: making.made_at for id, making in stored.items()}
        return Resumed(timeline, stored, made_ats, rows)

    def _restore(
        self, artifact: ArtifactState, timeline: Timeline, stored: Mapping[int, Making]
    ) -> None:
        if artifact.unknown_id is not None:
            timeline.unknown = stored[artifact.unknown_id].version
        if artifact.latest_id is not None:
            timeline.current = stored[artifact.latest_id]
            timeline.current_at = artifact.latest_at or 0.0
        timeline.is_current_observed = artifact.is_observed
        made = self._made.get(artifact.id)
        if made is not None:
            _, at, task, step, node, id = made
            last = Event(at, "", 0, id, task, step, "production")
            last.making = stored[node]
            timeline.last = last
        for task, step, node in self._uses.get(artifact.id, ()):
            timeline.note_use(task, step, stored[node])


def _is_after(
    event: Event, at: float | None, first: int | None, last: int | None
) -> bool:
    """Whether an event comes after the last stored ones of its artifact.

    Numbers of one source order what happened at one time.
    """
    if at is None or first is None or last is None:
        return True
    if event.at == at:
        return event.id >> 32 == first >> 32 == last >> 32 and event.id > last
    return event.at > at


def _is_before_mention(
    artifact: ArtifactState, event: Event, last_at: float | None
) -> bool:
    """Whether an event may come before a mention that no edge is later than.

    At equal times the names of journals decide, and that of the mention is not known.
    """
    barrier = artifact.barrier_at
    if barrier is None or (last_at is not None and barrier < last_at):
        return False
    return event.at <= barrier


def _is_unsure_of_last(
    artifact: ArtifactState,
    made_at: float,
    at: float | None,
    first: int | None,
    last: int | None,
) -> bool:
    """Whether others wrote or mentioned it at the time of its last production.

    Which of them was the last one is known by the names of the journals alone.
    """
    if artifact.made_edge is None or at is None or first is None or last is None:
        return False
    is_shared = made_at == at and first >> 32 != last >> 32
    return is_shared or artifact.barrier_at == just_after(made_at)


def _tokens(
    tx: Transaction, team: int, groups: Mapping[int, list[Event]]
) -> dict[int, dict[str, set[int]]]:
    wanted = {
        id: {token.text for event in events for token in event.evidence.tokens}
        for id, events in groups.items()
    }
    texts = set().union(*wanted.values())
    if not texts:
        return {}
    found: dict[int, dict[str, set[int]]] = {}
    names = {"ids": [id for id, part in wanted.items() if part], "team": team}
    for entity, token, node in tx.all(_TOKENS, {**names, "tokens": texts}):
        found.setdefault(entity, {}).setdefault(token, set()).add(node)
    return found


def _keys(
    events: Sequence[Event], known: Mapping[str, set[int]]
) -> list[Hashable | None] | None:
    """Return the version of each event; none when the timeline has to decide."""
    keys: list[Hashable | None] = []
    fresh: dict[str, Hashable] = {}
    for event in events:
        tokens = event.evidence.tokens
        if not tokens:
            keys.append(None)
            continue
        versions = {node for token in tokens for node in known.get(token.text, ())}
        unknown = [token for token in tokens if token.text not in known]
        if len(versions) == 1 and tokens[0].text in known:
            is_sure = all(t.rank == STAT and t.text not in fresh for t in unknown)
            key: Hashable = next(iter(versions))
        else:
            key = tuple(tokens)
            is_sure = not versions and all(
                fresh.get(token.text, key) == key for token in tokens
            )
        if not is_sure:
            return None
        fresh.update((token.text, key) for token in unknown)
        keys.append(key)
    return keys


def _adopts(
    timeline: Timeline, events: Sequence[Event], keys: Sequence[Hashable | None]
) -> bool:
    """Whether evidence might join a version that has had none until now."""
    last = timeline.last
    is_open = last is not None and last.making is not None
    if not is_open or last is None or last.making is None:
        return False
    if last.making.version.has_evidence:
        return any(
            event.role == "production" and not event.evidence.tokens for event in events
        )
    return any(
        key is not None and key not in timeline.versions and event.evidence.observes
        for event, key in zip(events, keys, strict=True)
    )
