"""Joins the edges of many tasks and versions into those between few items."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from ...model.graph import GraphEdge
from .edges import MAX_PAIRS, EdgeGroup, EdgeSet, Line
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
        #: Of each team: every line, to know what outputs were made from.
        self._lines: list[dict[Line, EdgeGroup]] = [{} for _ in edges]
        #: Task and output of what was made, by the edge that draws it.
        self._made: dict[tuple[str, str], list[Ends]] = defaultdict(list)
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
        self._set_made_from()
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
        self._lines[at][ends[0][1], ends[1][1]] = group
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
            if not group.is_reused:
                self._made[items].append(ends)

    def _set_made_from(self) -> None:
        """Note the items that outputs were made from, where these are not all inputs.

        An output of many runs was made from what any of them made it from.
        """
        inputs: dict[str, set[str]] = defaultdict(set)
        outputs: Counter[str] = Counter()
        for (source, target), edge in self._joined.items():
            if edge.role == "input":
                inputs[target].add(source)
            elif edge.role == "output":
                outputs[source] += 1
        used = self._used()
        for ends, made in self._made.items():
            known = inputs[ends[0]]
            if 0 < len(known) * outputs[ends[0]] <= MAX_PAIRS:
                items = known.intersection(item for line in made for item in used(line))
                if items != known:
                    self._joined[ends].made_from = sorted(items)

    def _used(self) -> Callable[[Ends], set[str]]:
        """Return a function from an output to the items that it was made from."""
        all_of: dict[Id, set[str]] = defaultdict(set)
        some_of: dict[Ends, set[str]] = {}
        for at, lines in enumerate(self._lines):
            for (source, target), group in lines.items():
                if group.role == "input":
                    all_of[at, target].add(self._item_of[at, source])
            made = {
                (ends[0][1], ends[1][1])
                for part in self._made.values()
                for ends in part
                if ends[0][0] == at
            }
            chosen = {line: lines[line] for line in made}
            for line, used in self._edges[at].made_from(chosen, lines).items():
                ends = ((at, line[0]), (at, line[1]))
                some_of[ends] = {self._item_of[at, ref] for ref in used}

        def find(ends: Ends) -> set[str]:
            found = some_of.get(ends)
            return all_of[ends[0]] if found is None else found

        return find

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
