"""Which nodes are reached from others through activities, in the order of time.

An output derives from the inputs of its activity and of those around and inside it that
were used before it was made last (see `store/derived_links.py`). For many nodes at once
it is enough to know, of each activity, the bound of time from which its other ends are
reached.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from ..store.activity_ids import SCOPED, STEP_BITS
from .adjacency import Adjacency

_SAME: Final = "same step"
_ENCLOSING: Final = "enclosing step"
Bounds = dict[int, float]


class ActivityWalk:
    """Finds the other ends of activities, for one walk.

    Args:
        read: Reads the ends of nodes and of activities.
        same: Nodes that stand for tasks, with those tasks, which are not walked
            through from them.
        hows: The ways in which links may be known; None is any.
    """

    def __init__(
        self,
        read: Adjacency,
        same: Mapping[int, int],
        hows: Collection[str] | None,
    ) -> None:
        self._read = read
        self._same = same
        self._is_same_step = hows is None or _SAME in hows
        self._is_enclosing = hows is None or _ENCLOSING in hows

    def users(self, nodes: Collection[int]) -> set[int]:
        """Return the tasks that used any of the nodes."""
        uses = self._read.uses(nodes)
        return {
            row[1] >> STEP_BITS for node in nodes for row in uses[node] if row[1] > 0
        }

    def makers(self, nodes: Collection[int]) -> set[int]:
        """Return the tasks that made any of the nodes."""
        makings = self._read.makings(nodes)
        return {
            row[1] >> STEP_BITS for node in nodes for row in makings[node] if row[1] > 0
        }

    def named_down(self, nodes: Collection[int]) -> Mapping[int, Collection[int]]:
        """Return, of each node, the outputs that name it as their source."""
        uses = self._read.uses(nodes)
        found: dict[int, list[int]] = {}
        for node in nodes:
            for row in uses[node]:
                if row[1] < 0:
                    found.setdefault(node, []).append(-row[1])
        return found

    def named_up(self, nodes: Collection[int]) -> Mapping[int, Collection[int]]:
        """Return, of each node, the sources that it names."""
        makings = self._read.makings(nodes)
        named = {
            row[1]: node
            for node in nodes
            for row in makings[node]
            if row[1] < 0 and row[3] in (1, SCOPED)
        }
        if not named:
            return {}
        inputs = self._read.inputs(named)
        return {node: inputs[activity].nodes for activity, node in named.items()}

    def down(self, nodes: Collection[int]) -> set[int]:
        """Return the outputs that any of the nodes fed."""
        lows: Bounds = {}
        uses, same = self._read.uses(nodes), self._same
        for node in nodes:
            for _, activity, since in uses[node]:
                if activity < 0 or (same and same.get(node) == activity >> STEP_BITS):
                    continue
                if since < lows.get(activity, _LATEST):
                    lows[activity] = since
        around, within = self._read.around(lows), self._read.within(lows)
        plain = dict(lows) if self._is_same_step else {}
        direct, inner = lows, {}
        if any(map(around.__getitem__, lows)) or any(map(within.__getitem__, lows)):
            direct = dict(lows)
            for activity, since in lows.items():
                for outer in around[activity]:
                    _lower(inner, outer, since)
                    if self._is_same_step:
                        _lower(plain, outer, since)
                for inside in within[activity]:
                    _lower(direct, inside, since)
                    if self._is_enclosing:
                        _lower(plain, inside, since)
        return self._outputs(plain, direct, inner)

    def up(self, nodes: Collection[int]) -> set[int]:
        """Return the inputs that fed any of the nodes."""
        highs: Bounds = {}
        scoped: list[tuple[int, int, float]] = []
        makings, same = self._read.makings(nodes), self._same
        for node in nodes:
            for _, activity, until, direction in makings[node]:
                if activity < 0 or (same and same.get(node) == activity >> STEP_BITS):
                    continue
                if direction == SCOPED:
                    scoped.append((node, activity, until))
                elif direction == 1 and until > highs.get(activity, _EARLIEST):
                    highs[activity] = until
        wanted = dict(highs) if self._is_same_step else {}
        around, within = self._read.around(highs), self._read.within(highs)
        for activity, until in highs.items():
            if self._is_same_step:
                for inside in within[activity]:
                    _raise(wanted, inside, until)
            if self._is_enclosing:
                for outer in around[activity]:
                    _raise(wanted, outer, until)
        if scoped and self._is_enclosing:
            self._want_scoped(scoped, wanted)
        inputs = self._read.inputs(wanted)
        reached: set[int] = set()
        for activity, until in wanted.items():
            ends = inputs[activity]
            if ends.extreme <= until:
                self._reach(reached, ends.nodes, activity)
            else:
                pairs = zip(ends.nodes, ends.times, strict=True)
                fed = [node for node, since in pairs if since <= until]
                self._reach(reached, fed, activity)
        return reached

    def _want_scoped(
        self, scoped: Collection[tuple[int, int, float]], wanted: Bounds
    ) -> None:
        activities = {activity for _, activity, _ in scoped}
        around = self._read.around(activities)
        direct = self._are_direct(scoped)
        within: Mapping[int, Iterable[int]] = {}
        if len(direct) < len(scoped):
            within = self._read.within(activities)
        for node, activity, until in scoped:
            if (node, activity) in direct:
                chosen: Iterable[int] = (activity, *around[activity])
            else:
                chosen = within[activity]
            for one in chosen:
                _raise(wanted, one, until)

    def _outputs(self, plain: Bounds, direct: Bounds, inner: Bounds) -> set[int]:
        """Return the outputs of activities that were made since the bounds."""
        activities = {*direct, *inner} if inner else direct
        outputs = self._read.outputs(activities)
        reached: set[int] = set()
        scoped: list[tuple[int, int, float]] = []
        for activity in activities:
            ends = outputs[activity]
            scoped += [(node, activity, at) for node, at in ends.scoped]
            low = plain.get(activity, _LATEST)
            if ends.extreme >= low:
                self._reach(reached, ends.nodes, activity)
            elif ends.nodes:
                pairs = zip(ends.nodes, ends.times, strict=True)
                fed = [node for node, at in pairs if at >= low]
                self._reach(reached, fed, activity)
        if not (scoped and self._is_enclosing):
            return reached
        near = [one for one in scoped if one[2] >= direct.get(one[1], _LATEST)]
        rest = [one for one in scoped if one[2] >= inner.get(one[1], _LATEST)]
        known = self._are_direct(rest) if rest else set()
        for node, activity, _ in (*near, *(o for o in rest if o[:2] not in known)):
            self._reach(reached, (node,), activity)
        return reached

    def _are_direct(
        self, scoped: Collection[tuple[int, int, float]]
    ) -> set[tuple[int, int]]:
        """Return the outputs of steps without inputs that come from inputs around."""
        activities = {activity for _, activity, _ in scoped}
        around = self._read.around(activities)
        inputs = self._read.inputs(activities.union(*(around[a] for a in activities)))
        return {
            (node, activity)
            for node, activity, until in scoped
            if any(
                since <= until and source != node
                for one in (activity, *around[activity])
                for source, since in zip(
                    inputs[one].nodes, inputs[one].times, strict=True
                )
            )
        }

    def _reach(
        self, reached: set[int], nodes: Collection[int], activity: int
    ) -> None:
        if self._same:
            task = activity >> STEP_BITS
            nodes = [node for node in nodes if self._same.get(node) != task]
        reached.update(nodes)


_LATEST: Final = float("inf")
_EARLIEST: Final = float("-inf")


def _lower(bounds: Bounds, activity: int, time: float) -> None:
    if time < bounds.get(activity, _LATEST):
        bounds[activity] = time


def _raise(bounds: Bounds, activity: int, time: float) -> None:
    if time > bounds.get(activity, _EARLIEST):
        bounds[activity] = time

