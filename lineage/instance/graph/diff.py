"""What differs between two tasks, or between the tasks that made two versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ...errors import NotFoundError
from ...model.comparisons import DiffAnswer, DiffParams, FieldDiff
from ...model.details import TaskDetail
from ...model.environment import OF_TASK
from .compare import compare_edges, compare_environment, compare_metrics, compare_params
from .details import task_detail
from .one_node import one_node
from .query_session import GraphReader
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


def diff(
    reader: GraphReader, team_ids: Sequence[int], params: DiffParams
) -> DiffAnswer:
    """Compare two tasks: inputs, outputs, parameters, metrics, code, environment.

    Raises:
        SelectorError: One of them cannot be read, or means several.
        NotFoundError: One of them is no task, and no version that a task made.
    """
    with reader.views(team_ids) as views:
        (view_a, a), (view_b, b) = (
            find_task(views, text) for text in (params.a, params.b)
        )
        one, other = task_detail(view_a, a), task_detail(view_b, b)
        if view_a is not view_b:
            raise NotFoundError(
                "the two tasks belong to different teams", subject=params.b
            )
        answer = DiffAnswer(
            a=one.node,
            b=other.node,
            items=compare_edges(view_a, a, b),
            fields=compare_fields(one, other),
            params=compare_params(view_a, a, b),
            metrics=compare_metrics(view_a, a, b),
            # What is a field of a task as well is among the fields.
            environment=[
                diff
                for diff in compare_environment(view_a, a, b)
                if diff.field not in OF_TASK
            ],
            is_same=False,
        )
    values = (answer.fields, answer.params, answer.metrics, answer.environment)
    is_equal = all(item.change == "same" for item in answer.items)
    answer.is_same = is_equal and not any(values)
    return answer


def compare_fields(one: TaskDetail, other: TaskDetail) -> list[FieldDiff]:
    """Return the properties in which two tasks differ."""
    pairs: list[tuple[str, Any, Any]] = [
        ("name", one.node.name, other.node.name),
        ("status", one.node.status, other.node.status),
    ]
    pairs += [(f, getattr(one, f), getattr(other, f)) for f in _FIELDS]
    return [FieldDiff(field=field, a=x, b=y) for field, x, y in pairs if x != y]


def find_task(views: Sequence[TeamGraph], text: str) -> tuple[TeamGraph, int]:
    """Return the task that is meant, or that made the version that is meant.

    Raises:
        SelectorError: The text cannot be read, or means several tasks or artifacts.
        NotFoundError: There is no such task.
    """
    view, ref = one_node(views, f"task:{text}" if text.isdecimal() else text)
    if ref < 0:
        return view, task_of_ref(ref)
    makers = view.links.makers([ref]).get(ref, ())
    if makers:
        return view, max(makers)
    raise NotFoundError(
        f"{text!r} is no task, and no task made it; diff compares two tasks, or two "
        "versions by the tasks that made them; `why` compares all others",
        subject=text,
    )
