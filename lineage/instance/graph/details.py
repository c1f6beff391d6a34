"""Everything known of tasks, and of one version of an artifact."""

# Longer than 400 lines: tasks and versions in full share how their edges are made.

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from ...errors import NotFoundError
from ...model.details import (
    DataDetail,
    DataParams,
    Edge,
    KnownEvidence,
    LogLine,
    Step,
    TaskDetail,
    TaskDetails,
    TaskDetailsParams,
    TaskParams,
)
from ...model.selector import NameSelector
from ...patterns import pattern
from ..store.activity_ids import INPUT, STEP_BITS
from ..store.database import Row
from ..store.edge_uids import SOURCE_BITS, join_uid
from .known_by_events import known_by_events
from .name_resolution import find_named
from .nodes import artifact_nodes, data_key, data_nodes, read_card, task_nodes
from .one_node import one_node, version_of
from .query_session import GraphReader
from .step_filter import IS_STEP
from .task_family import families_of
from .task_params import (
    MAX_VALUES,
    task_environments,
    task_links,
    task_metrics,
    task_params,
)
from .team_graph import TeamGraph, task_of_ref
from .version_makers import version_makers

_TASK_KEY: Final = pattern(r"task:\d+(@\d+)?")
_DATA_KEY: Final = pattern(r"data:\d+")
#: Edges and log lines in one answer, at most; `edges_total` counts all.
MAX_EDGES: Final = 1000
MAX_LINES: Final = 1000

_TASKS: Final = (
    "SELECT t.id, t.run, t.host, t.user_name, t.pid, t.python, t.git_commit,"
    " t.git_dirty, t.command, t.parent_run, t.error, t.traceback, t.card"
    " FROM each_int(:ids) AS x JOIN tasks t ON t.team_id = :team AND t.id = x.value"
)
_NUMBERED: Final = (
    "SELECT t.number, t.id FROM each_int(:numbers) AS x"
    " JOIN tasks t ON t.team_id = :team AND t.number = x.value"
)
#: Tasks that have a row of a table.
_WITH: Final = (
    "SELECT DISTINCT p.task_id FROM each_int(:ids) AS x"
    " JOIN {table} p ON p.team_id = :team AND p.task_id = x.value"
)
_EDGE_COLUMNS: Final = (
    "e.id, e.task_id, e.step, e.direction, e.node_id, e.recorded_at, e.meta,"
    " e.is_reused"
)
_OF_TASK: Final = (
    " FROM edges e WHERE e.team_id = :team AND e.task_id = :task{when e.recorded_at}"
)
_JOINED: Final = (
    " FROM each_int(:ids) AS x"
    " JOIN edges e ON e.team_id = :team AND e.task_id = x.value{when e.recorded_at}"
)
_COUNTS: Final = f"SELECT e.task_id, COUNT(*){_JOINED} GROUP BY e.task_id"
_OF_TASKS: Final = (
    f"SELECT {_EDGE_COLUMNS}{_JOINED} ORDER BY e.task_id, e.recorded_at, e.id"
)
_AMONG: Final = " AND e.node_id IN (SELECT x.value FROM each_int(:among) AS x)"
_BY_NODE: Final = (
    f"SELECT {_EDGE_COLUMNS} FROM edges e JOIN nodes n"  # noqa: S608  made of constants
    " ON n.team_id = e.team_id AND n.entity_id = e.entity_id AND n.id = :node"
    " WHERE e.team_id = :team AND e.node_id = :node AND {which}{when e.event_at}"
    " ORDER BY e.recorded_at, e.id LIMIT :most"
)
_MAKINGS: Final = (
    "SELECT n.id FROM nodes n WHERE n.team_id = :team AND n.entity_id = :entity"
    "{when n.created_at}"
    " ORDER BY COALESCE(n.made_at, n.created_at) DESC, n.id DESC LIMIT :most"
)
_MAKINGS_COUNT: Final = (
    "SELECT COUNT(*) FROM nodes n WHERE n.team_id = :team AND n.entity_id = :entity"
    "{when n.created_at}"
)
_NAMED: Final = (
    "SELECT d.edge_id, d.node_id FROM each_int(:ids) AS x JOIN derivations d"
    " ON d.team_id = :team AND d.edge_id = x.value WHERE d.node_id IS NOT NULL"
    " ORDER BY d.edge_id, d.node_id"
)
#: Outputs whose sources the app named, if only to say that there are none.
_EXPLICIT: Final = (
    "SELECT l.activity, l.node_id FROM each_int(:ids) AS x JOIN links l"
    " ON l.team_id = :team AND l.activity = x.value AND l.direction = 2{when l.since}"
)


def get_task(
    reader: GraphReader, team_ids: Sequence[int], params: TaskParams
) -> TaskDetail:
    """Return everything known about a task.

    Raises:
        SelectorError: The selector cannot be read, or means several tasks.
        NotFoundError: There is no such task.
    """
    text = str(params.run or params.key or params.id).removeprefix("task:")
    with reader.views(team_ids) as views:
        if params.key is not None and not _TASK_KEY.fullmatch(params.key):
            view, ref = one_node(views, params.key)
            if ref < 0:
                return task_detail(view, task_of_ref(ref))
            raise NotFoundError(f"{params.key!r} is no task", subject=params.key)
        detail = _first_detail(views, text)
    if detail is not None:
        return detail
    raise NotFoundError(f"there is no task {text!r}", subject=text)


def get_tasks(
    reader: GraphReader, team_ids: Sequence[int], params: TaskDetailsParams
) -> TaskDetails:
    """Return everything known about several tasks, those that are there."""
    wanted = [key.removeprefix("task:") for key in params.keys]
    found: dict[str, TaskDetail] = {}
    with reader.views(team_ids) as views:
        for view in views:
            tasks = _find_tasks(view, [text for text in wanted if text not in found])
            details = task_details(view, tasks.values())
            found |= {text: details[task] for text, task in tasks.items()}
    return TaskDetails(tasks=[found[text] for text in wanted if text in found])


def _first_detail(views: Sequence[TeamGraph], text: str) -> TaskDetail | None:
    """Return the detail of a task in the first team that has it."""
    for view in views:
        task = _find_task(view, text)
        if task is not None:
            return task_detail(view, task)
    return None


def get_data(
    reader: GraphReader, team_ids: Sequence[int], params: DataParams
) -> DataDetail:
    """Return everything known about one version of an artifact.

    Raises:
        SelectorError: The selector cannot be read, or means several artifacts.
        NotFoundError: There is no such node.
    """
    with reader.views(team_ids) as views:
        view, node = find_data(views, params.key)
        return _data_detail(view, node, params.most_versions)


def find_data(views: Sequence[TeamGraph], key: str) -> tuple[TeamGraph, int]:
    """Return the version of a key, or the one that any selector means.

    Raises:
        SelectorError: The selector cannot be read, or means several artifacts.
        NotFoundError: There is no such version.
    """
    if not _DATA_KEY.fullmatch(key):
        return version_of(views, key)
    for view in views:
        node = _find_data(view, key)
        if node is not None:
            return view, node
    raise NotFoundError(f"there is no {key!r}; keys look like data:345", subject=key)


def _find_data(view: TeamGraph, key: str) -> int | None:
    number = key.removeprefix("data:")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        return None
    sql = "SELECT id FROM nodes WHERE team_id = ? AND id = ?"
    row = view.tx.one(sql, (view.team_id, int(number)))
    return None if row is None else int(row[0])


def task_detail(
    view: TeamGraph, task: int, *, among: set[int] | None = None
) -> TaskDetail:
    """Make the detail of a task, its edges restricted to some nodes if asked."""
    if among is None:
        return task_details(view, [task])[task]
    rows, total = _edges_of(view, task, among)
    return _made(view, [task], {task: (make_edges(view, rows), total)})[task]


def task_details(view: TeamGraph, tasks: Collection[int]) -> dict[int, TaskDetail]:
    """Make the details of several tasks, with one statement for each part."""
    some = list(dict.fromkeys(tasks))
    return _made(view, some, _edges_of_all(view, some)) if some else {}


def _made(
    view: TeamGraph, tasks: list[int], edges: Mapping[int, tuple[list[Edge], int]]
) -> dict[int, TaskDetail]:
    nodes = task_nodes(view, tasks)
    params = task_params(view, tasks, MAX_VALUES)
    environments = task_environments(view, tasks)
    has = {
        table: {row[0] for row in view.rows(_WITH.format(table=table), ids=tasks)}
        for table in ("steps", "logs", "task_metrics", "task_links")
    }
    details = {}
    families = families_of(view, tasks)
    for task, *row, parent_run, error, trace, card in view.rows(_TASKS, ids=tasks):
        run, host, user, pid, python, commit, dirty, command = row
        has_ended = nodes[task].ended_at is not None
        digest, environment = environments.get(task, (None, {}))
        known, total = edges.get(task, ([], 0))
        details[task] = TaskDetail(
            node=nodes[task],
            run=run,
            host=host,
            user=user,
            pid=pid,
            python=python,
            git_commit=commit,
            git_dirty=None if dirty is None else bool(dirty),
            command=command,
            parent_run=parent_run,
            **families[task],
            error=error if has_ended else None,
            traceback=trace if has_ended else None,
            steps=_steps(view, task) if task in has["steps"] else [],
            edges=known,
            edges_total=total,
            log=_log(view, task) if task in has["logs"] else [],
            meta=read_card(card) or None,
            params=params.get(task, {}),
            metrics=task_metrics(view, task) if task in has["task_metrics"] else {},
            environment=environment,
            environment_digest=digest,
            links=task_links(view, task) if task in has["task_links"] else {},
        )
    return details


def _edges_of_all(
    view: TeamGraph, tasks: Collection[int]
) -> dict[int, tuple[list[Edge], int]]:
    """Return the first edges of each task and the number of all of them."""
    totals: dict[int, int] = dict(view.rows(_COUNTS, ids=tasks))
    few = [task for task, total in totals.items() if total <= MAX_EDGES]
    rows = view.rows(_OF_TASKS, ids=few) if few else []
    for task in totals.keys() - set(few):
        rows += _edges_of(view, task, None)[0]
    found: dict[int, list[Edge]] = {}
    for row, edge in zip(rows, make_edges(view, rows), strict=True):
        found.setdefault(row[1], []).append(edge)
    return {task: (edges, totals[task]) for task, edges in found.items()}


def _edges_of(
    view: TeamGraph, task: int, among: set[int] | None
) -> tuple[list[Row], int]:
    """Return the first edges of a task and the number of all of them."""
    sql = _OF_TASK if among is None else _OF_TASK + _AMONG
    names = {"task": task, "among": among or ()}
    rows = view.rows(
        f"SELECT {_EDGE_COLUMNS}{sql} ORDER BY e.recorded_at, e.id LIMIT :most",
        most=MAX_EDGES,
        **names,
    )
    if len(rows) < MAX_EDGES:
        return rows, len(rows)
    return rows, view.rows("SELECT COUNT(*)" + sql, **names)[0][0]


def make_edges(view: TeamGraph, rows: Sequence[tuple[Any, ...]]) -> list[Edge]:
    """Make edges from their rows."""
    tx, team = view.tx, view.team_id
    nodes = artifact_nodes(view, {row[4] for row in rows})
    tasks = task_nodes(view, {row[1] for row in rows})
    source_rows = tx.all(
        "SELECT s.id, s.source FROM each_int(:ids) AS x"
        " JOIN sources s ON s.team_id = :team AND s.id = x.value",
        {"ids": {row[0] >> SOURCE_BITS for row in rows}, "team": team},
    )
    sources = {row[0]: row[1] for row in source_rows}
    declared = _declared(view, [row for row in rows if row[3] != INPUT])
    return [
        Edge(
            uid=join_uid(sources[id >> SOURCE_BITS], id),
            direction="input" if direction == INPUT else "output",
            task=tasks[task].key,
            data=nodes[node],
            step=str(step) if step else None,
            recorded_at=at,
            meta=json.loads(meta) if meta else None,
            derived_from=declared.get(id),
            is_reused=bool(is_reused),
        )
        for id, task, step, direction, node, at, meta, is_reused in rows
    ]


def _declared(view: TeamGraph, outputs: Sequence[Row]) -> dict[int, list[str]]:
    """Return the keys of the sources that `derived_from` names, by output edge.

    An empty list says that the app named no source on purpose; an output without
    `derived_from` is left out. A change in place names no source.
    """
    found: dict[int, list[str]] = {}
    for edge, node in view.rows(_NAMED, ids=[row[0] for row in outputs]):
        found.setdefault(edge, []).append(data_key(node))
    silent = {
        ((task << STEP_BITS) | (step or 0), node): edge
        for edge, task, step, _, node, *_ in outputs
        if edge not in found
    }
    if silent:
        for activity, node in view.rows(_EXPLICIT, ids={one for one, _ in silent}):
            if (activity, node) in silent:
                found[silent[activity, node]] = []
    return found


def _find_tasks(view: TeamGraph, texts: Collection[str]) -> dict[str, int]:
    """Find this team's tasks by what follows `task:` in their keys."""
    numbers = {int(text) for text in texts if text.isdecimal() and len(text) < 19}
    known: dict[int, list[int]] = {}
    for number, task in view.rows(_NUMBERED, numbers=numbers) if numbers else ():
        known.setdefault(number, []).append(task)
    found: dict[str, int] = {}
    for text in texts:
        own = known.get(int(text), []) if text.isdecimal() else []
        task = own[0] if len(own) == 1 else _find_task(view, text)
        if task is not None:
            found[text] = task
    return found


def _find_task(view: TeamGraph, text: str) -> int | None:
    number, _, team = text.partition("@")
    refs = {
        s for s in find_named(view, NameSelector("task", number, team or None)) if s < 0
    }
    if len(refs) == 1 or (refs and number.isdecimal()):
        return task_of_ref(min(refs))
    sql = "SELECT task_id FROM runs WHERE team_id = ? AND run = ?"
    row = view.tx.one(sql, (view.team_id, text))
    if row is not None:
        return int(row[0])
    return task_of_ref(min(refs)) if refs else None


def _steps(view: TeamGraph, task: int) -> list[Step]:
    rows = view.rows(
        "SELECT s.number, s.name, s.parent, s.started_at, s.ended_at, s.outcome,"  # noqa: S608  constant SQL
        " s.error, s.params FROM steps s WHERE s.team_id = :team AND s.task_id = :task"
        f" AND {IS_STEP}{{when s.started_at}} ORDER BY s.number LIMIT :most",
        task=task,
        most=MAX_EDGES,
    )
    steps = []
    for number, name, parent, started, *end, params in rows:
        ended, outcome, error = (
            end if view.is_visible_at(end[0]) else (None, None, None)
        )
        steps.append(
            Step(
                key=str(number),
                name=name,
                parent=str(parent) if parent else None,
                started_at=started,
                ended_at=ended,
                outcome=outcome,
                error=error,
                params=json.loads(params) if params else None,
            )
        )
    return steps


def _log(view: TeamGraph, task: int) -> list[LogLine]:
    rows = view.rows(
        "SELECT l.logged_at, l.level, l.message FROM logs l"
        " WHERE l.team_id = :team AND l.task_id = :task{when l.logged_at}"
        " ORDER BY l.id DESC LIMIT :most",
        task=task,
        most=MAX_LINES,
    )
    lines = [LogLine(at=at, level=level, message=text) for at, level, text in rows]
    return sorted(lines, key=lambda line: line.at)


def _data_detail(view: TeamGraph, node: int, most_versions: int) -> DataDetail:
    tx, team = view.tx, view.team_id
    row = tx.one(
        "SELECT e.id, e.kind, e.ident, n.card, n.evidence, m.files FROM nodes n"
        " JOIN entities e ON e.team_id = n.team_id AND e.id = n.entity_id"
        " LEFT JOIN manifests m ON m.team_id = n.team_id AND m.digest = n.manifest"
        " WHERE n.team_id = ? AND n.id = ?",
        (team, node),
    )
    assert row is not None
    entity, kind, ident, card, evidence, file_count = row
    makings = view.rows(_MAKINGS, entity=entity, most=most_versions)
    order = [row[0] for row in makings]
    total = view.rows(_MAKINGS_COUNT, entity=entity)[0][0]
    nodes = data_nodes(view, {node, *order})
    names = {"node": node, "most": MAX_EDGES}
    made = _BY_NODE.replace("{which}", "e.direction = 1 AND e.is_reused = 0")
    used = _BY_NODE.replace("{which}", "(e.direction = 0 OR e.is_reused = 1)")
    makers, users = view.rows(made, **names), view.rows(used, **names)
    return DataDetail(
        node=nodes[node],
        path=ident if "/" in ident else None,
        versions=[nodes[id] for id in order],
        versions_total=total,
        version_makers=version_makers(view, order),
        produced_by=make_edges(view, makers),
        used_by=make_edges(view, users),
        meta=read_card(card) or None,
        file_count=file_count,
        **known_by_events(view, [row[1] for row in (*makers, *users)], kind, ident),
        evidence=[
            KnownEvidence(kind=name, value=value)
            for name, value in json.loads(evidence or "[]")
            if name != "sha256"  # The node's own digest.
        ],
    )
