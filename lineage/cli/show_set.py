"""A set of runs and artifacts, as lines: the newest first, one line an artifact."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence

from ..errors import SelectorError
from ..model.details import Edge, Step, TaskDetail
from ..model.graph import Node
from ..model.selector import Filter, parse
from ..records import record
from .connect import Instance
from .format import ago, count, facts, params_text, state, step_state, styled
from .output import table
from .result import Line, StyledText, dim, heading, line
from .show_node import step_edges

#: Runs whose steps are shown, unless more are asked for.
MAX_STEPPED = 5


@record(frozen=True, slots=True)
class StepOfTask:
    """A step with what it, and the steps inside it, used and produced."""

    task: Node
    step: Step
    edges: Sequence[Edge]


def set_lines(nodes: Sequence[Node], limit: int) -> list[Line]:
    """List runs, then artifacts with the newest of their versions in the set."""
    tasks = _newest_runs(nodes)
    groups = _by_artifact(nodes)
    runs = [_run(node) for node in tasks[:limit]]
    artifacts = [_artifact(group) for group in groups[:limit]]
    lines = _part("Runs" if groups else "", runs, len(tasks))
    lines += [line()] if tasks and groups else []
    return lines + _part("Artifacts" if tasks else "", artifacts, len(groups))


def _newest_runs(nodes: Sequence[Node]) -> list[Node]:
    return sorted((n for n in nodes if n.type == "task"), key=_age, reverse=True)


def _by_artifact(nodes: Sequence[Node]) -> list[list[Node]]:
    """Group versions by their artifact, the newest first in each and among them."""
    groups: dict[tuple[str, int | str], list[Node]] = {}
    for node in sorted(nodes, key=_age, reverse=True):
        if node.type == "data":
            groups.setdefault((node.kind, node.id), []).append(node)
    return list(groups.values())


def _part(title: str, rows: list[list[StyledText]], total: int) -> list[Line]:
    lines = [heading(title)] if title and rows else []
    lines += table(rows)
    return lines + _rest(total - len(rows), total, "more")


def _rest(rest: int, total: int, noun: str) -> list[Line]:
    return [dim(f"and {rest} {noun}; add: --limit {total}")] if rest > 0 else []


def _age(node: Node) -> float:
    return node.started_at or node.created_at or 0.0


def _run(node: Node) -> list[StyledText]:
    return [
        state(node.status),
        styled(node),
        StyledText(facts(node), "dim"),
        StyledText(ago(node.started_at) if node.started_at else "", "dim"),
        StyledText(params_text(node.params or {}, most=4), "dim"),
    ]


def _artifact(group: list[Node]) -> list[StyledText]:
    newest = next((node for node in group if node.is_current), group[0])
    many = count(len(group), "version") if len(group) > 1 else ""
    return [
        styled(newest),
        StyledText(facts(newest), "dim"),
        StyledText(ago(newest.created_at) if newest.created_at else "", "dim"),
        StyledText(many),
    ]


def step_name(selector: str) -> str | None:
    """Return the name in `step:clean`; None for any other selector."""
    try:
        parsed = parse(selector)
    except SelectorError:
        return None
    is_step = isinstance(parsed, Filter) and parsed.field == "step"
    return parsed.value if is_step else None  # type: ignore[union-attr]  # a filter


def read_steps(
    here: Instance, name: str, nodes: Sequence[Node], limit: int
) -> list[StepOfTask]:
    """Read the steps with a name of the newest runs."""
    tasks = _newest_runs(nodes)
    return [
        StepOfTask(detail.node, step, _edges_inside(detail, step))
        for detail in (here.graph.task(node.key) for node in tasks[:limit])
        for step in detail.steps
        if fnmatch.fnmatchcase(step.name.lower(), name.lower())
    ]


def _edges_inside(task: TaskDetail, step: Step) -> list[Edge]:
    """Return the edges of a step and of all steps inside it."""
    inside = {step.key}
    for other in sorted(task.steps, key=lambda s: int(s.key)):
        if other.parent in inside:
            inside.add(other.key)
    return [edge for edge in task.edges if edge.step in inside]


def step_set_lines(steps: Sequence[StepOfTask], total: int) -> list[Line]:
    """Show what the step used and produced, run by run."""
    lines = [row for found in steps for row in _step_of_task(found)]
    rest = total - len({found.task.key for found in steps})
    return lines + _rest(rest, total, "more run" if rest == 1 else "more runs")


def _step_of_task(found: StepOfTask) -> list[Line]:
    task, step = found.task, found.step
    mark = step_state(step)
    about = f"  {facts(task)}  {ago(step.started_at)}  {params_text(step.params or {})}"
    first = line(mark, " ", StyledText(step.name, "title"), " of ", styled(task),
                 StyledText(about, "dim"))  # fmt: skip
    edges = step_edges(list(found.edges), "  ")
    return [first, *(edges or [dim("  used and produced nothing")])]
