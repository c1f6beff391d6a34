"""Which version of an artifact is current, and what was made from older ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Final, NamedTuple

from ..store.artifact_identity import EDITED
from ..store.database import TeamReader
from ..store.derived_links import DerivedLink
from ..store.version_numbers import is_lower, numbered
from .team_graph import TeamGraph

#: Links by which an output of an older version is out of date: a copy or a part is as
#: old as what it was taken from, which has a row of its own.
MAKING_HOWS: Final = frozenset({"declared", "same step", "enclosing step"})

_NOW: Final = (
    "SELECT e.id, n.id, e.versions, n.same_as, n.normalised FROM each_int(:ids) AS x"
    " JOIN entities e ON e.team_id = :team AND e.id = x.value"
    " JOIN nodes n ON n.team_id = e.team_id AND n.id = e.latest_id"
)
# The last production, or a later use that saw another content.
_THEN: Final = """
SELECT d.entity_id, d.node_id, d.direction, MAX(d.event_at),
    MAX(CASE WHEN n.evidence IS NULL AND n.digest IS NULL THEN 0 ELSE 1 END),
    MAX(n.same_as), MAX(n.normalised), MAX(n.version)
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
_CONTENTS: Final = (
    "SELECT n.id, n.entity_id, n.same_as, n.normalised FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
)
#: Versions that somebody keeps of what is added to, as those of a project.
_KEPT: Final = (
    "SELECT n.id FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.id = x.value AND n.is_made = 0"
    " JOIN entities e ON e.team_id = :team AND e.id = n.entity_id"
    " JOIN each_text(:kinds) AS k ON k.value = e.kind"
)


class Content(NamedTuple):
    """What a version holds."""

    same_as: int
    """The first node with the same content."""
    normalised: str | None
    """The digest of the content without what does not matter, where there is one."""

    def is_equal(self, other: Content) -> bool:
        """Whether they are the same, or differ by nothing that matters."""
        if self.same_as == other.same_as:
            return True
        return self.normalised is not None and self.normalised == other.normalised


class LatestVersion(NamedTuple):
    """The current version of an artifact, and how many versions it has."""

    node: int
    content: Content
    versions: int


class _Seen(NamedTuple):
    """The last use or production of a version."""

    is_strong: bool
    at: float
    node: int
    content: Content
    number: int | None


class StaleReason(NamedTuple):
    """An output was made from a version that is not current any more."""

    output: int
    task: int
    used: int
    current: int


def newest_versions(
    view: TeamReader, entities: Collection[int]
) -> dict[int, LatestVersion]:
    """Return which version of each artifact is current at the moment asked about."""
    if not entities:
        return {}
    if view.as_of is None:
        return {
            entity: LatestVersion(node, Content(same_as, normalised), count)
            for entity, node, count, same_as, normalised in view.rows(
                _NOW, ids=entities
            )
        }
    events: dict[int, list[_Seen]] = defaultdict(list)
    for row in view.rows(_THEN, ids=entities):
        entity, node, direction, at, is_observed, same_as, normalised, version = row
        content, strong = Content(same_as, normalised), bool(direction or is_observed)
        events[entity].append(_Seen(strong, at, node, content, numbered(version)))
    counts: dict[int, int] = dict(view.rows(_COUNT_THEN, ids=entities))
    return {
        entity: LatestVersion(last.node, last.content, counts.get(entity, 1))
        for entity, part in events.items()
        for last in [_last(part)]
    }


def _last(events: list[_Seen]) -> _Seen:
    """Return what was current last, by the rule of `store/timeline.py`."""
    last, *later = sorted(events)
    for one in later:
        if one.is_strong or not is_lower(one.number, last.number):
            last = one
    return last


def stale_reasons(view: TeamGraph, outputs: Collection[int]) -> list[StaleReason]:
    """Return for which reasons outputs are out of date, by their direct inputs.

    An input is out of date when the current version of its artifact has another
    content, unless the output was made from that one as well, as when a cell of a
    notebook is run again, or its maker made that version itself. A kept version of a
    project has the content of what was produced last before it was created.
    """
    links = view.links.made_from(outputs)
    if not links:
        return []
    rows = view.rows(_CONTENTS, ids={link.source for link in links})
    inputs = {node: (entity, Content(*content)) for node, entity, *content in rows}
    current = newest_versions(view, {entity for entity, _ in inputs.values()})
    newest = {latest.node for latest in current.values()}
    makers = view.links.makers(newest | {link.target for link in links})
    reasons, old = [], []
    renewed: set[tuple[int, int]] = set()
    for link in links:
        entity, content = inputs[link.source]
        latest = current.get(entity)
        if latest is None or content.is_equal(latest.content):
            renewed.add((link.target, entity))
        else:
            old.append((link, entity, latest))
    kept = _kept(view, {link.source: latest.node for link, _, latest in old})
    renewed |= {(link.target, entity) for link, entity, _ in old if link.source in kept}
    for link, entity, latest in old:
        if (link.target, entity) in renewed:
            continue
        tasks = makers.get(link.target, ())
        if not tasks or set(tasks) & set(makers.get(latest.node, ())):
            continue
        task = _task_of(link, tasks)
        reasons.append(StaleReason(link.target, task, link.source, latest.node))
    return list(dict.fromkeys(reasons))


def _kept(view: TeamGraph, current: dict[int, int]) -> set[int]:
    """Return the kept versions that hold what is current.

    Args:
        view: The team's graph.
        current: Versions, and the current one of the same artifact.
    """
    if not current:
        return set()
    kept = [row[0] for row in view.rows(_KEPT, ids=list(current), kinds=EDITED)]
    if not kept:
        return set()
    links = view.links.upstream(kept)
    return {link.target for link in links if link.source == current[link.target]}


def stale_among(view: TeamGraph, outputs: Collection[int]) -> set[int]:
    """Return which outputs were made from something that has a newer version."""
    return {reason.output for reason in stale_reasons(view, outputs)}


def _task_of(link: DerivedLink, makers: tuple[int, ...]) -> int:
    task = link.activity >> 24
    return task if task in makers else makers[-1]
