"""Makes the nodes of tasks and of versions of artifacts, as they are shown."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from ...model.graph import Icon, Link, Node
from ...patterns import pattern
from ..store.database import Row
from .latest_versions import newest_versions, stale_among
from .short_paths import shortest_paths
from .task_params import task_params
from .team_graph import NodeRef, TeamGraph, task_of_ref, task_ref

_TASK: Final = (
    "SELECT t.id, t.number, t.name, t.status, t.workspace_id, t.started_at,"
    " t.ended_at, t.created_at, t.card FROM each_int(:ids) AS x"
    " JOIN tasks t ON t.team_id = :team AND t.id = x.value"
)
_DATA: Final = (
    "SELECT n.id, e.kind, e.ident, e.name, e.is_model, e.versions, n.label, n.size,"
    " n.digest, n.card, n.created_at,"
    " n.deleted_at IS NOT NULL{when n.deleted_at}, e.id,"
    " e.latest_id, n.pinned, n.pinned_reason, n.same_as FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
    " JOIN entities e ON e.team_id = n.team_id AND e.id = n.entity_id"
)
_NUMBERS: Final = (
    "SELECT t.id, t.number FROM each_int(:ids) AS x"
    " JOIN tasks t ON t.team_id = :team AND t.id = x.value"
)
#: A placeholder in a link, filled in once the id is known.
_OPEN = pattern(r"\{(\w+)\}")


def data_key(node_id: int) -> str:
    """Return the key of a version of an artifact."""
    return f"data:{node_id}"


def nodes_of(view: TeamGraph, refs: Iterable[NodeRef]) -> dict[NodeRef, Node]:
    """Make the nodes of tasks and of versions."""
    known = list(refs)
    tasks = task_nodes(view, [task_of_ref(ref) for ref in known if ref < 0])
    data = data_nodes(view, [ref for ref in known if ref >= 0])
    return {**{task_ref(id): node for id, node in tasks.items()}, **data}


def keys_of(view: TeamGraph, refs: Iterable[NodeRef]) -> dict[NodeRef, str]:
    """Return the keys of tasks and of versions."""
    known = list(refs)
    tasks = [task_of_ref(ref) for ref in known if ref < 0]
    numbers: dict[int, int] = dict(view.rows(_NUMBERS, ids=tasks))
    named = view.task_keys(set(numbers.values()))
    keys = {task_ref(task): named[number] for task, number in numbers.items()}
    return keys | {ref: data_key(ref) for ref in known if ref >= 0}


def artifact_nodes(view: TeamGraph, ids: Collection[int]) -> dict[int, Node]:
    """Make the nodes of versions; a task named as an artifact has its own node."""
    joined = view.joined(ids)
    tasks = task_nodes(view, set(joined.values()))
    data = data_nodes(view, [id for id in ids if id not in joined])
    return {**data, **{id: tasks[task] for id, task in joined.items()}}


def task_nodes(view: TeamGraph, ids: Collection[int]) -> dict[int, Node]:
    """Make the nodes of tasks; one that ended later is shown as started."""
    nodes: dict[int, Node] = {}
    if not ids:
        return nodes
    rows = view.rows(_TASK, ids=ids)
    keys = view.task_keys({row[1] for row in rows})
    params = task_params(view, ids)
    for row in rows:
        id, number, name, status, workspace, started, ended, created, card = row
        is_going_on = ended is not None and not view.is_visible_at(ended)
        nodes[id] = Node(
            key=keys[number],
            type="task",
            kind="task",
            id=number,
            name=name or f"task {number}",
            team_id=view.team_id,
            workspace_id=workspace,
            status="started" if is_going_on else status,
            started_at=started,
            ended_at=None if is_going_on else ended,
            created_at=created,
            params=params.get(id),
            **_card_fields(card, {"task_id": number, "id": number}),
        )
    return nodes


def data_nodes(view: TeamGraph, ids: Collection[int]) -> dict[int, Node]:
    """Make the nodes of versions of artifacts."""
    nodes: dict[int, Node] = {}
    if not ids:
        return nodes
    rows = view.rows(_DATA, ids=ids)
    labels = shortest_paths(view, {row[12]: (row[3], row[2]) for row in rows})
    fields = {row[0]: _data_fields(row, labels.get(row[12])) for row in rows}
    for id, known in fields.items():
        nodes[id] = Node(type="data", team_id=view.team_id, **known)
    if view.as_of is not None:
        newest = newest_versions(view, {row[12] for row in rows if row[5] > 1})
        for row in rows:
            if row[12] in newest:
                nodes[row[0]].version_count = newest[row[12]].versions
                nodes[row[0]].is_current = newest[row[12]].node == row[0]
    for id in stale_among(view, [id for id in nodes if nodes[id].is_current]):
        nodes[id].is_stale = True
    return nodes


def _data_fields(row: Row, shortest_path: str | None) -> dict[str, Any]:
    """Return what a row says of a version, by the names that a node has for it."""
    id, kind, ident, name, is_model, versions, label, size, digest = row[:9]
    number = int(ident) if ident.isdecimal() and len(ident) < 19 else None
    return {
        "key": data_key(id),
        "kind": "model_weight" if is_model and kind == "file" else kind,
        "id": ident if number is None else number,
        "name": name,
        "label": shortest_path,
        "version": label,
        "version_count": versions,
        "size": size,
        "digest": digest,
        "created_at": row[10],
        "is_deleted": bool(row[11]),
        "is_current": row[13] == id,
        "is_pinned": None if row[14] is None else bool(row[14]),
        "pinned_reason": row[15],
        "same_as": data_key(row[16] or id),
        **_card_fields(row[9], {} if number is None else {"id": number}),
    }


def read_card(text: str | None) -> dict[str, Any]:
    """Return a card; an empty one where there is none, or none that can be read."""
    try:
        card = json.loads(text) if text else {}
    except ValueError:
        return {}
    return card if isinstance(card, dict) else {}


def _card_fields(card_text: str | None, ids: dict[str, int]) -> dict[str, Any]:
    """Return what an app's card gives; a part in the wrong form is left out."""
    if card_text is None:
        return {}
    card = read_card(card_text)
    fields: dict[str, Any] = {
        key: card[key]
        for key in ("title", "description")
        if isinstance(card.get(key), str)
    }
    icon = _texts(card.get("icon"), ("icon", "color", "backgroundColor"))
    if icon is not None:
        fields["icon"] = Icon(**icon)
    named = _texts(card.get("mainLink"), ("url", "title"))
    if named is not None:
        link = Link(**named)
        link.url = _OPEN.sub(lambda m: str(ids.get(m[1], m[0])), link.url)
        # A link with an unknown id leads nowhere.
        if _OPEN.search(link.url) is None:
            fields["link"] = link
    return fields


def _texts(value: Any, names: Sequence[str]) -> dict[str, str] | None:
    """Return the texts of a part of a card; none where one is missing."""
    part = value if isinstance(value, dict) else {}
    known = {n: part[n] for n in names if isinstance(part.get(n), str)}
    return known if len(known) == len(names) else None
