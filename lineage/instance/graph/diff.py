"""What differs between two tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from ...errors import NotFoundError
from ...model.graph import DiffAnswer, DiffItem, DiffParams, FieldDiff, Node
from ..store.activity_ids import INPUT
from .details import task_detail
from .nodes import data_nodes
from .query_session import GraphReader, find
from .team_graph import TeamGraph, task_of_ref

_FIELDS: Final = (
    "host",
    "user",
    "python",
    "git_commit",
    "git_dirty",
    "command",
    "error",
)

Artifact = tuple[str, str | int]


def diff(
    reader: GraphReader, team_ids: Sequence[int], params: DiffParams
) -> DiffAnswer:
    """Answer `lineage.graph.diff`.

    Raises:
        NotFoundError: One of them means no task.
    """
    with reader.views(team_ids) as views:
        (view_a, task_a), (view_b, task_b) = (
            _task(views, text) for text in (params.a, params.b)
        )
        one, other = task_detail(view_a, task_a), task_detail(view_b, task_b)
        items = [
            item
            for direction in (0, 1)
            for item in _items(
                direction, _artifacts(view_a, task_a, direction),
                _artifacts(view_b, task_b, direction),
            )
        ]  # fmt: skip
    pairs = [("name", one.node.name, other.node.name)]
    pairs += [("status", one.node.status, other.node.status)]  # type: ignore[list-item]  # may be None
    pairs += [(f, getattr(one, f), getattr(other, f)) for f in _FIELDS]
    fields = [FieldDiff(field=f, a=x, b=y) for f, x, y in pairs if x != y]
    is_same = not fields and all(item.change == "same" for item in items)
    return DiffAnswer(
        a=one.node, b=other.node, items=items, fields=fields, is_same=is_same
    )


def _task(views: Sequence[TeamGraph], text: str) -> tuple[TeamGraph, int]:
    for view, refs in find(views, f"task:{text}" if text.isdecimal() else text):
        tasks = [task_of_ref(ref) for ref in refs if ref < 0]
        if tasks:
            return view, max(tasks)
    raise NotFoundError(f"{text!r} is no task; diff compares two tasks", subject=text)


def _artifacts(
    view: TeamGraph, task: int, direction: int
) -> dict[Artifact, list[Node]]:
    rows = view.tx.all(
        "SELECT DISTINCT node_id FROM edges"
        " WHERE team_id = ? AND task_id = ? AND direction = ?",
        (view.team_id, task, direction),
    )
    artifacts: dict[Artifact, list[Node]] = {}
    nodes = data_nodes(view, [row[0] for row in rows])
    for _, node in sorted(nodes.items()):
        kind = "file" if node.kind == "model_weight" else node.kind
        artifacts.setdefault((kind, node.id), []).append(node)
    return artifacts


def _items(
    direction: int, a: dict[Artifact, list[Node]], b: dict[Artifact, list[Node]]
) -> list[DiffItem]:
    word: Literal["input", "output"] = "input" if direction == INPUT else "output"
    items = []
    for artifact in sorted(a.keys() | b.keys(), key=str):
        ours, theirs = a.get(artifact, []), b.get(artifact, [])
        same = {node.key for node in ours} & {node.key for node in theirs}
        items += [
            DiffItem(direction=word, change="same", a=node, b=node)
            for node in ours
            if node.key in same
        ]
        only_a = [node for node in ours if node.key not in same]
        only_b = [node for node in theirs if node.key not in same]
        for at in range(max(len(only_a), len(only_b))):
            x = only_a[at] if at < len(only_a) else None
            y = only_b[at] if at < len(only_b) else None
            items.append(DiffItem(direction=word, change=_change(x, y), a=x, b=y))
    return items


def _change(a: Any, b: Any) -> Literal["added", "removed", "version"]:
    if a is None:
        return "added"
    return "removed" if b is None else "version"
