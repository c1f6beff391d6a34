"""Finds the inputs that an output says it was derived from."""

from __future__ import annotations

from typing import Any

from .activity_ids import INPUT
from .artifact_identity import identity
from .database import Transaction
from .write_cache import TeamCache


class DerivationResolver:
    """Maps what `derived_from` names to the nodes of the task's inputs.

    Args:
        tx: The transaction.
        known: What is remembered of the team.
    """

    def __init__(self, tx: Transaction, known: TeamCache) -> None:
        self._tx = tx
        self._known = known
        self._said: dict[tuple[int, str, str], int] = {}
        self.is_asked = False
        """Whether any fact of the batch will ask."""

    def remember(self, task_id: int, fact: dict[str, Any], node: int) -> None:
        """Keep what an input was called by the app."""
        if self.is_asked:
            self._said[task_id, fact["kind"], str(fact["id"])] = node

    def find(self, task_id: int, kind: str, id: int | str) -> int | None:
        """Give the input's node; none when the task has no such input."""
        node = self._said.get((task_id, kind, str(id)))
        if node is not None:
            return node
        ident = identity(kind, id)
        stored = "task" if kind == "app" else kind
        rows = self._tx.all(
            "SELECT e.node_id, t.ident FROM edges e"
            " JOIN nodes n ON n.team_id = e.team_id AND n.id = e.node_id"
            " JOIN entities t ON t.team_id = n.team_id AND t.id = n.entity_id"
            " WHERE e.team_id = ? AND e.task_id = ? AND e.direction = ?"
            " AND t.kind = ? ORDER BY e.recorded_at DESC",
            (self._known.team_id, task_id, INPUT, stored),
        )
        same = [node for node, known in rows if known == ident]
        # A relative path was stored as the absolute one that it stood for.
        tail = "/" + ident.removeprefix("./")
        ends = [node for node, known in rows if known.endswith(tail)]
        found: list[int] = same or ends
        return found[0] if found else None
