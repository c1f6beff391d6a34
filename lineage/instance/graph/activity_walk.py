"""Which nodes are reached from others through activities, in the order of time.

An output derives from the inputs of its activity and of those around and inside it that
were used before it was made last (see `store/derived_links.py`). For many nodes at once
it is enough to know, of each activity, the bound of time from which its other ends are
reached.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from ..store.activity_ids import MADE, OUTPUT, SCOPED, STEP_BITS
from .links import Adjacency

_SAME: Final = "same step"
_ENCLOSING: Final = "enclosing step"
Bounds = dict[int, float]


class Reached(NamedTuple):
    """What lies beyond some nodes."""

    tasks: set[int]
    named: set[int]
    """Nodes that are joined with them by `derived_from`."""
    fed: set[int]
    """Nodes that are joined with them by activities."""


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

    def down(self, nodes: Collection[int]) -> Reached:
        """Go from nodes to the outputs that any of them fed, and to their users."""
        lows: Bounds = {}
        uses, same = self._read.uses(nodes), self._same
        own: set[int] = set()
        get = lows.get
        for node in nodes:
            is_task = node in same
            for _, activity, since in uses[node]:
                if is_task and same[node] == activity >> STEP_BITS:
                    own.add(same[node])
                elif since < get(activity, _LATEST):
                    lows[activity] = since
        named = {-activity for activity in lows if activity < 0}
        if named:
            lows = {a: since for a, since in lows.items() if a > 0}
        users = {activity >> STEP_BITS for activity in lows} | own
        return Reached(users, named, self._fed_by(lows))

    def up(self, nodes: Collection[int]) -> Reached:
        """Go from nodes to the inputs that fed any of them, and to their makers."""
        highs: Bounds = {}
        makers: set[int] = set()
        named: set[int] = set()
        scoped: list[tuple[int, int, float]] = []
        makings, same = self._read.makings(nodes), self._same
        for node in nodes:
            for _, activity, until, direction in makings[node]:
                if activity < 0:
                    if direction != MADE:
                        named.add(activity)
                    continue
                makers.add(activity >> STEP_BITS)
                if same and same.get(node) == activity >> STEP_BITS:
                    continue
                if direction == SCOPED:
                    scoped.append((node, activity, until))
                elif direction == OUTPUT and until > highs.get(activity, _EARLIEST):
                    highs[activity] = until
        inputs = self._read.inputs(named) if named else {}
        sources = {end[1] for activity in named for end in inputs[activity]}
        return Reached(makers, sources, self._that_fed(highs, scoped))

    def names(self, node: int, far: int, *, up: bool) -> bool:
        """Whether one of two nodes names the other as its source."""
        if not up:
            return any(row[1] == -far for row in self._read.uses([node])[node])
        named = [row[1] for row in self._read.makings([node])[node] if row[1] < 0]
        inputs = self._read.inputs(named)
        return any(end[1] == far for activity in named for end in inputs[activity])

    def _fed_by(self, lows: Bounds) -> set[int]:
        """Return the outputs that were fed, by when each activity used a node first."""
        around, within = self._read.around(lows), self._read.within(lows)
        plain = lows if self._is_same_step else {}
        inner: Bounds = {}
        trees = (around, within)
        if not any(any(map(tree.__getitem__, lows)) for tree in trees):
            return self._outputs(plain, lows, inner)
        plain, direct = dict(plain), dict(lows)
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

    def _that_fed(
        self, highs: Bounds, scoped: Collection[tuple[int, int, float]]
    ) -> set[int]:
        """Return the inputs, by when each activity made a node last."""
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
        inputs, same = self._read.inputs(wanted), self._same
        return {
            node
            for activity, until in wanted.items()
            for _, node, since, _ in inputs[activity]
            if since <= until and not (same and same.get(node) == activity >> STEP_BITS)
        }

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
        activities = direct.keys() | inner.keys()
        outputs, same = self._read.outputs(activities), self._same
        reached = {
            node
            for activity, low in plain.items()
            for _, node, until, _ in outputs[activity]
            if until >= low and not (same and same.get(node) == activity >> STEP_BITS)
        }
        if not (self._read.scoped and self._is_enclosing):
            return reached
        scoped = [
            (node, activity, until)
            for activity in self._read.scoped.keys() & activities
            for _, node, until, _ in self._read.scoped[activity]
            if not (same and same.get(node) == activity >> STEP_BITS)
        ]
        near = [one for one in scoped if one[2] >= direct.get(one[1], _LATEST)]
        rest = [one for one in scoped if one[2] >= inner.get(one[1], _LATEST)]
        known = self._are_direct(rest) if rest else set()
        reached.update(one[0] for one in near)
        reached.update(one[0] for one in rest if one[:2] not in known)
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
                for _, source, since, _ in inputs[one]
            )
        }


_LATEST: Final = float("inf")
_EARLIEST: Final = float("-inf")


def _lower(bounds: Bounds, activity: int, time: float) -> None:
    if time < bounds.get(activity, _LATEST):
        bounds[activity] = time


def _raise(bounds: Bounds, activity: int, time: float) -> None:
    if time > bounds.get(activity, _EARLIEST):
        bounds[activity] = time
