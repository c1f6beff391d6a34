"""Which version of an artifact is current, and what was made from older ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Final, NamedTuple

from ..store.derived_links import DerivedLink
from .team_graph import TeamGraph
from .team_reader import TeamReader

#: Links by which an output of an older version is out of date: a copy or a part is as
#: old as what it was taken from, which has a row of its own.
MAKING_HOWS: Final = frozenset({"declared", "same step", "enclosing step"})

_NOW: Final = (
    "SELECT e.id, e.latest_id, e.versions FROM each_int(:ids) AS x"
    " JOIN entities e ON e.team_id = :team AND e.id = x.value"
)
# The last production, or a later use that saw another content.
_THEN: Final = """
SELECT d.entity_id, d.node_id, d.direction, MAX(d.event_at),
    MAX(CASE WHEN n.evidence IS NULL AND n.digest IS NULL THEN 0 ELSE 1 END)
FROM each_int(:ids) AS x
JOIN edges d ON d.team_id = :team AND d.entity_id = x.value
JOIN nodes n ON n.team_id = :team AND n.id = d.node_id
WHERE d.event_at <= :as_of AND d.is_reused = 0
GROUP BY d.entity_id, d.node_id, d.direction
"""
_COUNT_THEN: Final = """
SELECT n.entity_id, COUNT(DISTINCT n.same_as) FROM each_int(:ids) AS x
JOIN nodes n ON n.team_id = :team AND n.entity_id = x.value
WHERE n.created_at <= :as_of GROUP BY n.entity_id
"""
_NODES: Final = (
    "SELECT n.id, n.entity_id, n.same_as, n.normalised FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
)


class LatestVersions(NamedTuple):
    """The current version of an artifact, and how many it has."""

    node: int
    versions: int


class StaleReason(NamedTuple):
    """An output was made from a version that is not current any more."""

    output: int
    task: int
    used: int
    current: int


def newest_versions(
    view: TeamReader, entities: Collection[int]
) -> dict[int, LatestVersions]:
    """Return which version of each artifact is current at the moment asked about."""
    if not entities:
        return {}
    if view.as_of is None:
        rows = view.rows(_NOW, ids=entities)
        return {
            id: LatestVersions(latest, count) for id, latest, count in rows if latest
        }
    events: dict[int, list[tuple[bool, float, int]]] = defaultdict(list)
    for entity, node, direction, at, is_observed in view.rows(_THEN, ids=entities):
        events[entity].append((bool(direction or is_observed), at, node))
    counts: dict[int, int] = dict(view.rows(_COUNT_THEN, ids=entities))
    return {
        entity: LatestVersions(max(part)[2], counts.get(entity, 1))
        for entity, part in events.items()
    }


def stale_reasons(view: TeamGraph, outputs: Collection[int]) -> list[StaleReason]:
    """Return for which reasons outputs are out of date, by their direct inputs.

    An input is out of date when the current version of its artifact has another
    content, unless the maker of the output made that version itself.
    """
    links = view.links.made_from(outputs)
    if not links:
        return []
    nodes = _versions_of(view, {link.source for link in links})
    current = newest_versions(view, {node[0] for node in nodes.values()})
    newest = {latest.node for latest in current.values()}
    nodes.update(_versions_of(view, newest - nodes.keys()))
    makers = view.links.makers(newest | {link.target for link in links})
    reasons = []
    for link in links:
        entity = nodes[link.source][0]
        latest = current.get(entity)
        if latest is None or _is_equal(nodes[link.source], nodes[latest.node]):
            continue
        tasks = makers.get(link.target, ())
        if not tasks or set(tasks) & set(makers.get(latest.node, ())):
            continue
        task = _task_of(link, tasks)
        reasons.append(StaleReason(link.target, task, link.source, latest.node))
    return list(dict.fromkeys(reasons))


def stale_among(view: TeamGraph, outputs: Collection[int]) -> set[int]:
    """Return which outputs were made from something that has a newer version."""
    return {reason.output for reason in stale_reasons(view, outputs)}


def _versions_of(
    view: TeamReader, nodes: Collection[int]
) -> dict[int, tuple[int, int, str | None]]:
    rows = view.rows(_NODES, ids=nodes) if nodes else []
    return {id: (entity, same, normal) for id, entity, same, normal in rows}


def _is_equal(
    one: tuple[int, int, str | None], other: tuple[int, int, str | None]
) -> bool:
    """Whether two nodes hold the same content, or differ by nothing that matters."""
    return one[1] == other[1] or (one[2] is not None and one[2] == other[2])


def _task_of(link: DerivedLink, makers: tuple[int, ...]) -> int:
    task = link.activity >> 24
    return task if task in makers else makers[-1]
