"""Reads what tasks recorded beside their edges: parameters, metrics, environment."""

from __future__ import annotations

import json
import operator
from collections.abc import Collection, Mapping
from typing import Any, Final

from ...model.selector import Filter
from ..store.database import TeamReader

#: Parameters shown of one task in a list, at most.
MAX_PARAMS: Final = 12
#: Values read for one answer, at most: a task may have many thousands of steps.
MAX_VALUES: Final = 20_000

_PARAMS: Final = (
    "SELECT p.task_id, p.step, p.name, p.value FROM each_int(:ids) AS x"
    " JOIN task_params p ON p.team_id = :team AND p.task_id = x.value"
    "{when p.at} ORDER BY p.task_id, p.step, p.name LIMIT :most"
)
_STEP_PARAMS: Final = (
    "SELECT s.task_id, s.number, s.params FROM each_int(:ids) AS x"
    " JOIN steps s ON s.team_id = :team AND s.task_id = x.value"
    " WHERE s.params IS NOT NULL{when s.started_at}"
    " ORDER BY s.task_id, s.number LIMIT :most"
)
_WITH_PARAM: Final = (
    "SELECT p.task_id, p.name, p.value FROM task_params p"
    " WHERE p.team_id = :team AND p.name >= :low AND p.name <= :high{when p.at}"
)
_WITH_STEP_PARAM: Final = (
    "SELECT s.task_id, s.params FROM steps s WHERE s.team_id = :team"
    " AND s.params LIKE :sign ESCAPE '!'{when s.started_at}"
)
_WITH_METRIC: Final = (
    "SELECT m.task_id, m.value FROM task_metrics m"
    " WHERE m.team_id = :team AND m.name = :name{when m.at}"
    " ORDER BY m.task_id, m.position, m.at, m.uid"
)
_OPERATORS: Final = {
    ":": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge,
    "<": operator.lt, "<=": operator.le,
}  # fmt: skip
_METRICS: Final = (
    "SELECT m.name, m.value FROM task_metrics m"
    " WHERE m.team_id = :team AND m.task_id = :task{when m.at}"
    " ORDER BY m.position, m.at, m.uid LIMIT :most"
)
_LINKS: Final = (
    "SELECT l.name, l.url FROM task_links l"
    " WHERE l.team_id = :team AND l.task_id = :task{when l.at} ORDER BY l.name"
)
_ENVIRONMENTS_OF: Final = (
    "SELECT t.id, t.environment_digest FROM each_int(:ids) AS x"
    " JOIN tasks t ON t.team_id = :team AND t.id = x.value"
    " WHERE t.environment_digest IS NOT NULL"
)
_MEMBERS: Final = (
    "SELECT v.digest, v.members FROM each_text(:digests) AS x"
    " JOIN environments v ON v.team_id = :team AND v.digest = x.value"
)


def task_params(
    view: TeamReader,
    ids: Collection[int],
    most: int = MAX_PARAMS,
    *,
    steps: Mapping[int, Collection[int] | None] | None = None,
) -> dict[int, dict[str, Any]]:
    """Return the first parameters of each task and its steps; the first name wins.

    Args:
        view: The team's rows.
        ids: The tasks.
        most: How many parameters of each.
        steps: By task the steps whose parameters count; 0 is the body, None is all.
    """
    found: dict[int, dict[str, Any]] = {}

    def keep(task: int, step: int, name: str, value: Any) -> None:
        chosen = None if steps is None else steps.get(task)
        if chosen is not None and step not in chosen:
            return
        params = found.setdefault(task, {})
        if len(params) < most:
            params.setdefault(name, value)

    for task, step, name, value in view.rows(_PARAMS, ids=ids, most=MAX_VALUES):
        keep(task, step, name, json.loads(value))
    for task, step, text in view.rows(_STEP_PARAMS, ids=ids, most=MAX_VALUES):
        for name, value in json.loads(text).items():
            keep(task, step, name, value)
    return found


def tasks_with_value(view: TeamReader, filter: Filter) -> set[int]:
    """Return the tasks with a parameter, metric or tag that a filter asks for.

    `tag:x` is a parameter `tag`, or one of `tags`, whose value is `x`.
    """
    if filter.field == "metric":
        rows = view.rows(_WITH_METRIC, name=filter.key)
        last: dict[int, float] = dict(rows)
        return {task for task, value in last.items() if _passes(value, filter)}
    if filter.field == "tag":
        rows = view.rows(_WITH_PARAM, low="tag", high="tagt")
        named = ("tag", "tags")
        rows = [r for r in rows if r[1] in named or r[1].startswith("tags.")]
    else:
        rows = view.rows(_WITH_PARAM, low=filter.key, high=filter.key)
    found = {task for task, _, text in rows if _passes(json.loads(text), filter)}
    sign = json.dumps(filter.key or "tag")[:-1]
    for task, text in view.rows(_WITH_STEP_PARAM, sign=f"%{_escaped(sign)}%"):
        params = json.loads(text)
        names = ("tag", "tags") if filter.field == "tag" else (filter.key,)
        if any(name in params and _passes(params[name], filter) for name in names):
            found.add(task)
    return found


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _passes(value: Any, filter: Filter) -> bool:
    """Compare a value as a number where both are numbers, else as text."""
    if isinstance(value, bool) or value is None:
        value = json.dumps(value)
    try:
        compared: Any = float(filter.value)
        value = float(value)
    except (TypeError, ValueError):
        value, compared = str(value).lower(), filter.value.lower()
    return bool(_OPERATORS[filter.operator](value, compared))


def task_metrics(view: TeamReader, task: int) -> dict[str, float]:
    """Return the last value of each metric of a task."""
    return dict(view.rows(_METRICS, task=task, most=MAX_VALUES))


def task_links(view: TeamReader, task: int) -> dict[str, str]:
    """Return the addresses of the same run in other tools."""
    return dict(view.rows(_LINKS, task=task))


def task_environment(view: TeamReader, task: int) -> tuple[str | None, dict[str, str]]:
    """Return the digest and the members of what a task ran in: packages, code, GPU.

    The members are empty where the task that recorded them has not been received.
    """
    return task_environments(view, [task]).get(task, (None, {}))


def task_environments(
    view: TeamReader, tasks: Collection[int]
) -> dict[int, tuple[str, dict[str, str]]]:
    """Return the digest and the members of what tasks ran in, for those that say it."""
    digests: dict[int, str] = dict(view.rows(_ENVIRONMENTS_OF, ids=tasks))
    if not digests:
        return {}
    rows = view.rows(_MEMBERS, digests=set(digests.values()))
    members = {digest: json.loads(text) for digest, text in rows}
    return {task: (digest, members.get(digest, {})) for task, digest in digests.items()}
