"""The links between versions: what each node was made from, and how that is known.

They follow from the recorded edges by the rules of derivation. `upstream` and
`downstream` return the same links, looked up from either end. A walk does not follow
one `part of` link right after another: the other files of a folder are not what one of
them was made from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from .activity_ids import INPUT, OUTPUT, SCOPED
from .containment import Pair, feeding_pairs
from .database import TeamReader
from .step_tree import step_tree

#: How a link is known, from the strongest to the weakest.
HOWS: Final = ("declared", "same step", "enclosing step", "same content", "part of")
#: Contents below this size are equal by chance.
TRIVIAL_SIZE: Final = 8

_BY_NODE: Final = (
    "SELECT l.node_id, l.activity, l.direction, l.since, l.until"
    " FROM each_int(:ids) AS x JOIN links l ON l.team_id = :team"
    " AND l.node_id = x.value AND l.direction IN ({directions})"
    "{{when l.since}}"
)
_BY_ACTIVITY: Final = (
    "SELECT l.node_id, l.activity, l.direction, l.since, l.until"
    " FROM each_int(:ids) AS x JOIN links l ON l.team_id = :team"
    " AND l.activity = x.value AND l.direction IN ({directions})"
    "{{when l.since}}"
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


class DerivedLink(NamedTuple):
    """One node feeds another."""

    source: int
    target: int
    activity: int
    """What made the target of the source: below zero where that was named, and 0 where
    no task did."""
    how: str


class _Row(NamedTuple):
    node: int
    activity: int
    direction: int
    since: float
    until: float


def upstream(reader: TeamReader, nodes: Collection[int]) -> list[DerivedLink]:
    """Return the links that lead to nodes, each once."""
    beside = without_activity(reader, nodes, is_up=True)
    return strongest([*made_from(reader, nodes), *beside])


def made_from(reader: TeamReader, nodes: Collection[int]) -> list[DerivedLink]:
    """Return the links through tasks that lead to nodes, each once."""
    outputs = _rows(reader, _BY_NODE, nodes, (OUTPUT, SCOPED))
    links = [
        DerivedLink(row.node, -row.activity, row.activity, "declared")
        for row in _rows(
            reader,
            _BY_ACTIVITY,
            {row.activity for row in outputs if row.activity < 0},
            (INPUT,),
        )
    ]
    links += _from_steps(reader, [row for row in outputs if row.activity > 0])
    return strongest(links)


def downstream(reader: TeamReader, nodes: Collection[int]) -> list[DerivedLink]:
    """Return the links that lead from nodes, each once."""
    inputs = _rows(reader, _BY_NODE, nodes, (INPUT,))
    links = [
        DerivedLink(row.node, -row.activity, row.activity, "declared")
        for row in inputs
        if row.activity < 0
    ]
    links += _to_steps(reader, [row for row in inputs if row.activity > 0])
    links += without_activity(reader, nodes, is_up=False)
    return strongest(links)


def without_activity(
    reader: TeamReader, nodes: Collection[int], *, is_up: bool
) -> list[DerivedLink]:
    """Return the links to or from nodes that no task made.

    Those are copies, and parts of wholes; between two nodes there is one at most.
    """
    links = _same_content(reader, nodes, is_up=is_up)
    links += _parts(reader, feeding_pairs(reader, nodes, is_up=is_up))
    return strongest(links)


def _rows(
    reader: TeamReader, sql: str, ids: Collection[int], directions: Iterable[int]
) -> list[_Row]:
    """Read links by their node or activity."""
    text = sql.format(directions=", ".join(map(str, directions)))
    return [_Row(*row) for row in reader.rows(text, ids=ids)]


def _same_content(
    reader: TeamReader, nodes: Collection[int], *, is_up: bool
) -> list[DerivedLink]:
    """Link copies without a maker to what was made with the same bytes."""
    if not nodes:
        return []
    one, other = ("f", "m") if is_up else ("m", "f")
    sql = _SAME_CONTENT.format(one=one, other=other)
    return [
        DerivedLink(made, found, 0, "same content")
        for made, found, made_at, found_at in reader.rows(
            sql, ids=nodes, trivial=TRIVIAL_SIZE
        )
        if reader.is_visible_at(max(made_at, found_at))
    ]


def _parts(reader: TeamReader, pairs: Iterable[Pair]) -> list[DerivedLink]:
    """Link parts and wholes."""
    return [
        DerivedLink(source, target, 0, "part of")
        for source, target, at in pairs
        if reader.is_visible_at(at)
    ]


def _from_steps(reader: TeamReader, outputs: list[_Row]) -> list[DerivedLink]:
    activities = {row.activity for row in outputs}
    around, within = step_tree(reader, activities)
    wanted = activities.union(*around.values(), *within.values())
    inputs: dict[int, list[_Row]] = defaultdict(list)
    for row in _rows(reader, _BY_ACTIVITY, wanted, (INPUT,)):
        inputs[row.activity].append(row)
    links: list[DerivedLink] = []
    for row in outputs:
        own, outer = [row.activity], around.get(row.activity, ())
        inner = within.get(row.activity, ())
        if row.direction == OUTPUT:
            links += _sources(row, inputs, [*own, *inner], "same step")
            links += _sources(row, inputs, outer, "enclosing step")
            continue
        direct = _sources(row, inputs, [*own, *outer], "enclosing step")
        links += direct or _sources(row, inputs, inner, "enclosing step")
    return links


def _to_steps(reader: TeamReader, inputs: list[_Row]) -> list[DerivedLink]:
    """Find the outputs that inputs may feed, and keep those that they do feed."""
    activities = {row.activity for row in inputs}
    around, within = step_tree(reader, activities)
    reached = activities.union(*around.values(), *within.values())
    outputs = _rows(reader, _BY_ACTIVITY, reached, (OUTPUT, SCOPED))
    sources = {row.node for row in inputs}
    return [link for link in _from_steps(reader, outputs) if link.source in sources]


def _sources(
    output: _Row,
    inputs: Mapping[int, list[_Row]],
    activities: Iterable[int],
    how: str,
) -> list[DerivedLink]:
    return [
        DerivedLink(row.node, output.node, output.activity, how)
        for activity in activities
        for row in inputs.get(activity, ())
        if row.since <= output.until and row.node != output.node
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
