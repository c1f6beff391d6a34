"""Counts what is left out of a picture around an item, each artifact or app once."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from .edges import Line
from .team_graph import NodeRef, TeamGraph, task_of_ref

_AROUND_TASKS: Final = (
    "SELECT COUNT(DISTINCT e.{what}) FROM each_int(:ids) AS x JOIN edges e"
    " ON e.team_id = :team AND e.task_id = x.value AND e.is_reused = 0"
    " LEFT JOIN nodes n ON n.team_id = e.team_id AND n.id = e.node_id"
    " AND n.task_id = e.task_id WHERE n.id IS NULL AND e.direction {is_side}"
    " AND e.node_id NOT IN (SELECT y.value FROM each_int(:drawn) AS y)"
    "{when e.recorded_at}"
)
_AROUND_DATA: Final = (
    "SELECT COUNT(DISTINCT {what}) FROM each_int(:ids) AS x JOIN links l"
    " ON l.team_id = :team AND l.node_id = x.value AND l.activity > 0"
    " JOIN tasks t ON t.team_id = l.team_id AND t.id = (l.activity >> 24)"
    " WHERE l.direction {is_side}"
    " AND t.id NOT IN (SELECT y.value FROM each_int(:drawn) AS y){when l.since}"
)
#: An app by its name; a task without one is an app by itself.
_APP: Final = "COALESCE(NULLIF(t.name, ''), CAST(t.id AS TEXT))"


class HiddenNeighbours:
    """What is left out around the nodes of one team.

    Args:
        view: The team's graph.
        lines: The drawn lines.
        is_by_artifact: Count artifacts and apps, else versions and tasks.
    """

    def __init__(
        self, view: TeamGraph, lines: Collection[Line], *, is_by_artifact: bool
    ) -> None:
        self._view = view
        self._is_by_artifact = is_by_artifact
        self._drawn: dict[NodeRef, tuple[set[NodeRef], set[NodeRef]]] = {}
        for source, target in lines:
            self._ends(source)[1].add(target)
            self._ends(target)[0].add(source)

    def count(self, refs: Collection[NodeRef], side: int) -> int:
        """Count what is left out around some nodes: upstream 0, else downstream."""
        drawn: set[NodeRef] = set()
        for ref in refs:
            drawn |= self._ends(ref)[side]
        tasks = [task_of_ref(ref) for ref in refs if ref < 0]
        data = [ref for ref in refs if ref >= 0]
        # A task that is used or made as an artifact has neighbours of that kind too.
        named = list(self._view.nodes_of_tasks(tasks)) if tasks else []
        return self._around_tasks(tasks, drawn, side) + self._around_data(
            [*data, *named], {*drawn, *(ref for ref in refs if ref < 0)}, side
        )

    def _around_tasks(self, tasks: list[int], drawn: set[NodeRef], side: int) -> int:
        if not tasks:
            return 0
        what = "entity_id" if self._is_by_artifact else "node_id"
        sql = _AROUND_TASKS.replace("{what}", what)
        sql = sql.replace("{is_side}", "<> 0" if side else "= 0")
        near = [ref for ref in drawn if ref >= 0]
        return int(self._view.rows(sql, ids=tasks, drawn=near)[0][0])

    def _around_data(self, nodes: list[int], drawn: set[NodeRef], side: int) -> int:
        if not nodes:
            return 0
        sql = _AROUND_DATA.replace("{what}", _APP if self._is_by_artifact else "t.id")
        # A task that has it as input is downstream of it.
        sql = sql.replace("{is_side}", "= 0" if side else "<> 0")
        near = [task_of_ref(ref) for ref in drawn if ref < 0]
        return int(self._view.rows(sql, ids=nodes, drawn=near)[0][0])

    def _ends(self, ref: NodeRef) -> tuple[set[NodeRef], set[NodeRef]]:
        return self._drawn.setdefault(ref, (set(), set()))
