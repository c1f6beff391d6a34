"""Cards of nodes and tasks as texts in the store, and what to do with broken ones.

The store writes nothing but JSON objects; what a disk, or a hand, made of one costs its
card and no answer.
"""

from __future__ import annotations

import json
from typing import Any, Final

from .database import Transaction

#: The rule that `doctor --store` checks.
READABLE: Final = "every card is a JSON object"
_CARDS: Final = {
    "nodes": "SELECT team_id, id, card FROM nodes WHERE card IS NOT NULL",
    "tasks": "SELECT team_id, id, card FROM tasks WHERE card IS NOT NULL",
}
#: A reference to each, by its table.
_REFS: Final = {"nodes": "data:", "tasks": "task "}
#: What the edges of a node, or of a task, say of its card; the last one counts.
_METAS: Final = {
    "nodes": "node_id = :id AND is_reused = 0",
    "tasks": "task_id = :id",
}
_MEMBERS: Final = {
    "nodes": "customRelationSettings",
    "tasks": "customNodeSettings",
}


def broken_cards(tx: Transaction) -> list[tuple[int, str]]:
    """Return the team, and what it belongs to, of each card that cannot be read."""
    return [
        (team, f"{_REFS[table]}{id}")
        for table in _CARDS
        for team, id in _broken(tx, table)
    ]


def mend_cards(tx: Transaction) -> None:
    """Make cards that cannot be read again of the edges; without any, leave none."""
    for table in _CARDS:
        for team, id in _broken(tx, table):
            metas = tx.all(
                "SELECT meta FROM edges WHERE team_id = :team AND meta IS NOT NULL"  # noqa: S608  constant SQL
                f" AND {_METAS[table]} ORDER BY event_at, id",
                {"team": team, "id": id},
            )
            cards = [(_read(row[0]) or {}).get(_MEMBERS[table]) for row in metas]
            card = next((c for c in reversed(cards) if isinstance(c, dict)), None)
            tx.run(
                f"UPDATE {table} SET card = ? WHERE team_id = ? AND id = ?",  # noqa: S608  names are constants of the code
                (None if card is None else json.dumps(card), team, id),
            )


def _broken(tx: Transaction, table: str) -> list[tuple[int, int]]:
    return [
        (team, id) for team, id, card in tx.all(_CARDS[table]) if _read(card) is None
    ]


def _read(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
