"""Reads links in bulk, from the cache where it knows them, else from the store."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from ..store.database import Transaction
from .link_cache import Side, TeamLinkCache

#: Ids in one statement.
CHUNK: Final = 50_000

_BY_NODE: Final = (
    "SELECT l.node_id, l.activity FROM each_int(:ids) AS x JOIN links l"
    " ON l.team_id = :team AND l.node_id = x.value AND l.direction = :direction"
)
_BY_ACTIVITY: Final = (
    "SELECT l.activity, l.node_id FROM each_int(:ids) AS x JOIN links l"
    " ON l.team_id = :team AND l.activity = x.value AND l.direction = :direction"
)


class Adjacency:
    """The links of one team at one moment.

    Args:
        tx: The transaction to read in.
        team_id: The team.
        cache: The team's warm graph, if it may be used.
        as_of: Leave out what was linked later.
    """

    def __init__(
        self,
        tx: Transaction,
        team_id: int,
        cache: TeamLinkCache | None = None,
        as_of: float | None = None,
    ) -> None:
        self.tx = tx
        self.team_id = team_id
        self.as_of = as_of
        row = tx.one("SELECT revision FROM revisions WHERE team_id = ?", (team_id,))
        self.revision = int(row[0]) if row else 0
        is_warm = (
            cache is not None and as_of is None and cache.is_current(self.revision)
        )
        self._cache = cache if is_warm else None

    def activities(self, nodes: Collection[int], direction: int) -> set[int]:
        """Return the activities that have any of the nodes as input, or as output."""
        if self._cache is None:
            return self._read_ends(_BY_NODE, nodes, direction)
        return self._warm(self._cache.by_node[direction], _BY_NODE, nodes, direction)

    def data(self, activities: Collection[int], direction: int) -> set[int]:
        """Return the nodes that any of the activities has as input, or as output."""
        if self._cache is None:
            return self._read_ends(_BY_ACTIVITY, activities, direction)
        side = self._cache.by_activity[direction]
        return self._warm(side, _BY_ACTIVITY, activities, direction)

    def _warm(
        self, side: Side, sql: str, ids: Collection[int], direction: int
    ) -> set[int]:
        found = [side.get(id) for id in ids]
        ends: set[int] = set()
        if None in found:
            missing = [id for id, part in zip(ids, found, strict=True) if part is None]
            ends = self._fill(side, sql, missing, direction)
        return ends.union(*filter(None, found))

    def _fill(self, side: Side, sql: str, ids: list[int], direction: int) -> set[int]:
        lists: dict[int, list[int]] = {id: [] for id in ids}
        ends: set[int] = set()
        for start, end in self._read(sql, ids, direction):
            lists[start].append(end)
            ends.add(end)
        if self._cache is not None:
            read = {id: tuple(part) for id, part in lists.items()}
            self._cache.keep(side, read, self.revision)
        return ends

    def _read_ends(self, sql: str, ids: Collection[int], direction: int) -> set[int]:
        return {row[1] for row in self._read(sql, ids, direction)}

    def _read(
        self, sql: str, ids: Collection[int], direction: int
    ) -> list[tuple[int, int]]:
        names = {"team": self.team_id, "direction": direction, "as_of": self.as_of}
        if self.as_of is not None:
            sql += " AND l.since <= :as_of"
        order = list(ids)
        rows: list[tuple[int, int]] = []
        for at in range(0, len(order), CHUNK):
            part = {"ids": order[at : at + CHUNK], **names}
            rows += self.tx.all(sql, part)
        return rows
