"""Makes the cards of tasks and of versions of things."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Final

from pydantic import ValidationError

from ...model.graph import Icon, Link, Node
from ..store.database import Transaction

_TASK: Final = (
    "SELECT t.id, t.number, t.name, t.status, t.workspace_id, t.started_at,"
    " t.ended_at, t.created_at, t.card FROM each_int(:ids) AS x"
    " JOIN tasks t ON t.team_id = :team AND t.id = x.value"
)
_DATA: Final = (
    "SELECT n.id, e.kind, e.ident, e.name, e.is_model, e.versions, n.label, n.size,"
    " n.digest, n.card, n.created_at, n.deleted_at FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
    " JOIN entities e ON e.team_id = n.team_id AND e.id = n.entity_id"
)
# `+ 0` keeps SQLite from reading every activity instead of the one that is equal.
# A version is stale when a task that made it took what has a newer version now,
# unless that task made the newer one itself.
_STALE: Final = """
SELECT DISTINCT o.node_id FROM each_int(:ids) AS x
JOIN links o ON o.team_id = :team AND o.node_id = x.value AND o.direction = 1
JOIN links i ON i.team_id = :team AND i.activity = o.activity AND i.direction = 0
JOIN nodes n ON n.team_id = :team AND n.id = i.node_id
JOIN entities e ON e.team_id = :team AND e.id = n.entity_id
WHERE o.activity + 0 >= 0 AND e.versions > 1 AND e.latest_id <> n.id
AND NOT EXISTS (SELECT 1 FROM links m WHERE m.team_id = :team
    AND m.node_id = e.latest_id AND m.direction = 1
    AND m.activity >= (o.activity >> 24) << 24
    AND m.activity < ((o.activity >> 24) + 1) << 24)
"""


def task_key(number: int) -> str:
    """Give the key of a task."""
    return f"task:{number}"


def data_key(node_id: int) -> str:
    """Give the key of a version of a thing."""
    return f"data:{node_id}"


def task_cards(tx: Transaction, team: int, ids: Collection[int]) -> dict[int, Node]:
    """Make the cards of tasks."""
    cards: dict[int, Node] = {}
    if not ids:
        return cards
    for row in tx.all(_TASK, {"ids": ids, "team": team}):
        id, number, name, status, workspace, started, ended, created, card = row
        cards[id] = Node(
            key=task_key(number),
            type="task",
            kind="task",
            id=number,
            name=name or f"task {number}",
            team_id=team,
            workspace_id=workspace,
            status=status,
            started_at=started,
            ended_at=ended,
            created_at=created,
            **_looks(card),
        )
    return cards


def data_cards(tx: Transaction, team: int, ids: Collection[int]) -> dict[int, Node]:
    """Make the cards of versions of things."""
    cards: dict[int, Node] = {}
    if not ids:
        return cards
    for row in tx.all(_DATA, {"ids": ids, "team": team}):
        id, kind, ident, name, is_model, versions, label, size, digest = row[:9]
        cards[id] = Node(
            key=data_key(id),
            type="data",
            kind="model_weight" if is_model and kind == "file" else kind,
            id=int(ident) if ident.isdecimal() and len(ident) < 19 else ident,
            name=name,
            version=label,
            version_count=versions,
            team_id=team,
            size=size,
            digest=digest,
            created_at=row[10],
            is_deleted=row[11] is not None,
            **_looks(row[9]),
        )
    for id in stale_among(tx, team, cards):
        cards[id].is_stale = True
    return cards


def stale_among(tx: Transaction, team: int, ids: Collection[int]) -> set[int]:
    """Tell which versions were made from something that has a newer version."""
    if not ids:
        return set()
    return {row[0] for row in tx.all(_STALE, {"ids": list(ids), "team": team})}


def _looks(card: str | None) -> dict[str, Any]:
    """Give what an app's card says; a part in the wrong form is left out."""
    said = json.loads(card) if card else {}
    looks: dict[str, Any] = {
        key: said[key]
        for key in ("title", "description")
        if isinstance(said.get(key), str)
    }
    for key, name, model in (("icon", "icon", Icon), ("mainLink", "link", Link)):
        try:
            looks[name] = model.model_validate(said[key])
        except (KeyError, ValidationError):
            continue
    return looks
