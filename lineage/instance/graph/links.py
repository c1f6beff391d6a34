"""Reads the links of one team, remembered for as long as its graph does not change.

A link between two nodes leads through an activity, and most activities join each of
their inputs with each of their outputs. So walks read the ends of activities, and not
the links: a task of a thousand inputs and outputs has two thousand ends and a million
links (see `store/derived_links.py`, which defines those).
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from ...records import field, record
from ..store.activity_ids import INPUT, MADE, OUTPUT, SCOPED, STEP_BITS
from ..store.database import TeamReader
from ..store.derived_links import (
    DerivedLink,
    End,
    downstream,
    sources_of,
    strongest,
    without_activity,
)
from ..store.step_tree import step_tree

#: Nodes in one statement.
CHUNK: Final = 20_000
#: Entries remembered of one team; about 200 bytes each.
MAX_REMEMBERED: Final = 1_000_000

_NODES_OF: Final = (
    "SELECT DISTINCT l.node_id FROM each_int(:ids) AS x JOIN links l"
    " ON l.team_id = :team AND l.activity >= x.value << 24"
    " AND l.activity < (x.value + 1) << 24 AND l.direction IN ({directions})"
    "{{when l.since}}"
)
_USES: Final = (
    "SELECT l.node_id, l.activity, l.since FROM each_int(:ids) AS x"
    " JOIN links l ON l.team_id = :team AND l.node_id = x.value AND l.direction = 0"
    "{when l.since}"
)
_MAKINGS: Final = (
    "SELECT l.node_id, l.activity, l.until, l.direction FROM each_int(:ids) AS x"
    " JOIN links l ON l.team_id = :team AND l.node_id = x.value"
    " AND l.direction IN (1, 2, 3){when l.since}"
)
_INPUTS: Final = (
    "SELECT l.activity, l.node_id, l.since, l.direction FROM each_int(:ids) AS x"
    " JOIN links l ON l.team_id = :team AND l.activity = x.value AND l.direction = 0"
    "{when l.since}"
)
_OUTPUTS: Final = (
    "SELECT l.activity, l.node_id, l.until, l.direction FROM each_int(:ids) AS x"
    " JOIN links l ON l.team_id = :team AND l.activity = x.value"
    " AND l.direction IN (1, 3){when l.since}"
)


#: What was read of nodes: the links on one side of each.
Remembered = dict[int, tuple[DerivedLink, ...]]


@record(slots=True)
class AdjacencyMemory:
    """What was read at one revision of a team, complete for what is in it."""

    uses: dict[int, Sequence[Any]] = field(default_factory=dict)
    """Of each node: activity and first time of its uses."""
    makings: dict[int, Sequence[Any]] = field(default_factory=dict)
    """Of each node: activity, last time and direction of its makings."""
    inputs: dict[int, Sequence[End]] = field(default_factory=dict)
    outputs: dict[int, Sequence[End]] = field(default_factory=dict)
    scoped: dict[int, Sequence[End]] = field(default_factory=dict)
    """Outputs of steps without inputs by the activity that encloses them, where any."""
    around: dict[int, Sequence[int]] = field(default_factory=dict)
    within: dict[int, Sequence[int]] = field(default_factory=dict)
    beside_up: dict[int, Sequence[tuple[int, str]]] = field(default_factory=dict)
    """Of each node: copies and parts that lead to it, and how."""
    beside_down: dict[int, Sequence[tuple[int, str]]] = field(default_factory=dict)
    above: set[int] = field(default_factory=set)
    """Nodes of which all is read that a walk needs to go up from them."""
    below: set[int] = field(default_factory=set)

    def size(self) -> int:
        """Count what is remembered."""
        return sum(len(getattr(self, name)) for name in self.__slots__)


@record(slots=True)
class _Memory:
    """What was read at one revision of a team."""

    revision: int = -1
    made: Remembered = field(default_factory=dict)
    """Of each node: the links through tasks that lead to it."""
    up: Remembered = field(default_factory=dict)
    down: Remembered = field(default_factory=dict)
    ends: AdjacencyMemory = field(default_factory=AdjacencyMemory)

    def size(self) -> int:
        links = len(self.made) + len(self.up) + len(self.down)
        return links + self.ends.size()


class LinkCache:
    """Remembers the links of each team until its graph changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._teams: dict[int, _Memory] = {}

    def memory(self, team_id: int, revision: int) -> _Memory:
        """Return what is remembered of a team at a revision."""
        with self._lock:
            memory = self._teams.get(team_id)
            is_full = memory is not None and memory.size() > MAX_REMEMBERED
            if memory is None or memory.revision < revision or is_full:
                memory = self._teams[team_id] = _Memory(revision)
            # A reader of an older moment must not mix with later ones.
            return memory if memory.revision == revision else _Memory(revision)


class TeamLinks:
    """The links of one team at one moment.

    Args:
        reader: Reads the team's rows.
        cache: Remembers what is read, for later questions about the present.
        revision: How often the team's graph has changed.
    """

    def __init__(self, reader: TeamReader, cache: LinkCache, revision: int) -> None:
        self._reader = reader
        is_now = reader.as_of is None
        self._memory = cache.memory(reader.team_id, revision) if is_now else _Memory()
        self.ends = Adjacency(reader, self._memory.ends)

    def upstream(self, nodes: Collection[int]) -> list[DerivedLink]:
        """Return the links that lead to nodes."""
        return _remembered(self._memory.up, nodes, self._read_upstream)

    def made_from(self, nodes: Collection[int]) -> list[DerivedLink]:
        """Return the links through tasks that lead to nodes."""
        return _remembered(self._memory.made, nodes, self._read_made_from)

    def downstream(self, nodes: Collection[int]) -> list[DerivedLink]:
        """Return the links that lead from nodes."""
        return _remembered(self._memory.down, nodes, self._read_downstream)

    def makers(self, nodes: Collection[int]) -> dict[int, tuple[int, ...]]:
        """Return the tasks that made each node, where any did."""
        return _tasks(self.ends.makings(nodes), nodes)

    def users(self, nodes: Collection[int]) -> dict[int, tuple[int, ...]]:
        """Return the tasks that used each node, where any did."""
        return _tasks(self.ends.uses(nodes), nodes)

    def inputs_of(self, tasks: Collection[int]) -> set[int]:
        """Return the nodes that tasks used."""
        return self._nodes(tasks, (INPUT,))

    def outputs_of(self, tasks: Collection[int]) -> set[int]:
        """Return the nodes that tasks made."""
        return self._nodes(tasks, (OUTPUT, MADE, SCOPED))

    def _read_upstream(self, part: list[int]) -> dict[int, list[DerivedLink]]:
        beside = self.ends.beside(part, is_up=True)
        copies = [
            DerivedLink(source, node, 0, how)
            for node in part
            for source, how in beside[node]
        ]
        return _by_target(strongest([*self.made_from(part), *copies]))

    def _read_made_from(self, part: list[int]) -> dict[int, list[DerivedLink]]:
        known = self.ends.above(part)
        made = (
            (activity, node, until, direction)
            for node in part
            for _, activity, until, direction in known.makings[node]
            if direction != MADE
        )
        links = sources_of(made, known.inputs, known.around, known.within)
        return _by_target(strongest(links))

    def _read_downstream(self, part: list[int]) -> dict[int, list[DerivedLink]]:
        found: dict[int, list[DerivedLink]] = defaultdict(list)
        for link in downstream(self._reader, part):
            found[link.source].append(link)
        return found

    def _nodes(self, tasks: Collection[int], ways: tuple[int, ...]) -> set[int]:
        sql = _NODES_OF.format(directions=", ".join(map(str, ways)))
        found: set[int] = set()
        for part in _chunks(list(tasks)):
            found.update(row[0] for row in self._reader.rows(sql, ids=part))
        return found


def _remembered(
    known: Remembered,
    nodes: Collection[int],
    read: Callable[[list[int]], Mapping[int, list[DerivedLink]]],
) -> list[DerivedLink]:
    """Return the links of nodes, read where they are not known yet."""
    for part in _missing(known, nodes):
        found = read(part)
        known.update((node, tuple(found.get(node, ()))) for node in part)
    return [link for node in nodes for link in known[node]]


def _by_target(links: Iterable[DerivedLink]) -> dict[int, list[DerivedLink]]:
    found: dict[int, list[DerivedLink]] = defaultdict(list)
    for link in links:
        found[link.target].append(link)
    return found


def _tasks(
    ends: Mapping[int, Sequence[Any]], nodes: Collection[int]
) -> dict[int, tuple[int, ...]]:
    """Return the tasks that used or made each node; nodes without any are left out."""
    tasks = {
        node: tuple(
            dict.fromkeys(row[1] >> STEP_BITS for row in ends[node] if row[1] > 0)
        )
        for node in nodes
        if ends[node]
    }
    return {node: some for node, some in tasks.items() if some}


class Adjacency:
    """Reads the ends of nodes and activities of one team at one moment.

    Args:
        reader: Reads the team's rows.
        memory: What was read before at the same moment.
    """

    def __init__(self, reader: TeamReader, memory: AdjacencyMemory) -> None:
        self._reader = reader
        self._memory = memory

    def below(self, nodes: Collection[int]) -> AdjacencyMemory:
        """Read what a walk needs to go down from nodes, and return all that is known.

        Those are their uses, the steps around and inside these, and what all of them
        made.
        """
        known = self._memory
        missing = set(nodes).difference(known.below)
        if missing:
            uses = self.uses(missing)
            activities = {a for node in missing for _, a, _ in uses[node] if a > 0}
            self._read_outputs(self._with_tree(activities))
            known.below.update(missing)
        return known

    def above(self, nodes: Collection[int]) -> AdjacencyMemory:
        """Read what a walk needs to go up from nodes, and return all that is known.

        Those are their makings, the steps around and inside these, and what all of
        them used.
        """
        known = self._memory
        missing = set(nodes).difference(known.above)
        if missing:
            makings = self.makings(missing)
            self.feeding(
                {row[1] for node in missing for row in makings[node] if row[3] != MADE}
            )
            known.above.update(missing)
        return known

    def feeding(self, activities: Collection[int]) -> AdjacencyMemory:
        """Read what activities used, with the steps around and inside them."""
        steps = {activity for activity in activities if activity > 0}
        wanted = self._with_tree(steps).union(activities)
        self._read(self._memory.inputs, wanted, _INPUTS)
        return self._memory

    def uses(self, nodes: Collection[int]) -> Mapping[int, Sequence[Any]]:
        """Return, of each node, activity and first time of its uses."""
        return self._read(self._memory.uses, nodes, _USES)

    def makings(self, nodes: Collection[int]) -> Mapping[int, Sequence[Any]]:
        """Return, of each node, activity, last time and direction of its makings."""
        return self._read(self._memory.makings, nodes, _MAKINGS)

    def beside(
        self, nodes: Collection[int], *, is_up: bool
    ) -> Mapping[int, Sequence[tuple[int, str]]]:
        """Return, of each node, the other ends of links that no task made, and how."""
        known = self._memory.beside_up if is_up else self._memory.beside_down
        for part in _missing(known, nodes):
            found: dict[int, list[tuple[int, str]]] = defaultdict(list)
            for link in without_activity(self._reader, part, is_up=is_up):
                near, far = link.target, link.source
                if not is_up:
                    near, far = far, near
                found[near].append((far, link.how))
            known.update(dict.fromkeys(part, ()))
            known.update(found)
        return known

    def _with_tree(self, activities: set[int]) -> set[int]:
        """Read which steps are around and inside activities, and return all of them."""
        around, within = self._memory.around, self._memory.within
        for part in _missing(around, activities):
            tree = step_tree(self._reader, part)
            for known, found in ((around, tree.around), (within, tree.within)):
                known.update(dict.fromkeys(part, ()))
                known.update(found)
        return activities.union(
            *filter(None, map(around.__getitem__, activities)),
            *filter(None, map(within.__getitem__, activities)),
        )

    def _read_outputs(self, activities: Collection[int]) -> None:
        known = self._memory.outputs
        for part in _missing(known, activities):
            rows = self._reader.rows(_OUTPUTS, ids=part)
            scoped = [row for row in rows if row[3] == SCOPED]
            if scoped:
                self._memory.scoped.update(_grouped(scoped))
                rows = [row for row in rows if row[3] != SCOPED]
            known.update(dict.fromkeys(part, ()))
            known.update(_grouped(rows))

    def _read(
        self, known: dict[int, Sequence[Any]], ids: Collection[int], sql: str
    ) -> Mapping[int, Sequence[Any]]:
        for part in _missing(known, ids):
            rows = self._reader.rows(sql, ids=part)
            known.update(dict.fromkeys(part, ()))
            known.update(_grouped(rows))
        return known


def _missing(known: Mapping[int, Any], ids: Collection[int]) -> list[list[int]]:
    """Return the ids of which nothing is known yet, in parts for one statement each."""
    # In the order of the index, look-ups take a fifth less.
    return _chunks(sorted(set(ids).difference(known)))


def _chunks(ids: list[int]) -> list[list[int]]:
    return [ids[at : at + CHUNK] for at in range(0, len(ids), CHUNK)]


def _grouped(rows: Iterable[Sequence[Any]]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found


def task_of(link: DerivedLink) -> int | None:
    """Return the task through which a link leads, where its activity names it."""
    return link.activity >> STEP_BITS if link.activity > 0 else None
