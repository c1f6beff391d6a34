"""One team's graph, as one question sees it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from ..store.database import TeamReader, Transaction
from .links import LinkCache, TeamLinks

#: A task or a version as one number: -id - 1 of a task, or a node's id.
NodeRef = int


_NODES_OF_TASKS: Final = """
SELECT n.id, n.task_id FROM each_int(:nodes) AS x
JOIN nodes n ON n.team_id = :team AND n.id = x.value
WHERE n.task_id IS NOT NULL AND EXISTS (SELECT 1 FROM links l
    WHERE l.team_id = n.team_id AND l.node_id = n.id AND l.activity >> 24 <> n.task_id)
UNION
SELECT n.id, n.task_id FROM each_int(:tasks) AS x
JOIN nodes n ON n.team_id = :team AND n.task_id = x.value
"""


class TeamGraph(TeamReader):
    """Reads one team's graph at one moment.

    Args:
        tx: The transaction.
        team_id: The team.
        cache: What was read of each team's graph before.
        revision: How often the team's graph has changed.
        as_of: Leave out what was recorded later.
        earlier: The teams that the question asks before this one.
    """

    def __init__(
        self,
        tx: Transaction,
        team_id: int,
        cache: LinkCache,
        revision: int = 0,
        as_of: float | None = None,
        earlier: Sequence[int] = (),
    ) -> None:
        super().__init__(tx, team_id, as_of)
        self.revision = revision
        self.links = TeamLinks(self, cache, revision)
        self._earlier = earlier

    def task_keys(self, numbers: Collection[int]) -> dict[int, str]:
        """Return the keys of tasks by their numbers.

        Teams may have the same number. Of the teams that are asked the
        first one's task is `task:12` then, that of team 5 `task:12@5`.
        """
        taken: set[int] = set()
        if self._earlier and numbers:
            rows = self.tx.all(
                "SELECT t.number FROM each_int(:numbers) AS x JOIN tasks t"
                " ON t.team_id IN (SELECT y.value FROM each_int(:teams) AS y)"
                " AND t.number = x.value",
                {"numbers": numbers, "teams": self._earlier},
            )
            taken = {row[0] for row in rows}
        return {
            number: f"task:{number}@{self.team_id}"
            if number in taken
            else f"task:{number}"
            for number in numbers
        }

    def joined(self, nodes: Collection[int]) -> dict[int, int]:
        """Return which of the nodes are tasks themselves, and which tasks."""
        if not nodes:
            return {}
        rows = self.rows(
            "SELECT n.id, n.task_id FROM each_int(:ids) AS x"
            " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
            " WHERE n.task_id IS NOT NULL",
            ids=nodes,
        )
        return {row[0]: row[1] for row in rows}

    def nodes_of_tasks(
        self, tasks: Collection[int], among: Collection[int] = ()
    ) -> dict[int, int]:
        """Return the nodes by which tasks are named as artifacts, and their tasks.

        Args:
            tasks: The tasks.
            among: Nodes; those that name a task which other tasks used or made are
                returned as well.
        """
        if not tasks and not among:
            return {}
        return dict(self.rows(_NODES_OF_TASKS, tasks=tasks, nodes=among))

    def visible(self, refs: Collection[NodeRef]) -> set[NodeRef]:
        """Leave out what was first recorded after the moment asked about."""
        if self.as_of is None or not refs:
            return set(refs)
        tasks = self.rows(
            "SELECT t.id FROM each_int(:ids) AS x"
            " JOIN tasks t ON t.team_id = :team AND t.id = x.value"
            " WHERE t.created_at <= :as_of OR t.started_at <= :as_of",
            ids=[task_of_ref(ref) for ref in refs if ref < 0],
        )
        nodes = self.rows(
            "SELECT n.id FROM each_int(:ids) AS x"
            " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
            " WHERE n.created_at <= :as_of OR EXISTS (SELECT 1 FROM links l"
            " WHERE l.team_id = n.team_id AND l.node_id = n.id AND l.activity >= 0"
            " AND l.since <= :as_of)",
            ids=[ref for ref in refs if ref >= 0],
        )
        return {*(task_ref(row[0]) for row in tasks), *(row[0] for row in nodes)}


def task_ref(task_id: int) -> NodeRef:
    """Return the reference of a task."""
    return -task_id - 1


def task_of_ref(ref: NodeRef) -> int:
    """Return the id of the task that a reference below zero means."""
    return -ref - 1
