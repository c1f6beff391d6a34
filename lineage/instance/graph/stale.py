"""Outputs made from inputs that have newer versions by now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from ...model.comparisons import (
    Rerun,
    StaleAnswer,
    StaleItem,
    StaleParams,
    StaleReason,
)
from ...model.graph import Node
from ..store.derived_links import DerivedLink
from .impact import tasks_to_rerun
from .latest_versions import MAKING_HOWS, stale_reasons
from .latest_versions import StaleReason as Reason
from .links import task_of
from .nodes import data_nodes, task_nodes
from .pages import checked_after
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
    """List outputs that a new run would make differently, one row for each.

    Tasks stand in the order in which they have to run again, each with its outputs.
    """
    start, size = checked_after(params.after), params.limit
    items: list[StaleItem] = []
    commands: dict[str, str | None] = {}
    with reader.views(team_ids) as views:
        chosen: list[tuple[TeamGraph, set[NodeRef] | None]]
        chosen = [(view, None) for view in views]
        if params.of is not None:
            chosen = list(find(views, params.of))
        for view, refs in chosen:
            some = None if refs is None else _outputs(view, refs)
            items += _items(view, some, params, commands)
    shown = items[start : start + size]
    places = {key: at for at, key in enumerate(_by_task(items))}
    tasks = _by_task(shown)
    return StaleAnswer(
        items=shown,
        reruns=[Rerun(task=tasks[key], command=commands.get(key)) for key in tasks],
        reruns_before=places[shown[0].task.key] if shown else 0,
        next=str(start + size) if len(items) > start + size else None,
    )


def _by_task(items: Sequence[StaleItem]) -> dict[str, Node]:
    """Return the tasks of outputs by their keys, each once."""
    return {item.task.key: item.task for item in items}


def _items(
    view: TeamGraph,
    some: Collection[int] | None,
    params: StaleParams,
    commands: dict[str, str | None],
) -> list[StaleItem]:
    """Make a row for each stale output, by the order in which their tasks have to run.

    Args:
        view: One team's graph.
        some: The outputs to look at; all of the team when None.
        params: Which of them are listed.
        commands: Gets the command of each task, by the task's key.
    """
    is_all = params.all
    outputs = _made_from_old(view) if some is None or params.indirect else some
    by_output = _by_output(stale_reasons(view, _listed(view, outputs, is_all=is_all)))
    direct = set(by_output)
    if params.indirect:
        made = _made_from_stale(view, direct)
        listed = set(_listed(view, made, is_all=is_all))
        by_output |= _by_output(r for id in listed for r in made[id])
    if some is not None:
        by_output = {id: by_output[id] for id in by_output.keys() & set(some)}
    reasons = [reason for part in by_output.values() for reason in part]
    ids = {id for r in reasons for id in (r.output, r.used, r.current)}
    data, tasks = data_nodes(view, ids), task_nodes(view, {r.task for r in reasons})
    reruns = tasks_to_rerun(view, view.links.makers(by_output))
    commands.update({tasks[id].key: reruns[id] for id in reruns.keys() & tasks.keys()})
    places = {task: place for place, task in enumerate(reruns)}

    def in_order(output: int) -> tuple[int, int]:
        return places.get(by_output[output][0].task, len(places)), -output

    return [
        StaleItem(
            node=data[output],
            task=tasks[part[0].task],
            used=data[part[0].used],
            newest=data[part[0].current],
            reasons=[
                StaleReason(used=data[r.used], current=data[r.current]) for r in part
            ],
            is_indirect=output not in direct,
        )
        for output in sorted(by_output, key=in_order)
        for part in [by_output[output]]
    ]


def _listed(view: TeamGraph, outputs: Collection[int], *, is_all: bool) -> list[int]:
    """Keep outputs that are not deleted and, unless `is_all`, current."""
    return [row[0] for row in view.rows(_CURRENT, ids=list(outputs), all=int(is_all))]


def _by_output(reasons: Iterable[Reason]) -> dict[int, list[Reason]]:
    found: dict[int, list[Reason]] = {}
    for reason in reasons:
        found.setdefault(reason.output, []).append(reason)
    return found


def _made_from_stale(view: TeamGraph, stale: set[int]) -> dict[int, list[Reason]]:
    """Return what was made of stale outputs, through other artifacts and copies too."""
    found: dict[int, dict[Reason, None]] = {}
    frontier = set(stale)
    while frontier:
        links = [
            link
            for part in _chunks(sorted(frontier))
            for link in view.links.downstream(part)
            if link.target not in stale and (link.how in MAKING_HOWS or _is_copy(link))
        ]
        frontier = {link.target for link in links} - found.keys()
        makers = view.links.makers({link.target for link in links})
        for link in links:
            task = task_of(link) or next(iter(makers.get(link.target, ())), 0)
            reason = Reason(link.target, task, link.source, link.source)
            found.setdefault(link.target, {})[reason] = None
    return {output: list(reasons) for output, reasons in found.items()}


def _is_copy(link: DerivedLink) -> bool:
    return link.how == "same content"


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
