"""Evaluates selectors: which nodes of a team they mean."""

from __future__ import annotations

import time
from typing import Any, Final

from ...model.moments import parse_moment
from ...model.selector import (
    Both,
    Either,
    Filter,
    Hops,
    NameSelector,
    Selector,
    Text,
)
from .name_resolution import find_named, find_text
from .step_filter import refs_in_steps
from .task_params import tasks_with_value
from .team_graph import NodeRef, TeamGraph, task_of_ref, task_ref
from .traversal import reach, to_refs

#: Nodes that a filter alone may mean; the newest ones.
MAX_FILTERED: Final = 10_000

_DATA: Final = (
    "SELECT n.id FROM nodes n"
    " JOIN entities e ON e.team_id = n.team_id AND e.id = n.entity_id"
    " WHERE n.team_id = :team AND n.task_id IS NULL"
)
_TASKS: Final = "SELECT t.id FROM tasks t WHERE t.team_id = :team"
_STATUS_THEN: Final = "CASE WHEN t.ended_at > :as_of THEN 'started' ELSE t.status END"
#: An artifact passes a filter on tasks by those that made it, else that used it.
_OF_TASK: Final = (
    " AND EXISTS (SELECT 1 FROM links l JOIN tasks t"
    " ON t.team_id = l.team_id AND t.id = l.activity >> 24"
    " WHERE l.team_id = n.team_id AND l.node_id = n.id AND l.activity >= 0"
    "{when l.since}{condition} AND (l.direction <> 0 OR NOT EXISTS ("
    "SELECT 1 FROM links o WHERE o.team_id = n.team_id AND o.node_id = n.id"
    " AND o.direction <> 0 AND o.activity >= 0{when o.since})))"
)
#: Conditions on a task, by the field of a filter.
_TASK_CONDITIONS: Final = {
    "status": " AND {status} = {value}",
    "user": " AND lower(t.user_name) LIKE {value} ESCAPE '!'",
    "app": " AND lower(t.name) LIKE {value} ESCAPE '!'",
    "environment": " AND t.environment_digest LIKE {value} ESCAPE '!'",
    "since": " AND COALESCE(t.started_at, t.created_at) >= {value}",
    "until": " AND COALESCE(t.started_at, t.created_at) <= {value}",
}
#: Fields whose values are compared one by one; artifacts pass by their maker.
_VALUED: Final = ("param", "metric", "tag")
_MOMENTS: Final = ("since", "until")


def select(view: TeamGraph, selector: Selector) -> set[NodeRef]:
    """Return the nodes that a selector means in one team."""
    if isinstance(selector, NameSelector):
        return find_named(view, selector)
    if isinstance(selector, Text):
        return find_text(view, selector)
    if isinstance(selector, Filter):
        return filtered(view, [selector], None)
    if isinstance(selector, Hops):
        return _around(view, select(view, selector.of), selector)
    if isinstance(selector, Either):
        return set().union(*(select(view, part) for part in selector.parts))
    return _in_all(view, selector)


def _around(view: TeamGraph, refs: set[NodeRef], hops: Hops) -> set[NodeRef]:
    found = set(refs)
    for depth, up in ((hops.up, True), (hops.down, False)):
        if depth == 0:
            continue
        found.update(to_refs(view, reach(view, refs, up=up, depth=depth)))
    return found


def _in_all(view: TeamGraph, both: Both) -> set[NodeRef]:
    filters = [part for part in both.parts if isinstance(part, Filter)]
    sets = [select(view, p) for p in both.parts if not isinstance(p, Filter)]
    common = set.intersection(*sets) if sets else None
    return filtered(view, filters, common) if filters else common or set()


def filtered(
    view: TeamGraph, filters: list[Filter], among: set[NodeRef] | None
) -> set[NodeRef]:
    """Return the nodes that pass every filter, among some or among all.

    `step:clean` means the tasks with such a step, and what the step used and produced.

    An artifact has the status of the tasks that made it, or, where none made it, of
    those that used it.
    """
    teams = [f.value for f in filters if f.field == "team"]
    if any(team != str(view.team_id) for team in teams):
        return set()
    valued = [f for f in filters if f.field in _VALUED]
    if valued:
        known = set.intersection(*(tasks_with_value(view, f) for f in valued))
        refs = {*map(task_ref, known), *view.links.outputs_of(known)}
        among = refs if among is None else among & refs
        filters = [f for f in filters if f.field not in _VALUED]
    for step in (f for f in filters if f.field == "step"):
        refs = refs_in_steps(view, pattern_of(step.value))
        among = refs if among is None else among & refs
    filters = [f for f in filters if f.field != "step"]
    nodes = None if among is None else [s for s in among if s >= 0]
    tasks = None if among is None else [task_of_ref(s) for s in among if s < 0]
    found = _run(view, _DATA, "n.id", [_on_data(f) for f in filters], nodes)
    own = _run(view, _TASKS, "t.id", [_on_tasks(f) for f in filters], tasks)
    return {*found, *map(task_ref, own)}


Condition = tuple[str, Any]


def _on_data(filter: Filter) -> Condition:
    if filter.field == "kind":
        if filter.value == "model_weight":
            return " AND e.kind = 'file' AND e.is_model = 1", None
        return " AND e.kind = {value}", filter.value
    if filter.field == "name":
        return " AND lower(e.name) LIKE {value} ESCAPE '!'", pattern_of(filter.value)
    if filter.field in _MOMENTS:
        sign = ">=" if filter.field == "since" else "<="
        return f" AND n.created_at {sign} {{value}}", _value(filter)
    condition = _TASK_CONDITIONS.get(filter.field)
    if condition is None:
        return "", None
    return _OF_TASK.replace("{condition}", condition), _value(filter)


def _on_tasks(filter: Filter) -> Condition:
    if filter.field == "kind":
        return ("" if filter.value == "task" else " AND 1 = 0"), None
    if filter.field == "name":
        return " AND lower(t.name) LIKE {value} ESCAPE '!'", pattern_of(filter.value)
    condition = _TASK_CONDITIONS.get(filter.field)
    return ("", None) if condition is None else (condition, _value(filter))


def _value(filter: Filter) -> Any:
    """Return what the column of a filter is compared with."""
    if filter.field in _MOMENTS:
        return parse_moment(filter.value, now=time.time())
    if filter.field == "environment":
        return "sha256:" + pattern_of(filter.value.removeprefix("sha256:")) + "%"
    return filter.value if filter.field == "status" else pattern_of(filter.value)


def _run(
    view: TeamGraph,
    sql: str,
    id: str,
    conditions: list[Condition],
    among: list[int] | None,
) -> list[int]:
    names: dict[str, Any] = {"most": MAX_FILTERED}
    status = "t.status" if view.as_of is None else _STATUS_THEN
    for at, (condition, value) in enumerate(conditions):
        sql += condition.replace("{value}", f":value{at}").replace("{status}", status)
        if value is not None:
            names[f"value{at}"] = value
    if among is not None:
        sql += f" AND {id} IN (SELECT x.value FROM each_int(:among) AS x)"  # noqa: S608  made of constants
        names["among"] = among
    sql += f" ORDER BY {id} DESC LIMIT :most"
    return [row[0] for row in view.rows(sql, **names)]


def pattern_of(glob: str) -> str:
    """Return a name with `*` and `?`, in lower case, as a pattern of SQL."""
    escaped = glob.lower()
    for sign in "!%_":
        escaped = escaped.replace(sign, "!" + sign)
    return escaped.replace("*", "%").replace("?", "_")
