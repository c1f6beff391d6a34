"""Groups tasks and versions into few items; pure, without a store."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from ...model.overview import OPEN_STEP, Grouping
from ...records import record
from .members import Member

#: Fewer like items than this stay themselves.
GROUP_FROM: Final = 5

#: A task or version among those of all teams.
Id = tuple[int, int]
Ends = tuple[Id, Id]


@record(slots=True)
class Item:
    """What is drawn as one: a member, or a group of them."""

    key: str
    grouping: Grouping
    members: list[Member]
    """The newest first."""
    count: int = 1
    """Tasks, versions or artifacts that it stands for."""
    opened: int = 0
    """Members that were opened and are items of their own."""

    @property
    def newest(self) -> Member:
        """The newest member."""
        return self.members[0]

    @property
    def second(self) -> str | None:
        """The key of the member before the newest."""
        return self.members[1].key if len(self.members) > 1 else None

    @property
    def failed(self) -> int:
        """Failed tasks among the members."""
        return sum(member.is_failed for member in self.members)

    @property
    def stale(self) -> int:
        """Stale outputs among the members."""
        return sum(member.is_stale for member in self.members)

    @property
    def passing(self) -> int:
        """Members that pass the filter."""
        return sum(member.is_passing for member in self.members)

    @property
    def since(self) -> float | None:
        """When the first member was recorded."""
        return min((member.at for member in self.members if member.at), default=None)

    def hidden(self, side: int) -> int:
        """Count the neighbours of members that are left out: upstream 0, else 1."""
        return sum(member.hidden[side] for member in self.members)

    def names(self) -> list[str]:
        """Return the names of members that are of several artifacts or apps."""
        is_mixed = self.grouping in ("like", "rest")
        return list(dict.fromkeys(m.name for m in self.members)) if is_mixed else []


class Grouper:
    """Groups the members of a part of the graph.

    Args:
        members: All of them.
        ends: The two ends of each edge.
        keep: Members that are in no group of like ones nor of the rest.
        opened: Keys of groups to open, once for each 20 members.
        first: The same picture before anything was opened: what it shows, stays.
        added: Which expansion, from 0, added a member.
        found: Those of `keep` for which there is room beyond the limit.
    """

    def __init__(
        self,
        members: Iterable[Member],
        ends: Collection[Ends],
        *,
        keep: Collection[Id],
        opened: Sequence[str],
        first: Grouper | None = None,
        added: Mapping[Id, int] | None = None,
        found: Collection[Id] = (),
    ) -> None:
        self.items: dict[str, Item] = {}
        self.item_of: dict[Id, str] = {}
        self._members = list(members)
        self._ends = ends
        self._keep = set(keep)
        self._steps: Mapping[str, int] = Counter(opened)
        #: Members that were opened out of a group: they stay out of every other.
        self._taken: set[Id] = set()
        self._found = set(found)
        self._added = added or {}
        self._drawn = {} if first is None else first.drawn()

    def drawn(self) -> dict[Id, Grouping]:
        """Return how each member is drawn that is not among the rest."""
        found = {id: self.items[key].grouping for id, key in self.item_of.items()}
        return {id: how for id, how in found.items() if how != "rest"}

    def group(self, by: str, limit: int) -> None:
        """Group by artifact and app, then like ones, then what exceeds a limit."""
        if by == "artifact":
            self._group_families()
        else:
            for member in self._members:
                self._add(member.key, "single", [member])
        self._group_like()
        self._group_rest(limit)

    def _group_families(self) -> None:
        families: dict[str, list[Member]] = defaultdict(list)
        for member in self._members:
            families[member.family].append(member)
        for key, members in families.items():
            members.sort(key=_newest_first)
            shown = self._opened(key, len(members))
            for member in members[:shown]:
                self._add(member.key, "single", [member])
                self._taken.add(member.id)
            grouping: Grouping = "app" if members[0].is_task else "artifact"
            self._add(key, grouping, members[shown:], shown)

    def _group_like(self) -> None:
        """Group items that have exactly the same neighbours."""
        near = self._neighbours()
        like: dict[tuple[object, ...], list[Item]] = defaultdict(list)
        for item in self.items.values():
            first = item.members[0]
            if item.key not in near or self._is_kept(item) or item.grouping == "app":
                continue
            if self._drawn.get(first.id, "like") != "like":
                continue
            name = (first.name, first.status) if first.is_task else first.is_stale
            is_family = item.grouping == "artifact"
            like[is_family, first.kind, name, near[item.key]].append(item)
        for items in like.values():
            if len(items) >= GROUP_FROM:
                # The oldest stays when more of them are recorded.
                oldest = min((m.id, m.key) for item in items for m in item.members)
                self._merge(f"like:{oldest[1]}", "like", items)

    def _group_rest(self, limit: int) -> None:
        """Count what exceeds the limit by kind and direction; the nearest stay."""
        room = limit + len(set(self._added.values())) * OPEN_STEP
        excess = sum(self._steps.values()) * OPEN_STEP + len(self._found)
        if len(self.items) <= room + excess:
            return
        candidates = [item for item in self.items.values() if not self._stays(item)]
        candidates.sort(key=self._place)
        room -= len({_bucket(item) for item in candidates})
        # What was opened or is looked for pushes nothing out that was drawn.
        more = self._found | self._taken
        ids = [{m.id for m in i.members} for i in self.items.values() if self._stays(i)]
        room -= sum(members.isdisjoint(more) for members in ids)
        over: dict[str, list[Item]] = defaultdict(list)
        for item in candidates[max(0, room) :]:
            over[_bucket(item)].append(item)
        for key, items in over.items():
            self._merge(key, "rest", items)

    def _neighbours(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        up: dict[str, set[str]] = defaultdict(set)
        down: dict[str, set[str]] = defaultdict(set)
        for source, target in self._ends:
            one, other = self.item_of[source], self.item_of[target]
            if one != other:
                down[one].add(other)
                up[other].add(one)
        return {
            key: (tuple(sorted(up[key])), tuple(sorted(down[key])))
            for key in self.items
            if up[key] or down[key]
        }

    def _opened(self, key: str, count: int) -> int:
        return min(self._steps.get(key, 0) * OPEN_STEP, count)

    def _is_kept(self, item: Item) -> bool:
        ids = {member.id for member in item.members}
        return not (ids.isdisjoint(self._keep) and ids.isdisjoint(self._taken))

    def _stays(self, item: Item) -> bool:
        is_drawn = any(member.id in self._drawn for member in item.members)
        return is_drawn or self._is_kept(item)

    def _place(self, item: Item) -> tuple[float, int, float]:
        """Order by the expansion, then by the distance from the focus."""
        added = (self._added.get(member.id, math.inf) for member in item.members)
        return (min(added), *_nearest_first(item))

    def _merge(self, key: str, grouping: Grouping, items: list[Item]) -> None:
        """Replace items by one, apart from those that were opened."""
        shown = self._opened(key, len(items))
        for item in items[:shown]:
            self._taken.update(member.id for member in item.members)
        for item in items[shown:]:
            del self.items[item.key]
        members = [member for item in items[shown:] for member in item.members]
        members.sort(key=_newest_first)
        self._add(key, grouping, members, shown, len(items) - shown)

    def _add(
        self,
        key: str,
        grouping: Grouping,
        members: list[Member],
        opened: int = 0,
        count: int | None = None,
    ) -> None:
        if not members:
            return
        item = Item(members[0].key, "single", members)
        if len(members) > 1 or opened:
            item = Item(
                key, grouping, members, len(members) if count is None else count, opened
            )
        self.items[item.key] = item
        for member in members:
            self.item_of[member.id] = item.key


def _newest_first(member: Member) -> tuple[float, int]:
    return -member.at, -abs(member.ref)


def _nearest_first(item: Item) -> tuple[int, float]:
    # Groups stand for many already: they stay before single members.
    near = min(member.hops for member in item.members) * 2 + (len(item.members) == 1)
    return near, -max(member.at for member in item.members)


def _bucket(item: Item) -> str:
    first = item.members[0]
    return f"rest:{first.kind}:{'up' if first.is_upstream else 'down'}"
