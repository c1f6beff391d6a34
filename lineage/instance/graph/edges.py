"""Draws the edges between nodes, and counts the neighbours that are left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final

from ...model.graph import GraphEdge
from ..store.activity_ids import INPUT, STEP_BITS
from .nodes import data_key
from .team_graph import NodeRef, TeamGraph, task_of_ref, task_ref

_EDGES = (
    "SELECT e.task_id, e.direction, e.node_id, e.step, e.is_reused, e.recorded_at"
    " FROM each_int(:tasks) AS x"
    " JOIN edges e ON e.team_id = :team AND e.task_id = x.value"
    " WHERE e.node_id IN (SELECT y.value FROM each_int(:nodes) AS y)"
    "{when e.recorded_at}"
)
_REVISIONS = (
    "SELECT l.activity, l.node_id, l.since FROM each_int(:ids) AS x JOIN links l"
    " ON l.team_id = :team AND l.activity = x.value AND l.direction = 0"
    " JOIN nodes o ON o.team_id = :team AND o.id = l.node_id"
    " JOIN nodes n ON n.team_id = :team AND n.id = -x.value"
    " AND n.entity_id = o.entity_id{when l.since}"
)
_DATA_NEIGHBOURS = (
    "SELECT l.node_id, CASE WHEN l.direction = 0 THEN 0 ELSE 1 END,"
    " COUNT(DISTINCT l.activity >> 24)"
    " FROM each_int(:ids) AS x JOIN links l"
    " ON l.team_id = :team AND l.node_id = x.value AND l.activity > 0{when l.since}"
    " GROUP BY l.node_id, CASE WHEN l.direction = 0 THEN 0 ELSE 1 END"
)
_TASK_NEIGHBOURS = (
    "SELECT e.task_id, e.direction, COUNT(DISTINCT e.node_id)"
    " FROM each_int(:ids) AS x JOIN edges e"
    " ON e.team_id = :team AND e.task_id = x.value AND e.is_reused = 0"
    " LEFT JOIN nodes n ON n.team_id = e.team_id AND n.id = e.node_id"
    " AND n.task_id = e.task_id WHERE n.id IS NULL{when e.recorded_at}"
    " GROUP BY e.task_id, e.direction"
)
Line = tuple[NodeRef, NodeRef]
#: Pairs of inputs and outputs of one task that are looked into, at most.
MAX_PAIRS: Final = 20_000


class EdgeGroup:
    """The recorded edges between the same two nodes, which are drawn as one."""

    def __init__(self, role: str) -> None:
        self.role = role
        self.count = 0
        self.at = 0.0
        self.steps: set[tuple[int, int]] = set()
        #: Edges that belong to no step.
        self.outside = 0
        self.is_reused = False
        self.how: str | None = None


class EdgeSet:
    """The edges among some nodes of a team.

    Args:
        view: The team's graph.
        refs: The nodes.
    """

    def __init__(self, view: TeamGraph, refs: Collection[NodeRef]) -> None:
        self._view = view
        tasks = [task_of_ref(ref) for ref in refs if ref < 0]
        nodes = [ref for ref in refs if ref >= 0]
        # A task that is named as an artifact stands at its own node.
        self._artifacts = view.nodes_of_tasks(tasks)
        self._drawn: dict[Line, EdgeGroup] = {}
        self._draw_edges(tasks, nodes)
        self._draw_revisions(nodes, set(refs))
        self._draw_links(nodes, set(refs))

    def lines(self) -> Mapping[Line, EdgeGroup]:
        """Return the groups of edges, by the two nodes that each connects."""
        return self._drawn

    def between(
        self, keys: dict[NodeRef, str], fresh: Collection[NodeRef]
    ) -> list[GraphEdge]:
        """Return the edges of which at least one end is among the `fresh` nodes.

        They are in the order of their ends' numbers, whatever the engine's order was.
        """
        known = {
            line: drawn
            for line, drawn in self._drawn.items()
            if line[0] in keys and line[1] in keys
        }
        chosen = {
            line: drawn
            for line, drawn in known.items()
            if line[0] in fresh or line[1] in fresh
        }
        steps = self.step_names({s for d in chosen.values() for s in d.steps})
        outputs = {line[1] for line, drawn in chosen.items() if drawn.role == "output"}
        sources = self.sources({ref for ref in outputs if ref >= 0})
        made_from = self.made_from(chosen, known)
        arrows = []
        for (source, target), drawn in sorted(chosen.items(), key=lambda one: one[0]):
            names = {steps[step] for step in drawn.steps if step in steps}
            derived = sources.get(target) if drawn.role == "output" else None
            used = made_from.get((source, target))
            arrows.append(
                GraphEdge(
                    source=keys[source],
                    target=keys[target],
                    role=drawn.role,  # type: ignore[arg-type]  # one of the literals
                    count=drawn.count,
                    steps=sorted(names),
                    recorded_at=drawn.at,
                    derived_from=sorted(map(data_key, derived)) if derived else None,
                    made_from=None if used is None else sorted(keys[u] for u in used),
                    how=drawn.how,  # type: ignore[arg-type]  # one of `HOWS`
                    is_reused=drawn.is_reused,
                )
            )
        return arrows

    def made_from(
        self, chosen: Mapping[Line, EdgeGroup], known: Mapping[Line, EdgeGroup]
    ) -> dict[Line, set[NodeRef]]:
        """Return of which known inputs each chosen output was made, where not of all.

        Tasks with more pairs of inputs and outputs than `MAX_PAIRS` are left out.
        """
        inputs: dict[NodeRef, set[NodeRef]] = defaultdict(set)
        for (source, task), drawn in known.items():
            if drawn.role == "input":
                inputs[task].add(source)
        outputs: dict[NodeRef, list[int]] = defaultdict(list)
        for (task, output), drawn in chosen.items():
            if drawn.role == "output" and output >= 0 and not drawn.is_reused:
                outputs[task].append(output)
        found: dict[Line, set[NodeRef]] = {
            (task, output): set()
            for task, made in outputs.items()
            if 0 < len(inputs[task]) * len(made) <= MAX_PAIRS
            for output in made
        }
        makers: dict[int, list[NodeRef]] = defaultdict(list)
        for task, output in found:
            makers[output].append(task)
        for link in self._view.links.upstream(makers) if makers else ():
            source = self._ref(link.source)
            for task in makers[link.target] if link.activity else ():
                # What was declared names no task: its activity is below zero.
                through = link.activity >> STEP_BITS
                is_its = link.activity < 0 or through == task_of_ref(task)
                if is_its and source in inputs[task]:
                    found[task, link.target].add(source)
        return {line: used for line, used in found.items() if used != inputs[line[0]]}

    def hidden(self, refs: Collection[NodeRef]) -> dict[NodeRef, tuple[int, int]]:
        """Count each node's neighbours upstream and downstream that have no node."""
        totals = self._neighbours(refs)
        for (source, target), drawn in self._drawn.items():
            # Reused outputs, copies and parts are no neighbours that were counted.
            if drawn.is_reused or drawn.role not in ("input", "output"):
                continue
            totals[source][1] -= 1
            totals[target][0] -= 1
        return {s: (max(0, totals[s][0]), max(0, totals[s][1])) for s in refs}

    def _draw_edges(self, tasks: list[int], nodes: list[int]) -> None:
        if not tasks:
            return
        wanted = [*nodes, *self._artifacts]
        rows = self._view.rows(_EDGES, tasks=tasks, nodes=wanted)
        for task, direction, node, step, is_reused, at in rows:
            ref, own = self._ref(node), task_ref(task)
            if ref == own:
                continue
            line = (ref, own) if direction == INPUT else (own, ref)
            drawn = self._drawn.setdefault(
                line, EdgeGroup("input" if direction == INPUT else "output")
            )
            drawn.count += 1
            drawn.at = max(drawn.at, at)
            if step:
                drawn.steps.add((task, step))
            else:
                drawn.outside += 1
            # What was also produced is no mere reuse, in whatever order it is read.
            drawn.is_reused = bool(is_reused) and (drawn.is_reused or drawn.count == 1)

    def _draw_revisions(self, nodes: list[int], refs: set[NodeRef]) -> None:
        if not nodes:
            return
        ids = [-node for node in nodes]
        for activity, older, at in self._view.rows(_REVISIONS, ids=ids):
            if older in refs:
                drawn = self._drawn.setdefault(
                    (older, -activity), EdgeGroup("revision")
                )
                drawn.count, drawn.at = 1, at

    def _draw_links(self, nodes: list[int], refs: set[NodeRef]) -> None:
        """Draw what no task made of another: copies, and parts of wholes."""
        for link in self._view.links.upstream(nodes):
            if link.activity or link.source not in refs:
                continue
            role = "part" if link.how == "part of" else "content"
            line = (link.source, link.target)
            drawn = self._drawn.setdefault(line, EdgeGroup(role))
            drawn.count, drawn.how = 1, link.how

    def _ref(self, node: int) -> NodeRef:
        task = self._artifacts.get(node)
        return node if task is None else task_ref(task)

    def step_names(
        self, steps: Collection[tuple[int, int]]
    ) -> dict[tuple[int, int], str]:
        """Return the names of steps, by their tasks and numbers."""
        rows = self._view.rows(
            "SELECT s.task_id, s.number, s.name FROM each_int(:tasks) AS x"
            " JOIN steps s ON s.team_id = :team AND s.task_id = x.value"
            " WHERE s.number IN (SELECT y.value FROM each_int(:numbers) AS y)",
            tasks={task for task, _ in steps},
            numbers={number for _, number in steps},
        )
        return {(task, number): name for task, number, name in rows}

    def sources(self, outputs: set[int]) -> dict[int, set[int]]:
        """Return the sources that outputs name."""
        found: dict[int, set[int]] = defaultdict(set)
        for link in self._view.links.upstream(outputs):
            if link.how == "declared":
                found[link.target].add(link.source)
        return found

    def _neighbours(self, refs: Collection[NodeRef]) -> dict[NodeRef, list[int]]:
        totals: dict[NodeRef, list[int]] = defaultdict(lambda: [0, 0])
        nodes = [ref for ref in refs if ref >= 0]
        tasks = [task_of_ref(ref) for ref in refs if ref < 0]
        rows = self._view.rows
        for node, direction, count in rows(_DATA_NEIGHBOURS, ids=nodes):
            # A task that has it as input is downstream of it.
            totals[node][1 if direction == INPUT else 0] += count
        for task, direction, count in rows(_TASK_NEIGHBOURS, ids=tasks):
            totals[task_ref(task)][0 if direction == INPUT else 1] += count
        for node, direction, count in rows(_DATA_NEIGHBOURS, ids=list(self._artifacts)):
            # One of them is the task itself.
            ref = task_ref(self._artifacts[node])
            totals[ref][1 if direction == INPUT else 0] += count - 1
        return totals
