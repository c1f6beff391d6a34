"""The list of tasks, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ...model.graph import Node
from ...model.lists import TasksPage, TasksParams, TaskSummary
from ...model.selector import parse, status_word
from ..store.activity_ids import INPUT
from .nodes import artifact_nodes, task_nodes
from .pages import checked_after
from .query_session import GraphReader, find_name
from .selector_eval import select
from .team_graph import TeamGraph, task_of_ref

#: What a sort compares; the id decides between equals.
_ORDERS: Final = {
    "created": "t.created_at",
    "name": "COALESCE(lower(t.name), '')",
    "status": "t.status",
    "duration": "COALESCE(t.ended_at - t.started_at, -1)",
}
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
    size = params.limit
    where, names = _conditions(params)
    order = _Order(params)
    rows: list[tuple[Any, int, int]] = []
    total = 0
    with reader.views(team_ids) as views:
        for view in views:
            if params.select is not None:
                names["among"] = _selected(view, params.select)
            names["team"] = view.team_id
            sql = "SELECT COUNT(*) FROM tasks t" + where  # noqa: S608  made of constants
            count = view.tx.one(sql, names)
            total += count[0] if count else 0
            rows += [(*row, view.team_id) for row in order.page(view, where, names)]
        rows.sort(reverse=order.is_down)
        page = rows[order.start : order.start + size]
        lines = [line for view in views for line in _lines(view, page)]
    places = {(id, team): at for at, (_, id, team) in enumerate(page)}
    lines.sort(key=lambda line: places[line[0]])
    more = order.next(page) if len(rows) > order.start + size else None
    return TasksPage(tasks=[line for _, line in lines], next=more, total=total)


class _Order:
    """The order of the rows, and where the page begins in it.

    Sorted by the newest, a page begins after the last row of the one before, so tasks
    that came since do not shift it. In any other order rows are counted off.
    """

    def __init__(self, params: TasksParams) -> None:
        self.is_down = params.sort.startswith("-")
        self._value = _ORDERS[params.sort.removeprefix("-")]
        self._size = params.limit
        self._is_newest = params.sort == "-created"
        self._place = _place(params.after) if self._is_newest else None
        self.start = 0 if self._is_newest else checked_after(params.after)

    def page(self, view: TeamGraph, where: str, names: dict[str, Any]) -> list[Any]:
        """Return one team's sort values and ids, from the page on."""
        names = {**names, "most": self.start + self._size + 1}
        if self._place is not None:
            where += " AND (t.created_at, t.id) < (:last_at, :last_id)"
            names.update(last_at=self._place[0], last_id=self._place[1])
        way = "DESC" if self.is_down else "ASC"
        return view.tx.all(
            f"SELECT {self._value}, t.id FROM tasks t{where}"  # noqa: S608  made of constants
            f" ORDER BY {self._value} {way}, t.id {way} LIMIT :most",
            names,
        )

    def next(self, page: Sequence[tuple[Any, int, int]]) -> str:
        """Return what leads to the page after this one."""
        if self._is_newest:
            return f"{page[-1][0]!r}:{page[-1][1]}"
        return str(self.start + self._size)


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
    nodes = artifact_nodes(view, {row[2] for row in firsts})
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
