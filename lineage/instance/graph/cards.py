"""Makes the cards of tasks and of versions of things."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any, Final

from pydantic import ValidationError

from ...model.graph import Icon, Link, Node
from .latest_versions import newest_versions, stale_among
from .team_reader import TeamReader

_TASK: Final = (
    "SELECT t.id, t.number, t.name, t.status, t.workspace_id, t.started_at,"
    " t.ended_at, t.created_at, t.card FROM each_int(:ids) AS x"
    " JOIN tasks t ON t.team_id = :team AND t.id = x.value"
)
_DATA: Final = (
    "SELECT n.id, e.kind, e.ident, e.name, e.is_model, e.versions, n.label, n.size,"
    " n.digest, n.card, n.created_at, n.deleted_at, e.id FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
    " JOIN entities e ON e.team_id = n.team_id AND e.id = n.entity_id"
)
#: What apps leave open in a link until the id is known.
_OPEN = re.compile(r"\{(\w+)\}")


def data_key(node_id: int) -> str:
    """Give the key of a version of a thing."""
    return f"data:{node_id}"


def task_cards(sight: TeamReader, ids: Collection[int]) -> dict[int, Node]:
    """Make the cards of tasks; one that ended later is shown as started."""
    cards: dict[int, Node] = {}
    if not ids:
        return cards
    rows = sight.rows(_TASK, ids=ids)
    keys = sight.task_keys({row[1] for row in rows})
    for row in rows:
        id, number, name, status, workspace, started, ended, created, card = row
        is_going_on = ended is not None and not sight.has_come(ended)
        cards[id] = Node(
            key=keys[number],
            type="task",
            kind="task",
            id=number,
            name=name or f"task {number}",
            team_id=sight.team_id,
            workspace_id=workspace,
            status="started" if is_going_on else status,
            started_at=started,
            ended_at=None if is_going_on else ended,
            created_at=created,
            **_looks(card, {"task_id": number, "id": number}),
        )
    return cards


def data_cards(sight: TeamReader, ids: Collection[int]) -> dict[int, Node]:
    """Make the cards of versions of things."""
    cards: dict[int, Node] = {}
    if not ids:
        return cards
    rows = sight.rows(_DATA, ids=ids)
    for row in rows:
        id, kind, ident, name, is_model, versions, label, size, digest = row[:9]
        number = int(ident) if ident.isdecimal() and len(ident) < 19 else None
        cards[id] = Node(
            key=data_key(id),
            type="data",
            kind="model_weight" if is_model and kind == "file" else kind,
            id=ident if number is None else number,
            name=name,
            version=label,
            version_count=versions,
            team_id=sight.team_id,
            size=size,
            digest=digest,
            created_at=row[10],
            is_deleted=sight.has_come(row[11]),
            **_looks(row[9], {} if number is None else {"id": number}),
        )
    if sight.as_of is not None:
        newest = newest_versions(sight, {row[12] for row in rows if row[5] > 1})
        for row in rows:
            if row[12] in newest:
                cards[row[0]].version_count = newest[row[12]].versions
    for id in stale_among(sight, cards):
        cards[id].is_stale = True
    return cards


def _looks(card: str | None, ids: dict[str, int]) -> dict[str, Any]:
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
    link = looks.pop("link", None)
    if link is not None:
        link.url = _OPEN.sub(lambda m: str(ids.get(m[1], m[0])), link.url)
        # A link to what nobody knows leads nowhere.
        if _OPEN.search(link.url) is None:
            looks["link"] = link
    return looks
