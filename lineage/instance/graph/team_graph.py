"""One team's graph, as one question sees it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ...model.graph import Node
from ..store.database import Transaction
from .adjacency import Adjacency
from .cards import data_cards, task_cards
from .link_cache import LinkCache
from .team_reader import TeamReader

#: A card's place: a task's id below zero (as -id - 1), or a node's id.
Spot = int


class TeamGraph(TeamReader):
    """Reads one team's graph at one moment.

    Args:
        tx: The transaction.
        team_id: The team.
        memo: The warm graphs.
        as_of: Leave out what was recorded later.
        earlier: The teams that the question asks before this one.
    """

    def __init__(
        self,
        tx: Transaction,
        team_id: int,
        memo: LinkCache,
        as_of: float | None = None,
        earlier: Sequence[int] = (),
    ) -> None:
        super().__init__(tx, team_id, as_of, earlier)
        self.links = Adjacency(tx, team_id, memo.team(team_id), as_of)

    def joined(self, nodes: Collection[int]) -> dict[int, int]:
        """Tell which of the nodes are tasks themselves, and which tasks."""
        if not nodes:
            return {}
        rows = self.rows(
            "SELECT n.id, n.task_id FROM each_int(:ids) AS x"
            " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
            " WHERE n.task_id IS NOT NULL",
            ids=nodes,
        )
        return {row[0]: row[1] for row in rows}

    def joined_for_others(self, nodes: Collection[int]) -> dict[int, int]:
        """Tell which of the nodes are tasks that other tasks used or made."""
        if not nodes:
            return {}
        rows = self.rows(
            "SELECT n.id, n.task_id FROM each_int(:ids) AS x"
            " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
            " WHERE n.task_id IS NOT NULL AND EXISTS (SELECT 1 FROM links l"
            " WHERE l.team_id = n.team_id AND l.node_id = n.id"
            " AND l.activity >> 24 <> n.task_id)",
            ids=nodes,
        )
        return {row[0]: row[1] for row in rows}

    def things_of(self, tasks: Collection[int]) -> dict[int, int]:
        """Give the nodes by which tasks are named as things, and their tasks."""
        if not tasks:
            return {}
        rows = self.rows(
            "SELECT n.id, n.task_id FROM each_int(:ids) AS x"
            " JOIN nodes n ON n.team_id = :team AND n.task_id = x.value",
            ids=tasks,
        )
        return {row[0]: row[1] for row in rows}

    def present(self, spots: Collection[Spot]) -> set[Spot]:
        """Leave out what was first recorded after the moment asked about."""
        if self.as_of is None or not spots:
            return set(spots)
        tasks = self.rows(
            "SELECT t.id FROM each_int(:ids) AS x"
            " JOIN tasks t ON t.team_id = :team AND t.id = x.value"
            " WHERE t.created_at <= :as_of OR t.started_at <= :as_of",
            ids=[task_at(spot) for spot in spots if spot < 0],
        )
        nodes = self.rows(
            "SELECT n.id FROM each_int(:ids) AS x"
            " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
            " WHERE n.created_at <= :as_of OR EXISTS (SELECT 1 FROM links l"
            " WHERE l.team_id = n.team_id AND l.node_id = n.id AND l.activity >= 0"
            " AND l.since <= :as_of)",
            ids=[spot for spot in spots if spot >= 0],
        )
        return {*(spot_of_task(row[0]) for row in tasks), *(row[0] for row in nodes)}

    def things(self, nodes: Collection[int]) -> dict[int, Node]:
        """Make the cards of nodes; a task named as a thing has its own card."""
        joined = self.joined(nodes)
        tasks = task_cards(self, set(joined.values()))
        data = data_cards(self, [n for n in nodes if n not in joined])
        return {**data, **{node: tasks[task] for node, task in joined.items()}}

    def cards(self, spots: Iterable[Spot]) -> dict[Spot, Node]:
        """Make the cards of tasks and nodes."""
        places = list(spots)
        tasks = task_cards(self, [task_at(s) for s in places if s < 0])
        data = data_cards(self, [s for s in places if s >= 0])
        return {**{spot_of_task(id): card for id, card in tasks.items()}, **data}


def spot_of_task(task_id: int) -> Spot:
    """Give the place of a task among nodes."""
    return -task_id - 1


def task_at(spot: Spot) -> int:
    """Give the task of a place below zero."""
    return -spot - 1
