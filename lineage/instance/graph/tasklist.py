"""The list of tasks, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ...model.graph import Node, TasksPage, TasksParams, TaskSummary
from ...model.selector import parse, status_word
from ..store.activity_ids import INPUT
from .nodes import task_nodes
from .pages import checked_limit
from .query_session import GraphReader, find_name
from .selector_eval import select
from .team_graph import TeamGraph, task_of_ref

#: Artifacts shown in a line of the list, of each direction.
FEW: Final = 5

_COUNTS: Final = (
    "SELECT e.task_id, e.direction, COUNT(DISTINCT e.node_id)"
    " FROM each_int(:ids) AS x JOIN edges e"
    " ON e.team_id = :team AND e.task_id = x.value GROUP BY e.task_id, e.direction"
)
_FIRST: Final = (
    "SELECT task_id, direction, node_id FROM (SELECT d.*, ROW_NUMBER() OVER"
    " (PARTITION BY task_id, direction ORDER BY node_id) AS place FROM"
    " (SELECT DISTINCT e.task_id, e.direction, e.node_id"
    " FROM each_int(:ids) AS x JOIN edges e"
    " ON e.team_id = :team AND e.task_id = x.value) AS d) AS p WHERE place <= :few"
)
_KIND: Final = (
    " AND EXISTS (SELECT 1 FROM edges e"
    " JOIN nodes n ON n.team_id = e.team_id AND n.id = e.node_id"
    " JOIN entities k ON k.team_id = n.team_id AND k.id = n.entity_id"
    " WHERE e.team_id = t.team_id AND e.task_id = t.id AND k.kind = :kind{model})"
)


def list_tasks(
    reader: GraphReader, team_ids: Sequence[int], params: TasksParams
) -> TasksPage:
    """Answer `lineage.tasks.list`."""
    size = checked_limit(params.limit)
    where, names = _conditions(params)
    place = _place(params.after)
    rows: list[tuple[float, int, int]] = []
    total = 0
    with reader.views(team_ids) as views:
        for view in views:
            if params.select is not None:
                names["among"] = _selected(view, params.select)
            names["team"] = view.team_id
            sql = "SELECT COUNT(*) FROM tasks t" + where  # noqa: S608  made of constants
            count = view.tx.one(sql, names)
            total += count[0] if count else 0
            rows += [
                (*row, view.team_id) for row in _page(view, where, names, place, size)
            ]
        rows.sort(reverse=True)
        page = rows[:size]
        lines = [line for view in views for line in _lines(view, page)]
    order = {(id, team): at for at, (_, id, team) in enumerate(page)}
    lines.sort(key=lambda line: order[line[0]])
    more = f"{page[-1][0]!r}:{page[-1][1]}" if len(rows) > size else None
    return TasksPage(tasks=[line for _, line in lines], next=more, total=total)


def _selected(view: TeamGraph, text: str) -> list[int]:
    """Return the tasks that a selector matches in a team."""
    focus = find_name([view], text) or [(view, select(view, parse(text)))]
    return [task_of_ref(ref) for _, refs in focus for ref in refs if ref < 0]


def _conditions(params: TasksParams) -> tuple[str, dict[str, Any]]:
    where, names = " WHERE t.team_id = :team", dict[str, Any]()
    if params.text:
        text = params.text
        pattern = text.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
        where += " AND (lower(t.name) LIKE :text ESCAPE '!' OR t.number = :number)"
        is_number = text.isascii() and text.isdecimal() and len(text) < 19
        names.update(text=f"%{pattern}%", number=int(text) if is_number else -1)
    if params.select is not None:
        where += " AND t.id IN (SELECT x.value FROM each_int(:among) AS x)"
    if params.status:
        where += " AND t.status IN (SELECT s.value FROM each_text(:statuses) AS s)"
        names["statuses"] = [status_word(params.status)]
    if params.kind and params.kind != "task":
        model = " AND k.is_model = 1" if params.kind == "model_weight" else ""
        where += _KIND.replace("{model}", model)
        names["kind"] = "file" if params.kind == "model_weight" else params.kind
    for name, value, sign in (
        ("since", params.since, ">="),
        ("until", params.until, "<="),
    ):
        if value is not None:
            where += f" AND t.created_at {sign} :{name}"
            names[name] = value
    return where, names


def _page(
    view: TeamGraph,
    where: str,
    names: dict[str, Any],
    place: tuple[float, int] | None,
    size: int,
) -> list[Any]:
    names = {**names, "most": size + 1}
    if place is not None:
        where += " AND (t.created_at, t.id) < (:last_at, :last_id)"
        names.update(last_at=place[0], last_id=place[1])
    return view.tx.all(
        f"SELECT t.created_at, t.id FROM tasks t{where}"  # noqa: S608  made of constants
        " ORDER BY t.created_at DESC, t.id DESC LIMIT :most",
        names,
    )


def _place(after: str | None) -> tuple[float, int] | None:
    if after is None:
        return None
    at, _, id = after.partition(":")
    try:
        return float(at), int(id)
    except ValueError as error:
        raise ValueError(
            f"after must be the `next` of an answer, not {after!r}"
        ) from error


def _lines(
    view: TeamGraph, page: Sequence[tuple[float, int, int]]
) -> list[tuple[tuple[int, int], TaskSummary]]:
    tx, team = view.tx, view.team_id
    ids = [id for _, id, owner in page if owner == team]
    names = {"ids": ids, "team": team}
    counts = {(t, d): count for t, d, count in tx.all(_COUNTS, names)}
    firsts = tx.all(_FIRST, {**names, "few": FEW})
    nodes = view.artifact_nodes({row[2] for row in firsts})
    parents = _parents(view, ids)
    shown: dict[tuple[int, int], list[Node]] = {}
    for task, direction, node in firsts:
        shown.setdefault((task, direction), []).append(nodes[node])
    return [
        (
            (id, team),
            TaskSummary(
                node=node,
                inputs=shown.get((id, INPUT), []),
                outputs=shown.get((id, 1), []),
                input_count=counts.get((id, INPUT), 0),
                output_count=counts.get((id, 1), 0),
                parent=parents[id][0],
                user=parents[id][1],
            ),
        )
        for id, node in task_nodes(view, ids).items()
    ]


def _parents(view: TeamGraph, ids: list[int]) -> dict[int, tuple[str | None, str]]:
    """Return the key of each task's parent, if it has one, and its user."""
    rows = view.rows(
        "SELECT t.id, t.user_name, p.number FROM each_int(:ids) AS x"
        " JOIN tasks t ON t.team_id = :team AND t.id = x.value"
        " LEFT JOIN runs r ON r.team_id = t.team_id AND r.run = t.parent_run"
        " LEFT JOIN tasks p ON p.team_id = t.team_id AND p.id = r.task_id",
        ids=ids,
    )
    keys = view.task_keys({row[2] for row in rows if row[2] is not None})
    return {id: (keys.get(number), user) for id, user, number in rows}
