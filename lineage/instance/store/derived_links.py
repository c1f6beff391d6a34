"""The links between versions: what each node was made from, and how that is known.

They follow from the recorded edges by the rules of derivation. `upstream` and
`downstream` return the same links, looked up from either end. A walk does not follow
one `part of` link right after another: the other files of a folder are not what one of
them was made from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from .activity_ids import OUTPUT
from .containment import Pair, feeding_pairs
from .database import TeamReader
from .member_copies import TRIVIAL_SIZE, member_copies
from .step_tree import step_tree

#: How a link is known, from the strongest to the weakest.
HOWS: Final = ("declared", "same step", "enclosing step", "same content", "part of")

_USES: Final = (
    "SELECT l.activity, l.node_id, l.since, l.direction FROM each_int(:ids) AS x"
    " JOIN links l ON l.team_id = :team AND l.node_id = x.value"
    " AND l.direction = 0{when l.since}"
)
_MAKINGS: Final = (
    "SELECT l.activity, l.node_id, l.until, l.direction FROM each_int(:ids) AS x"
    " JOIN links l ON l.team_id = :team AND l.node_id = x.value"
    " AND l.direction IN (1, 3){when l.since}"
)
_INPUTS: Final = (
    "SELECT l.activity, l.node_id, l.since, l.direction FROM each_int(:ids) AS x"
    " JOIN links l ON l.team_id = :team AND l.activity = x.value"
    " AND l.direction = 0{when l.since}"
)
_OUTPUTS: Final = (
    "SELECT l.activity, l.node_id, l.until, l.direction FROM each_int(:ids) AS x"
    " JOIN links l ON l.team_id = :team AND l.activity = x.value"
    " AND l.direction IN (1, 3){when l.since}"
)
_EQUAL: Final = (
    "SELECT m.id, f.id, m.created_at, f.created_at FROM each_int(:ids) AS x"
    " JOIN nodes {one} ON {one}.team_id = :team AND {one}.id = x.value"
    " JOIN nodes {other} ON {other}.team_id = :team"
    " AND {other}.[column] = {one}.[column][which]"
    " AND {other}.entity_id <> {one}.entity_id"
    " WHERE f.is_made = 0 AND m.is_made = 1 AND m.created_at <= f.created_at"
    " AND (f.size IS NULL OR f.size >= :trivial)"
)
#: Where equal content is seen: a file's digest, that of a folder that was read, and
#: that of a file with its companions. The range is that of a partial index.
_CONTENTS: Final = (
    ("digest", ""),
    ("manifest", " AND substr({one}.manifest, 1, 3) = 'h1:'"),
    (
        "version",
        " AND {other}.version >= 'companions:' AND {other}.version < 'companions;'",
    ),
)
_SAME_CONTENT: Final = " UNION ALL ".join(
    _EQUAL.replace("[column]", column).replace("[which]", which)
    for column, which in _CONTENTS
)
#: Beside those, contents that nobody made and some folder has, or folders that were
#: made, each as if it came from 0.
_HELD: Final = (
    " UNION ALL SELECT DISTINCT 0, f.id, 0.0, 0.0 FROM each_int(:ids) AS x"
    " JOIN nodes f ON f.team_id = :team AND f.id = x.value"
    " JOIN manifest_files i ON i.team_id = :team AND i.file = f.digest"
    " WHERE f.is_made = 0"
)
_HOLDING: Final = (
    " UNION ALL SELECT 0, m.id, 0.0, 0.0 FROM each_int(:ids) AS x"
    " JOIN nodes m ON m.team_id = :team AND m.id = x.value"
    " WHERE m.is_made = 1 AND m.manifest IS NOT NULL"
)


class DerivedLink(NamedTuple):
    """One node feeds another."""

    source: int
    target: int
    activity: int
    """What made the target of the source: below zero where that was named, and 0 where
    no task did."""
    how: str


#: An end of an activity: it, a node, its time and its direction. The time of an input
#: is when it was first used, that of an output when it was last made.
End = tuple[int, int, float, int]


def upstream(reader: TeamReader, nodes: Collection[int]) -> list[DerivedLink]:
    """Return the links that lead to nodes, each once."""
    beside = without_activity(reader, nodes, is_up=True)
    return strongest([*made_from(reader, nodes), *beside])


def made_from(reader: TeamReader, nodes: Collection[int]) -> list[DerivedLink]:
    """Return the links through tasks that lead to nodes, each once."""
    return strongest(_read_sources(reader, reader.rows(_MAKINGS, ids=nodes)))


def downstream(reader: TeamReader, nodes: Collection[int]) -> list[DerivedLink]:
    """Return the links that lead from nodes, each once."""
    uses = reader.rows(_USES, ids=nodes)
    links = [
        DerivedLink(node, -activity, activity, "declared")
        for activity, node, *_ in uses
        if activity < 0
    ]
    # Of what the nodes may feed, those links are kept that come from one of them.
    activities = {activity for activity, *_ in uses if activity > 0}
    around, within = step_tree(reader, activities)
    reached = activities.union(*around.values(), *within.values())
    sources = {node for activity, node, *_ in uses if activity > 0}
    made = reader.rows(_OUTPUTS, ids=reached)
    links += [link for link in _read_sources(reader, made) if link.source in sources]
    links += without_activity(reader, nodes, is_up=False)
    return strongest(links)


def _read_sources(reader: TeamReader, outputs: Sequence[End]) -> list[DerivedLink]:
    """Read what outputs were made from."""
    activities = {activity for activity, *_ in outputs}
    around, within = step_tree(reader, {a for a in activities if a > 0})
    wanted = activities.union(*around.values(), *within.values())
    inputs: dict[int, list[End]] = defaultdict(list)
    for row in reader.rows(_INPUTS, ids=wanted):
        inputs[row[0]].append(row)
    return sources_of(outputs, inputs, around, within)


def sources_of(
    outputs: Iterable[End],
    inputs: Mapping[int, Sequence[End]],
    around: Mapping[int, Sequence[int]],
    within: Mapping[int, Sequence[int]],
) -> list[DerivedLink]:
    """Return the links from inputs to what was made from them.

    Args:
        outputs: The outputs, as ends of the activities that made them.
        inputs: The inputs of these activities, and of those around and inside them.
        around: Of each activity with some, the steps around it and the task's body.
        within: Of each activity with some, the steps inside it.
    """
    links: list[DerivedLink] = []
    for output in outputs:
        activity, _, _, direction = output
        if activity < 0:
            links += [
                DerivedLink(source, -activity, activity, "declared")
                for _, source, *_ in inputs.get(activity, ())
            ]
            continue
        own, outer = [activity], around.get(activity, ())
        inner = within.get(activity, ())
        if direction == OUTPUT:
            links += _sources(output, inputs, [*own, *inner], "same step")
            links += _sources(output, inputs, outer, "enclosing step")
            continue
        direct = _sources(output, inputs, [*own, *outer], "enclosing step")
        links += direct or _sources(output, inputs, inner, "enclosing step")
    return links


def without_activity(
    reader: TeamReader, nodes: Collection[int], *, is_up: bool
) -> list[DerivedLink]:
    """Return the links to or from nodes that no task made.

    Those are copies, and parts of wholes; between two nodes there is one at most.
    """
    links = _same_content(reader, nodes, is_up=is_up)
    links += _parts(reader, feeding_pairs(reader, nodes, is_up=is_up))
    return strongest(links)


def _same_content(
    reader: TeamReader, nodes: Collection[int], *, is_up: bool
) -> list[DerivedLink]:
    """Link copies without a maker to what was made with the same bytes."""
    if not nodes:
        return []
    one, other = ("f", "m") if is_up else ("m", "f")
    sql = _SAME_CONTENT.format(one=one, other=other) + (_HELD if is_up else _HOLDING)
    rows = reader.rows(sql, ids=nodes, trivial=TRIVIAL_SIZE)
    copies = [
        (made, found, max(made_at, found_at))
        for made, found, made_at, found_at in rows
        if made
    ]
    held = {found for made, found, *_ in rows if not made}
    if held:
        copies += member_copies(reader, held, is_up=is_up)
    return [
        DerivedLink(made, found, 0, "same content")
        for made, found, at in copies
        if reader.is_visible_at(at)
    ]


def _parts(reader: TeamReader, pairs: Iterable[Pair]) -> list[DerivedLink]:
    """Link parts and wholes."""
    return [
        DerivedLink(source, target, 0, "part of")
        for source, target, at in pairs
        if reader.is_visible_at(at)
    ]


def _sources(
    output: End,
    inputs: Mapping[int, Sequence[End]],
    activities: Iterable[int],
    how: str,
) -> list[DerivedLink]:
    made_by, target, until, _ = output
    return [
        DerivedLink(source, target, made_by, how)
        for activity in activities
        for _, source, since, _ in inputs.get(activity, ())
        if since <= until and source != target
    ]


def strongest(links: Iterable[DerivedLink]) -> list[DerivedLink]:
    """Keep the strongest link between the same nodes by the same activity."""
    best: dict[tuple[int, int, int], DerivedLink] = {}
    for link in links:
        key = (link.source, link.target, max(0, link.activity))
        known = best.get(key)
        if known is None or HOWS.index(link.how) < HOWS.index(known.how):
            best[key] = link
    return list(best.values())
