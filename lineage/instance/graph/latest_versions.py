"""Which version of an artifact is the newest, and what was made of older ones."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from ..store.artifact_identity import CONTAINERS
from .team_reader import TeamReader

_NOW: Final = (
    "SELECT e.id, e.latest_id, e.versions FROM each_int(:ids) AS x"
    " JOIN entities e ON e.team_id = :team AND e.id = x.value"
)
_THEN: Final = """
SELECT n.entity_id, n.id, n.ordinal, e.kind, n.created_at, MAX(l.since)
FROM each_int(:ids) AS x
JOIN entities e ON e.team_id = :team AND e.id = x.value
JOIN nodes n ON n.team_id = :team AND n.entity_id = x.value
LEFT JOIN links l ON l.team_id = :team AND l.node_id = n.id AND l.activity >= 0
    AND l.since <= :as_of
GROUP BY n.entity_id, n.id, n.ordinal, e.kind, n.created_at
"""
# `+ 0` keeps SQLite from reading every activity instead of the one that is equal.
# A version is stale when a task that made it took what has a newer version now,
# unless that task made the newer one itself.
_STALE_NOW: Final = """
SELECT DISTINCT o.node_id FROM each_int(:ids) AS x
JOIN links o ON o.team_id = :team AND o.node_id = x.value AND o.direction = 1
JOIN links i ON i.team_id = :team AND i.activity = o.activity AND i.direction = 0
JOIN nodes n ON n.team_id = :team AND n.id = i.node_id
JOIN entities e ON e.team_id = :team AND e.id = n.entity_id
WHERE o.activity + 0 >= 0 AND e.versions > 1 AND e.latest_id <> n.id
AND NOT EXISTS (SELECT 1 FROM links m WHERE m.team_id = :team
    AND m.node_id = e.latest_id AND m.direction = 1
    AND m.activity >= (o.activity >> 24) << 24
    AND m.activity < ((o.activity >> 24) + 1) << 24)
"""
_MADE_OF: Final = """
SELECT DISTINCT o.node_id, o.activity >> 24, n.id, n.entity_id
FROM each_int(:ids) AS x
JOIN links o ON o.team_id = :team AND o.node_id = x.value AND o.direction = 1
JOIN links i ON i.team_id = :team AND i.activity = o.activity AND i.direction = 0
JOIN nodes n ON n.team_id = :team AND n.id = i.node_id
JOIN entities e ON e.team_id = :team AND e.id = n.entity_id
WHERE o.activity + 0 >= 0 AND e.versions > 1 {when o.since} {when i.since}
"""
_MAKERS: Final = (
    "SELECT DISTINCT l.node_id, l.activity >> 24 FROM each_int(:ids) AS x JOIN links l"
    " ON l.team_id = :team AND l.node_id = x.value AND l.direction = 1"
    " WHERE l.activity + 0 >= 0 {when l.since}"
)


class LatestVersions(NamedTuple):
    """The newest version of an artifact, and how many it has."""

    node: int
    versions: int


def newest_versions(
    view: TeamReader, entities: Collection[int]
) -> dict[int, LatestVersions]:
    """Return which version of each artifact is the newest at the moment asked about."""
    if view.as_of is None:
        rows = view.rows(_NOW, ids=entities)
        return {id: LatestVersions(latest, count) for id, latest, count in rows}
    found: dict[int, list[tuple[float, int]]] = {}
    for entity, node, ordinal, kind, made, seen in view.rows(_THEN, ids=entities):
        if view.is_visible_at(made) or seen is not None:
            # States of a container follow each other; other artifacts go back and
            # forth between versions, and the last one seen is the newest.
            place = ordinal if kind in CONTAINERS else made if seen is None else seen
            found.setdefault(entity, []).append((place, node))
    return {id: LatestVersions(max(part)[1], len(part)) for id, part in found.items()}


def stale_among(view: TeamReader, ids: Collection[int]) -> set[int]:
    """Return which versions were made from something that has a newer version."""
    if not ids:
        return set()
    if view.as_of is None:
        return {row[0] for row in view.rows(_STALE_NOW, ids=list(ids))}
    rows = view.rows(_MADE_OF, ids=list(ids))
    newest = newest_versions(view, {row[3] for row in rows})
    made = set(view.rows(_MAKERS, ids={one.node for one in newest.values()}))
    return {
        output
        for output, task, used, entity in rows
        if newest[entity].node != used and (newest[entity].node, task) not in made
    }
