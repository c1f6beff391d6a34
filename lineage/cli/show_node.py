"""Everything known of one card, as lines."""

from __future__ import annotations

from ..model.graph import DataDetail, Edge, Node, Step, TaskDetail
from .format import ago, clean, count, duration, facts, state, styled, title
from .output import table
from .result import Line, StyledText, line


def task_lines(task: TaskDetail) -> list[Line]:
    """Tell a task: how it went, where, with what code, and its steps."""
    node = task.node
    lines = [
        line(state(node.status), " ", styled(node), "  ", StyledText(node.key, "dim"))
    ]
    lines += _pairs(
        [
            ("status", node.status),
            ("started", ago(node.started_at) if node.started_at else None),
            ("took", _length(node.started_at, node.ended_at)),
            ("by", " on ".join(part for part in (task.user, task.host) if part)),
            ("code", _code(task)),
            ("command", task.command),
            ("error", task.error),
        ]
    )
    if task.steps:
        lines += [line(), line(StyledText("Steps", "title")), *_steps(task.steps)]
    return lines


def data_lines(data: DataDetail) -> list[Line]:
    """Tell a thing: which version, its bytes, and where it lies."""
    node = data.node
    lines = [line(styled(node), "  ", StyledText(facts(node), "dim"))]
    lines += _pairs(
        [
            ("path", data.path),
            ("digest", node.digest),
            ("recorded", ago(node.created_at) if node.created_at else None),
            ("made by", _tasks(data.produced_by)),
            ("used by", _tasks(data.used_by)),
        ]
    )
    if len(data.versions) > 1:
        lines += [line(), line(StyledText("Versions", "title")), *_versions(data, node)]
    return lines


def _pairs(pairs: list[tuple[str, str | None]]) -> list[Line]:
    known = [(name, clean(text)) for name, text in pairs if text]
    return table(
        [[StyledText(name, "dim"), StyledText(text)] for name, text in known],
        indent="  ",
    )


def _length(start: float | None, end: float | None) -> str | None:
    return None if start is None or end is None else duration(end - start)


def _code(task: TaskDetail) -> str | None:
    if not task.git_commit:
        return None
    dirty = " with uncommitted changes" if task.git_dirty else ""
    return f"git {task.git_commit[:12]}{dirty}"


def _tasks(edges: list[Edge]) -> str:
    keys = list(dict.fromkeys(edge.task for edge in edges))
    rest = f" and {count(len(keys) - 8, 'more', 'more')}" if len(keys) > 8 else ""
    return ", ".join(keys[:8]) + rest


def _steps(steps: list[Step]) -> list[Line]:
    return table([_step(step, steps) for step in steps], indent="  ")


def _step(step: Step, steps: list[Step]) -> list[StyledText]:
    failed = step.outcome == "error"
    return [
        StyledText("✘" if failed else "✔", "bad" if failed else "good"),
        StyledText("  " * _depth(step, steps) + clean(step.name)),
        StyledText(_length(step.started_at, step.ended_at) or "", "dim"),
        StyledText(clean(step.error or ""), "bad"),
    ]


def _depth(step: Step, steps: list[Step]) -> int:
    parents = {known.key: known.parent for known in steps}
    depth, parent = 0, step.parent
    while parent in parents and depth < len(steps):
        depth, parent = depth + 1, parents[parent]
    return depth


def _versions(data: DataDetail, shown: Node) -> list[Line]:
    rows = [
        [
            StyledText("▸" if node.key == shown.key else " "),
            StyledText(node.version or title(node), "data"),
            StyledText(node.key, "dim"),
            StyledText(ago(node.created_at) if node.created_at else "", "dim"),
        ]
        for node in data.versions
    ]
    return table(rows, indent="  ")
