"""Outputs made from artifacts that have a newer version by now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...model.graph import StaleAnswer, StaleItem, StaleParams
from .nodes import data_nodes, task_nodes
from .pages import checked_after, checked_limit
from .query_session import GraphReader, find
from .team_graph import NodeRef, TeamGraph

# From what is out of date to what was made of it: few artifacts are.
_FROM_OLD: Final = """
SELECT DISTINCT o.node_id, o.activity >> 24, n.id, e.latest_id
FROM entities e
JOIN nodes n ON n.team_id = e.team_id AND n.entity_id = e.id AND n.id <> e.latest_id
JOIN links i ON i.team_id = n.team_id AND i.node_id = n.id AND i.direction = 0
JOIN links o ON o.team_id = i.team_id AND o.activity = i.activity AND o.direction = 1
WHERE e.team_id = :team AND e.versions > 1 AND o.activity + 0 >= 0
AND NOT EXISTS (SELECT 1 FROM links m WHERE m.team_id = :team
    AND m.node_id = e.latest_id AND m.direction = 1
    AND m.activity >= (o.activity >> 24) << 24
    AND m.activity < ((o.activity >> 24) + 1) << 24)
{among}
ORDER BY o.node_id DESC, n.id LIMIT :most OFFSET :start
"""


def stale(
    reader: GraphReader, team_ids: Sequence[int], params: StaleParams
) -> StaleAnswer:
    """Answer `lineage.graph.stale`, of everything or of what a selector means."""
    start, size = checked_after(params.after), checked_limit(params.limit)
    answer = StaleAnswer(items=[])
    with reader.views(team_ids) as views:
        if params.of is None:
            chosen: list[tuple[TeamGraph, set[NodeRef] | None]] = [
                (v, None) for v in views
            ]
        else:
            chosen = list(find(views, params.of))
        for view, refs in chosen:
            answer.items += _items(view, refs, start + size + 1)
    if len(answer.items) > start + size:
        answer.next = str(start + size)
    answer.items = answer.items[start : start + size]
    return answer


def _items(view: TeamGraph, refs: set[NodeRef] | None, most: int) -> list[StaleItem]:
    among = "" if refs is None else (
        "AND o.node_id IN (SELECT x.value FROM each_int(:among) AS x)"
    )  # fmt: skip
    names = {"team": view.team_id, "most": most, "start": 0}
    if refs is not None:
        names["among"] = _outputs(view, refs)  # type: ignore[assignment]  # a list
    rows = view.tx.all(_FROM_OLD.replace("{among}", among), names)
    data = data_nodes(view, {id for row in rows for id in (row[0], row[2], row[3])})
    tasks = task_nodes(view, {row[1] for row in rows})
    return [
        StaleItem(node=data[o], task=tasks[t], used=data[used], newest=data[latest])
        for o, t, used, latest in rows
    ]


def _outputs(view: TeamGraph, refs: set[NodeRef]) -> list[int]:
    """Return the artifacts among nodes, and what the tasks among them made."""
    tasks = [-ref - 1 for ref in refs if ref < 0]
    rows = view.tx.all(
        "SELECT DISTINCT e.node_id FROM each_int(:tasks) AS x JOIN edges e"
        " ON e.team_id = :team AND e.task_id = x.value WHERE e.direction = 1",
        {"tasks": tasks, "team": view.team_id},
    )
    return [*(ref for ref in refs if ref >= 0), *(row[0] for row in rows)]
