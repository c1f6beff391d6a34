"""One team's graph, as one question sees it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ...model.graph import Node
from ..store.database import Transaction
from .cards import data_cards, task_cards
from .links import Links
from .memo import Memo

#: A card's place: a task's id below zero (as -id - 1), or a node's id.
Spot = int


class TeamView:
    """Reads one team's graph at one moment.

    Args:
        tx: The transaction.
        team_id: The team.
        memo: The warm graphs.
        as_of: Leave out what was recorded later.
    """

    def __init__(
        self, tx: Transaction, team_id: int, memo: Memo, as_of: float | None = None
    ) -> None:
        self.tx = tx
        self.team_id = team_id
        self.as_of = as_of
        self.links = Links(tx, team_id, memo.team(team_id), as_of)

    def joined(self, nodes: Collection[int]) -> dict[int, int]:
        """Tell which of the nodes are tasks themselves, and which tasks."""
        if not nodes:
            return {}
        rows = self.tx.all(
            "SELECT n.id, n.task_id FROM each_int(:ids) AS x"
            " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
            " WHERE n.task_id IS NOT NULL",
            {"ids": nodes, "team": self.team_id},
        )
        return {row[0]: row[1] for row in rows}

    def things_of(self, tasks: Collection[int]) -> dict[int, int]:
        """Give the nodes by which tasks are named as things, and their tasks."""
        if not tasks:
            return {}
        rows = self.tx.all(
            "SELECT n.id, n.task_id FROM each_int(:ids) AS x"
            " JOIN nodes n ON n.team_id = :team AND n.task_id = x.value",
            {"ids": tasks, "team": self.team_id},
        )
        return {row[0]: row[1] for row in rows}

    def things(self, nodes: Collection[int]) -> dict[int, Node]:
        """Make the cards of nodes; a task named as a thing has its own card."""
        joined = self.joined(nodes)
        tasks = task_cards(self.tx, self.team_id, set(joined.values()))
        data = data_cards(self.tx, self.team_id, [n for n in nodes if n not in joined])
        return {**data, **{node: tasks[task] for node, task in joined.items()}}

    def cards(self, spots: Iterable[Spot]) -> dict[Spot, Node]:
        """Make the cards of tasks and nodes."""
        places = list(spots)
        tasks = task_cards(self.tx, self.team_id, [task_at(s) for s in places if s < 0])
        data = data_cards(self.tx, self.team_id, [s for s in places if s >= 0])
        return {**{spot_of_task(id): card for id, card in tasks.items()}, **data}


def spot_of_task(task_id: int) -> Spot:
    """Give the place of a task among nodes."""
    return -task_id - 1


def task_at(spot: Spot) -> int:
    """Give the task of a place below zero."""
    return -spot - 1
