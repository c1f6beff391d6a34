"""Outputs made from inputs that have newer versions by now."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from ...model.comparisons import StaleAnswer, StaleItem, StaleParams, StaleReason
from . import latest_versions
from .latest_versions import stale_reasons
from .nodes import data_nodes, task_nodes
from .pages import checked_after, checked_limit
from .query_session import GraphReader, find
from .team_graph import NodeRef, TeamGraph, task_of_ref

#: Versions that are looked at together.
CHUNK: Final = 2000

# Versions that are not current and were used: only what was made of them can be stale.
_OLD: Final = """
SELECT n.id FROM entities e
JOIN nodes n ON n.team_id = e.team_id AND n.entity_id = e.id
JOIN nodes c ON c.team_id = e.team_id AND c.id = e.latest_id
WHERE e.team_id = :team AND e.versions > 1 AND n.same_as <> c.same_as
AND EXISTS (SELECT 1 FROM links i WHERE i.team_id = n.team_id AND i.node_id = n.id
    AND i.direction = 0)
ORDER BY n.id DESC
"""
_CURRENT: Final = (
    "SELECT n.id FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.id = x.value"
    " JOIN entities e ON e.team_id = :team AND e.id = n.entity_id"
    " WHERE n.is_made = 1 AND n.deleted_at IS NULL AND (:all = 1 OR e.latest_id = n.id)"
)


def stale(
    reader: GraphReader, team_ids: Sequence[int], params: StaleParams
) -> StaleAnswer:
    """List outputs that a new run would make differently, one row for each."""
    start, size = checked_after(params.after), checked_limit(params.limit)
    answer = StaleAnswer(items=[])
    with reader.views(team_ids) as views:
        chosen: list[tuple[TeamGraph, set[NodeRef] | None]]
        chosen = [(view, None) for view in views]
        if params.of is not None:
            chosen = list(find(views, params.of))
        for view, refs in chosen:
            outputs = _made_from_old(view) if refs is None else _outputs(view, refs)
            answer.items += _items(view, outputs, with_all=params.all)
    if len(answer.items) > start + size:
        answer.next = str(start + size)
    answer.items = answer.items[start : start + size]
    return answer


def _items(
    view: TeamGraph, outputs: Collection[int], *, with_all: bool
) -> list[StaleItem]:
    """Make a row for each stale output, the newest first."""
    rows = view.rows(_CURRENT, ids=list(outputs), all=int(with_all))
    reasons = stale_reasons(view, [row[0] for row in rows])
    by_output: dict[int, list[latest_versions.StaleReason]] = {}
    for reason in reasons:
        by_output.setdefault(reason.output, []).append(reason)
    ids = {id for r in reasons for id in (r.output, r.used, r.current)}
    data, tasks = data_nodes(view, ids), task_nodes(view, {r.task for r in reasons})
    return [
        StaleItem(
            node=data[output],
            task=tasks[part[0].task],
            used=data[part[0].used],
            newest=data[part[0].current],
            reasons=[
                StaleReason(used=data[r.used], current=data[r.current]) for r in part
            ],
        )
        for output, part in sorted(by_output.items(), reverse=True)
    ]


def _made_from_old(view: TeamGraph) -> set[int]:
    """Return what was made from versions that are not current."""
    return {
        link.target
        for part in _chunks([row[0] for row in view.rows(_OLD)])
        for link in view.links.downstream(part)
        if link.activity
    }


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    for at in range(0, len(ids), CHUNK):
        yield ids[at : at + CHUNK]


def _outputs(view: TeamGraph, refs: set[NodeRef]) -> set[int]:
    """Return the versions among refs, and what the tasks among them made."""
    tasks = [task_of_ref(ref) for ref in refs if ref < 0]
    return {ref for ref in refs if ref >= 0} | view.links.outputs_of(tasks)
