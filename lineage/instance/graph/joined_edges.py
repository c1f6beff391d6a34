"""Joins the edges of many tasks and versions into those between few items."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ...model.graph import GraphEdge
from .edges import EdgeGroup, EdgeSet
from .grouping import Ends, Id
from .opened_steps import OpenedSteps

#: Names of steps that an edge shows, at most.
MAX_NAMES: Final = 4


class JoinedEdges:
    """The edges between the items of a picture.

    Args:
        edges: The edges of each team.
        lines: Every line, with its team.
        item_of: The item of each member.
        steps: The tasks that are opened into steps.
    """

    def __init__(
        self,
        edges: Sequence[EdgeSet],
        lines: Iterable[tuple[int, Ends, EdgeGroup]],
        item_of: Mapping[Id, str],
        steps: OpenedSteps,
    ) -> None:
        self.times: set[float] = set()
        #: When the first edge of each item was recorded.
        self.since: dict[str, float] = {}
        self._edges = edges
        self._item_of = item_of
        self._joined: dict[tuple[str, str], GraphEdge] = {}
        self._steps: dict[tuple[str, str], set[tuple[int, int, int]]] = defaultdict(set)
        self._outputs: dict[tuple[str, str], set[Id]] = defaultdict(set)
        for at, ends, group in lines:
            self._add(at, ends, group, steps)

    def ends(self) -> set[str]:
        """Return the items that have an edge."""
        return {key for ends in self._joined for key in ends}

    def arrows(self) -> list[GraphEdge]:
        """Return the edges, with the names of their steps and what they derive from."""
        names = {
            (at, *step): name
            for at, edges in enumerate(self._edges)
            for step, name in edges.step_names(
                {step[1:] for steps in self._steps.values() for step in steps
                 if step[0] == at}
            ).items()
        }  # fmt: skip
        sources = self._sources()
        for ends, edge in self._joined.items():
            known = {names[step] for step in self._steps[ends] if step in names}
            edge.steps = sorted(known)[:MAX_NAMES]
            derived = [sources.get(output) for output in self._outputs[ends]]
            if derived and all(derived):
                edge.derived_from = sorted(
                    {key for keys in derived for key in keys or ()}
                )
        return list(self._joined.values())

    def _add(self, at: int, ends: Ends, group: EdgeGroup, steps: OpenedSteps) -> None:
        source, target = (self._item_of[end] for end in ends)
        if source == target:
            return
        if group.at:
            self.times.add(group.at)
        if ends[0][1] < 0:
            for key, count, own in steps.split(ends[0], source, group):
                self._join(at, ends, group, (key, target), count, own)
        else:
            for key, count, own in steps.split(ends[1], target, group):
                self._join(at, ends, group, (source, key), count, own)

    def _join(
        self,
        at: int,
        ends: Ends,
        group: EdgeGroup,
        items: tuple[str, str],
        count: int,
        steps: frozenset[tuple[int, int]],
    ) -> None:
        edge = self._joined.get(items)
        if edge is None:
            edge = self._joined[items] = GraphEdge(
                source=items[0],
                target=items[1],
                role=group.role,  # type: ignore[arg-type]  # one of the literals
                count=0,
                recorded_at=group.at,
                how=group.how,  # type: ignore[arg-type]  # one of `HOWS`
                is_reused=group.is_reused,
            )
        edge.count += count
        edge.recorded_at = min(edge.recorded_at or math.inf, group.at)
        for key in items:
            self.since[key] = min(self.since.get(key, math.inf), group.at)
        self._steps[items].update((at, *step) for step in steps)
        if group.role == "output":
            self._outputs[items].add(ends[1])

    def _sources(self) -> dict[Id, set[str]]:
        """Return the items of the inputs that outputs name, by output."""
        outputs = {output for ends in self._outputs.values() for output in ends}
        found = {}
        for at, edges in enumerate(self._edges):
            refs = {ref for team, ref in outputs if team == at and ref >= 0}
            for output, sources in edges.sources(refs).items():
                found[at, output] = {
                    self._item_of[at, source]
                    for source in sources
                    if (at, source) in self._item_of
                }
        return found
