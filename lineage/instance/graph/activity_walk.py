"""Which nodes are reached from others through activities, in the order of time.

An output derives from the inputs of its activity and of those around and inside it that
were used before it was made last (see `store/derived_links.py`). For many nodes at once
it is enough to know, of each activity, the bound of time from which its other ends are
reached.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from ..store.activity_ids import MADE, OUTPUT, SCOPED, STEP_BITS
from .links import Adjacency, AdjacencyMemory

_SAME: Final = "same step"
_ENCLOSING: Final = "enclosing step"
#: Links that no task made.
_BESIDE: Final = ("same content", "part of")
Bounds = dict[int, float]
#: A link that no task made: its near and its far end, and how it is known.
Beside = tuple[int, int, str]


class Reached(NamedTuple):
    """What lies beyond some nodes."""

    tasks: set[int]
    by_name: set[int]
    """Nodes that are joined with them by `derived_from`."""
    by_activity: set[int]
    """Nodes that are joined with them by activities."""
    beside: list[Beside]
    """Links that no task made, as `ActivityWalk.beside` returns them."""


class ActivityWalk:
    """Finds the other ends of activities, for one walk.

    Args:
        ends: Reads the ends of nodes and of activities.
        same: Nodes that stand for tasks, with those tasks, which are not walked
            through from them.
        hows: The ways in which links may be known; None is any.
    """

    def __init__(
        self,
        ends: Adjacency,
        same: Mapping[int, int],
        hows: Collection[str] | None,
    ) -> None:
        self._ends = ends
        self._same = same
        self._hows = hows
        self._is_same_step = hows is None or _SAME in hows
        self._is_enclosing = hows is None or _ENCLOSING in hows
        self._goes_beside = hows is None or not set(hows).isdisjoint(_BESIDE)
        #: Whether everything below was reached by `derived_from` or in the same step.
        self.is_certain = True

    def down(self, nodes: Collection[int]) -> Reached:
        """Go from nodes to outputs that come from any of them, and to their users."""
        known, same = self._ends.below(nodes), self._same
        first_uses: Bounds = {}
        own: set[int] = set()
        get, uses = first_uses.get, known.uses
        for node in nodes:
            is_task = node in same
            for _, activity, since in uses[node]:
                if is_task and same[node] == activity >> STEP_BITS:
                    own.add(same[node])
                elif since < get(activity, _LATEST):
                    first_uses[activity] = since
        named = {-activity for activity in first_uses if activity < 0}
        if named:
            first_uses = {a: since for a, since in first_uses.items() if a > 0}
        users = {activity >> STEP_BITS for activity in first_uses} | own
        outputs = self._outputs_of_uses(known, first_uses)
        beside = self.beside(nodes, up=False)
        self.is_certain = self.is_certain and not beside
        return Reached(users, named, outputs, beside)

    def up(self, nodes: Collection[int]) -> Reached:
        """Go from nodes to inputs that any of them comes from, and to their makers."""
        known, same = self._ends.above(nodes), self._same
        last_makings: Bounds = {}
        makers: set[int] = set()
        named: set[int] = set()
        scoped: list[tuple[int, int, float]] = []
        for node in nodes:
            for _, activity, until, direction in known.makings[node]:
                if activity < 0:
                    if direction != MADE:
                        named.add(activity)
                    continue
                makers.add(activity >> STEP_BITS)
                if same and same.get(node) == activity >> STEP_BITS:
                    continue
                if direction == SCOPED:
                    scoped.append((node, activity, until))
                elif direction == OUTPUT and until > last_makings.get(
                    activity, _EARLIEST
                ):
                    last_makings[activity] = until
        sources = {end[1] for activity in named for end in known.inputs[activity]}
        inputs = self._inputs_of_makings(known, last_makings, scoped)
        return Reached(makers, sources, inputs, self.beside(nodes, up=True))

    def beside(self, nodes: Collection[int], *, up: bool) -> list[Beside]:
        """Return the links of nodes that no task made.

        Of two nodes of which one names the other as its source, that link is the one.
        """
        if not self._goes_beside:
            return []
        beside = self._ends.beside(nodes, is_up=up)
        return [
            (near, far, how)
            for near in nodes
            if beside[near]
            for far, how in beside[near]
            if (self._hows is None or how in self._hows)
            and not self._is_named_source(near, far, up=up)
        ]

    def _is_named_source(self, near: int, far: int, *, up: bool) -> bool:
        """Whether one of two nodes names the other in its `derived_from`."""
        if not up:
            return any(row[1] == -far for row in self._ends.uses([near])[near])
        known = self._ends.above([near])
        named = [row[1] for row in known.makings[near] if row[1] < 0]
        return any(end[1] == far for one in named for end in known.inputs[one])

    def _outputs_of_uses(self, known: AdjacencyMemory, first_uses: Bounds) -> set[int]:
        """Return the outputs that come from what activities used.

        Args:
            known: What was read.
            first_uses: When each activity first used one of the nodes.
        """
        around, within = known.around, known.within
        plain = first_uses if self._is_same_step else {}
        inner: Bounds = {}
        trees = (around, within)
        if not any(any(map(tree.__getitem__, first_uses)) for tree in trees):
            return self._outputs(known, plain, first_uses, inner)
        plain, direct = dict(plain), dict(first_uses)
        for activity, since in first_uses.items():
            for outer in around[activity]:
                _keep_earlier(inner, outer, since)
                if self._is_same_step:
                    _keep_earlier(plain, outer, since)
            for inside in within[activity]:
                _keep_earlier(direct, inside, since)
                if self._is_enclosing:
                    self.is_certain = False
                    _keep_earlier(plain, inside, since)
        return self._outputs(known, plain, direct, inner)

    def _inputs_of_makings(
        self,
        known: AdjacencyMemory,
        last_makings: Bounds,
        scoped: Collection[tuple[int, int, float]],
    ) -> set[int]:
        """Return the inputs that went into what activities made.

        Args:
            known: What was read.
            last_makings: When each activity last made one of the nodes.
            scoped: Nodes that steps without inputs made: node, activity and time.
        """
        wanted = dict(last_makings) if self._is_same_step else {}
        around, within = known.around, known.within
        for activity, until in last_makings.items():
            if self._is_same_step:
                for inside in within[activity]:
                    _keep_later(wanted, inside, until)
            if self._is_enclosing:
                for outer in around[activity]:
                    _keep_later(wanted, outer, until)
        if scoped and self._is_enclosing:
            self._add_inputs_of_scoped(known, scoped, wanted)
        inputs, same = known.inputs, self._same
        return {
            node
            for activity, until in wanted.items()
            for _, node, since, _ in inputs[activity]
            if since <= until and not (same and same.get(node) == activity >> STEP_BITS)
        }

    def _add_inputs_of_scoped(
        self,
        known: AdjacencyMemory,
        scoped: Collection[tuple[int, int, float]],
        wanted: Bounds,
    ) -> None:
        """Add the activities whose inputs an output of a step without inputs has."""
        direct = self._are_direct(scoped)
        for node, activity, until in scoped:
            is_direct = (node, activity) in direct
            outer = (activity, *known.around[activity])
            for one in outer if is_direct else known.within[activity]:
                _keep_later(wanted, one, until)

    def _outputs(
        self, known: AdjacencyMemory, plain: Bounds, direct: Bounds, inner: Bounds
    ) -> set[int]:
        """Return the outputs of activities that were made since the bounds."""
        outputs, same = known.outputs, self._same
        reached = {
            node
            for activity, since in plain.items()
            for _, node, until, _ in outputs[activity]
            if until >= since and not (same and same.get(node) == activity >> STEP_BITS)
        }
        if not (known.scoped and self._is_enclosing):
            return reached
        scoped = [
            (node, activity, until)
            for activity in known.scoped.keys() & (direct.keys() | inner.keys())
            for _, node, until, _ in known.scoped[activity]
            if not (same and same.get(node) == activity >> STEP_BITS)
        ]
        self.is_certain = self.is_certain and not scoped
        near = [one for one in scoped if one[2] >= direct.get(one[1], _LATEST)]
        rest = [one for one in scoped if one[2] >= inner.get(one[1], _LATEST)]
        from_inputs_around = self._are_direct(rest) if rest else set()
        reached.update(one[0] for one in near)
        reached.update(one[0] for one in rest if one[:2] not in from_inputs_around)
        return reached

    def _are_direct(
        self, scoped: Collection[tuple[int, int, float]]
    ) -> set[tuple[int, int]]:
        """Return the outputs of steps without inputs that come from inputs around."""
        known = self._ends.feeding({activity for _, activity, _ in scoped})
        return {
            (node, activity)
            for node, activity, until in scoped
            if any(
                since <= until and source != node
                for one in (activity, *known.around[activity])
                for _, source, since, _ in known.inputs[one]
            )
        }


_LATEST: Final = float("inf")
_EARLIEST: Final = float("-inf")


def _keep_earlier(bounds: Bounds, activity: int, time: float) -> None:
    """Note a time of an activity unless an earlier one is noted."""
    if time < bounds.get(activity, _LATEST):
        bounds[activity] = time


def _keep_later(bounds: Bounds, activity: int, time: float) -> None:
    """Note a time of an activity unless a later one is noted."""
    if time > bounds.get(activity, _EARLIEST):
        bounds[activity] = time
