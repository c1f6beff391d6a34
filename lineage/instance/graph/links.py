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
from typing import Any, Final, TypeVar

from ...records import field, record
from ..store import derived_links, step_tree
from ..store.activity_ids import INPUT, MADE, OUTPUT, SCOPED, STEP_BITS
from ..store.database import Transaction
from ..store.derived_links import DerivedLink

#: Nodes in one statement.
CHUNK: Final = 20_000
#: Entries remembered of one team; about 200 bytes each.
MAX_REMEMBERED: Final = 1_000_000

_TASKS_OF: Final = (
    "SELECT DISTINCT l.node_id, l.activity >> 24 FROM each_int(:ids) AS x JOIN links l"
    " ON l.team_id = :team AND l.node_id = x.value AND l.direction IN ({directions})"
    " WHERE l.activity > 0"
)
_NODES_OF: Final = (
    "SELECT DISTINCT l.node_id FROM each_int(:ids) AS x JOIN links l"
    " ON l.team_id = :team AND l.activity >= x.value << 24"
    " AND l.activity < (x.value + 1) << 24 AND l.direction IN ({directions})"
)
_USES: Final = (
    "SELECT l.node_id, l.activity, l.since FROM each_int(:ids) AS x"
    " JOIN links l ON l.team_id = :team AND l.node_id = x.value AND l.direction = 0"
)
_MAKINGS: Final = (
    "SELECT l.node_id, l.activity, l.until, l.direction FROM each_int(:ids) AS x"
    " JOIN links l ON l.team_id = :team AND l.node_id = x.value"
    " AND l.direction IN (1, 2, 3)"
)
_INPUTS: Final = (
    "SELECT l.activity, l.node_id, l.since, l.direction FROM each_int(:ids) AS x"
    " JOIN links l ON l.team_id = :team AND l.activity = x.value AND l.direction = 0"
)
_OUTPUTS: Final = (
    "SELECT l.activity, l.node_id, l.until, l.direction FROM each_int(:ids) AS x"
    " JOIN links l ON l.team_id = :team AND l.activity = x.value"
    " AND l.direction IN (1, 3)"
)


#: An end of an activity: it, a node, its time and its direction. The time of an input
#: is when it was first used, that of an output when it was last made.
End = tuple[int, int, float, int]
_MAKING: Final = (OUTPUT, MADE, SCOPED)
_V = TypeVar("_V")
#: What was read of nodes: their links, or the tasks beside them.
Remembered = dict[int, tuple[_V, ...]]


@record(slots=True)
class AdjacencyMemory:
    """What was read at one revision of a team."""

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

    def size(self) -> int:
        """Count what is remembered."""
        return sum(len(getattr(self, name)) for name in self.__slots__)


@record(slots=True)
class _Memory:
    """What was read at one revision of a team."""

    revision: int = -1
    up: Remembered[DerivedLink] = field(default_factory=dict)
    down: Remembered[DerivedLink] = field(default_factory=dict)
    makers: Remembered[int] = field(default_factory=dict)
    users: Remembered[int] = field(default_factory=dict)
    ends: AdjacencyMemory = field(default_factory=AdjacencyMemory)

    def size(self) -> int:
        links = len(self.up) + len(self.down) + len(self.makers) + len(self.users)
        return links + self.ends.size()


class LinkCache:
    """Remembers links of teams; whoever reads a later revision starts again."""

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
        tx: The transaction to read in.
        team_id: The team.
        cache: Remembers what is read, for later questions about the present.
        as_of: Leave out what was linked later.
    """

    def __init__(
        self,
        tx: Transaction,
        team_id: int,
        cache: LinkCache,
        as_of: float | None = None,
    ) -> None:
        self._tx = tx
        self._team = team_id
        self._as_of = as_of
        row = tx.one("SELECT revision FROM revisions WHERE team_id = ?", (team_id,))
        self.revision = int(row[0]) if row else 0
        is_now = as_of is None
        self._memory = cache.memory(team_id, self.revision) if is_now else _Memory()
        self.ends = Adjacency(tx, team_id, self._memory.ends, as_of)

    def upstream(self, nodes: Collection[int]) -> list[DerivedLink]:
        """Return the links that lead to nodes."""
        return self._links(self._memory.up, nodes, is_up=True)

    def downstream(self, nodes: Collection[int]) -> list[DerivedLink]:
        """Return the links that lead from nodes."""
        return self._links(self._memory.down, nodes, is_up=False)

    def makers(self, nodes: Collection[int]) -> dict[int, tuple[int, ...]]:
        """Return the tasks that made each node."""
        return self._tasks(self._memory.makers, nodes, _MAKING)

    def users(self, nodes: Collection[int]) -> dict[int, tuple[int, ...]]:
        """Return the tasks that used each node."""
        return self._tasks(self._memory.users, nodes, (INPUT,))

    def inputs_of(self, tasks: Collection[int]) -> set[int]:
        """Return the nodes that tasks used."""
        return self._nodes(tasks, (INPUT,))

    def outputs_of(self, tasks: Collection[int]) -> set[int]:
        """Return the nodes that tasks made."""
        return self._nodes(tasks, _MAKING)

    def _links(
        self, known: Remembered[DerivedLink], nodes: Collection[int], *, is_up: bool
    ) -> list[DerivedLink]:
        read = derived_links.upstream if is_up else derived_links.downstream

        def fetch(part: list[int]) -> Iterable[tuple[int, DerivedLink]]:
            for link in read(self._tx, self._team, part, self._as_of):
                yield (link.target if is_up else link.source), link

        _remember(known, nodes, fetch)
        return [link for node in nodes for link in known[node]]

    def _tasks(
        self, known: Remembered[int], nodes: Collection[int], ways: tuple[int, ...]
    ) -> dict[int, tuple[int, ...]]:
        def fetch(part: list[int]) -> Iterable[tuple[int, int]]:
            return self._rows(_TASKS_OF, part, ways)

        _remember(known, nodes, fetch)
        return {node: known[node] for node in nodes if known[node]}

    def _nodes(self, tasks: Collection[int], ways: tuple[int, ...]) -> set[int]:
        found: set[int] = set()
        order = list(tasks)
        for at in range(0, len(order), CHUNK):
            rows = self._rows(_NODES_OF, order[at : at + CHUNK], ways)
            found.update(row[0] for row in rows)
        return found

    def _rows(
        self, sql: str, ids: list[int], ways: tuple[int, ...]
    ) -> list[tuple[int, int]]:
        sql = sql.format(directions=", ".join(map(str, ways)))
        names: dict[str, object] = {"ids": ids, "team": self._team}
        if self._as_of is not None:
            sql += (" AND" if " WHERE " in sql else " WHERE") + " l.since <= :as_of"
            names["as_of"] = self._as_of
        rows: list[tuple[int, int]] = self._tx.all(sql, names)
        return rows


def _remember(
    known: Remembered[_V],
    nodes: Collection[int],
    fetch: Callable[[list[int]], Iterable[tuple[int, _V]]],
) -> None:
    """Read what is not known yet of nodes."""
    missing = [node for node in nodes if node not in known]
    for at in range(0, len(missing), CHUNK):
        part = missing[at : at + CHUNK]
        found: dict[int, list[_V]] = defaultdict(list)
        for node, value in fetch(part):
            found[node].append(value)
        known.update((node, tuple(found.get(node, ()))) for node in part)


class Adjacency:
    """Reads the ends of nodes and activities of one team at one moment.

    Args:
        tx: The transaction to read in.
        team_id: The team.
        memory: What was read before at the same moment.
        as_of: Leave out what was linked later.
    """

    def __init__(
        self,
        tx: Transaction,
        team_id: int,
        memory: AdjacencyMemory,
        as_of: float | None = None,
    ) -> None:
        self._tx = tx
        self._team = team_id
        self._as_of = as_of
        self._memory = memory

    def uses(self, nodes: Collection[int]) -> Mapping[int, Sequence[Any]]:
        """Return, of each node, activity and first time of its uses."""
        return self._ends(self._memory.uses, nodes, _USES)

    def makings(self, nodes: Collection[int]) -> Mapping[int, Sequence[Any]]:
        """Return, of each node, activity, last time and direction of its makings."""
        return self._ends(self._memory.makings, nodes, _MAKINGS)

    def inputs(self, activities: Collection[int]) -> Mapping[int, Sequence[End]]:
        """Return the inputs of activities."""
        return self._ends(self._memory.inputs, activities, _INPUTS)

    def outputs(self, activities: Collection[int]) -> Mapping[int, Sequence[End]]:
        """Return the outputs of activities that do not name their sources."""
        known = self._memory.outputs
        _remember_all(known, activities, self._read_outputs)
        return known

    @property
    def scoped(self) -> Mapping[int, Sequence[End]]:
        """The outputs of steps without inputs, once `outputs` was asked."""
        return self._memory.scoped

    def around(self, activities: Collection[int]) -> Mapping[int, Sequence[int]]:
        """Return the activities that enclose each."""
        return self._tree(self._memory.around, activities, step_tree.enclosing)

    def within(self, activities: Collection[int]) -> Mapping[int, Sequence[int]]:
        """Return the activities inside each."""
        return self._tree(self._memory.within, activities, step_tree.inside)

    def beside(
        self, nodes: Collection[int], *, is_up: bool
    ) -> Mapping[int, Sequence[tuple[int, str]]]:
        """Return, of each node, the other ends of links that no task made, and how."""
        known = self._memory.beside_up if is_up else self._memory.beside_down
        _remember_all(known, nodes, lambda part: self._read_beside(part, is_up=is_up))
        return known

    def _read_beside(
        self, part: list[int], *, is_up: bool
    ) -> Mapping[int, Sequence[tuple[int, str]]]:
        found: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for link in derived_links.without_activity(
            self._tx, self._team, part, self._as_of, is_up=is_up
        ):
            near, far = link.target, link.source
            if not is_up:
                near, far = far, near
            found[near].append((far, link.how))
        return found

    def _read_outputs(self, part: list[int]) -> Mapping[int, Sequence[End]]:
        rows = self._rows(_OUTPUTS, part)
        scoped = [row for row in rows if row[3] == SCOPED]
        if not scoped:
            return _grouped(rows)
        self._memory.scoped.update(_grouped(scoped))
        return _grouped([row for row in rows if row[3] != SCOPED])

    def _ends(
        self, known: dict[int, Sequence[Any]], ids: Collection[int], sql: str
    ) -> Mapping[int, Sequence[Any]]:
        _remember_all(known, ids, lambda part: _grouped(self._rows(sql, part)))
        return known

    def _tree(
        self,
        known: dict[int, Sequence[int]],
        activities: Collection[int],
        read: Callable[[Transaction, int, list[int]], Mapping[int, Sequence[int]]],
    ) -> Mapping[int, Sequence[int]]:
        _remember_all(known, activities, lambda part: read(self._tx, self._team, part))
        return known

    def _rows(self, sql: str, ids: list[int]) -> list[Any]:
        names: dict[str, object] = {"ids": ids, "team": self._team}
        if self._as_of is not None:
            sql += " AND l.since <= :as_of"
            names["as_of"] = self._as_of
        return self._tx.all(sql, names)


def _remember_all(
    known: dict[int, Any],
    ids: Collection[int],
    read: Callable[[list[int]], Mapping[int, Any]],
) -> None:
    """Read what is not known yet of ids."""
    # In the order of the index, look-ups take a fifth less.
    missing = sorted([id for id in ids if id not in known])
    for at in range(0, len(missing), CHUNK):
        part = missing[at : at + CHUNK]
        known.update(dict.fromkeys(part, ()))
        known.update(read(part))


def _grouped(rows: Iterable[Sequence[Any]]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found


def task_of(link: DerivedLink) -> int | None:
    """Return the task through which a link leads, where its activity names it."""
    return link.activity >> STEP_BITS if link.activity > 0 else None
