"""Everything known about one node, as lines."""

from __future__ import annotations

from typing import Final

from ..model.details import Column, DataDetail, Edge, Step, TaskDetail, VersionMaker
from ..model.environment import (
    BRANCH,
    PACKAGE,
    PATCH,
    PYTHON,
    shown_member,
    shown_value,
)
from ..model.graph import Node
from ..model.selector import shown_status
from .format import (
    ago,
    count,
    duration,
    escape,
    facts,
    params_text,
    place,
    state,
    step_state,
    styled,
    title,
)
from .output import table
from .result import Line, StyledText, dim, line

#: Versions of an artifact that are listed, unless all are asked for.
MAX_VERSIONS: Final = 8
#: Columns of a table that are listed.
MAX_COLUMNS: Final = 40
#: Tasks that a task started, which are named.
MAX_CHILDREN: Final = 5
_WEAK_EVIDENCE: Final = ("stat", "dir-stat")
_EVIDENCE_WORDS: Final = {"said": "named by the app"}


def task_lines(task: TaskDetail) -> list[Line]:
    """Show a task: how it ended, where it ran, with what code, and its steps."""
    node = task.node
    lines = [
        line(state(node.status), " ", styled(node), "  ", StyledText(node.key, "dim"))
    ]
    lines += _pairs(
        [
            ("status", shown_status(node.status)),
            ("started", ago(node.started_at) if node.started_at else None),
            _took(node),
            ("by", " on ".join(part for part in (task.user, task.host) if part)),
            ("started by", _named([task.started_by] if task.started_by else [])),
            ("started tasks", _named(task.children)),
            ("code", _code(task)),
            ("command", task.command),
            ("error", task.error),
            ("parameters", params_text(task.params)),
            ("metrics", params_text(task.metrics)),
            *task.links.items(),
            ("ran in", environment_text(task)),
        ]
    )
    if task.steps:
        lines += [line(), line(StyledText("Steps", "title")), *_steps(task.steps)]
    return lines


def _named(tasks: list[Node]) -> str:
    """Name the first of some tasks, and count the rest."""
    names = [f"{title(task)} ({task.key})" for task in tasks[:MAX_CHILDREN]]
    rest = len(tasks) - len(names)
    return ", ".join(names) + (f" and {rest} more" if rest else "")


def environment_text(task: TaskDetail) -> str | None:
    """Describe in one line what a task ran in."""
    if task.environment_digest is None:
        return None
    members = task.environment
    packages = sum(name.startswith(PACKAGE) for name in members)
    parts = [
        f"environment:{task.environment_digest.removeprefix('sha256:')[:12]}",
        f"Python {members[PYTHON]}" if PYTHON in members else "",
        count(packages, "package") if packages else "",
        *(
            f"{shown_member(name)} {shown_value(name, members[name])}"
            for name in ("gpu", "image", BRANCH, PATCH)
            if name in members
        ),
    ]
    return ", ".join(filter(None, parts))


def environment_lines(task: TaskDetail) -> list[Line]:
    """List everything that a task ran in."""
    if not task.environment:
        return [line("what this run ran in was not recorded")]
    heading = line(StyledText("Environment", "title"), "  ",
                   StyledText(task.environment_digest or "", "dim"))  # fmt: skip
    members = sorted(
        task.environment.items(), key=lambda m: (m[0].startswith(PACKAGE), m[0])
    )
    return [heading, *_pairs([(shown_member(name), value) for name, value in members])]


def step_lines(task: TaskDetail) -> list[Line]:
    """Show each step of a task with what it used and produced."""
    by_step: dict[str | None, list[Edge]] = {}
    for edge in task.edges:
        by_step.setdefault(edge.step, []).append(edge)
    node = task.node
    lines = [
        line(state(node.status), " ", styled(node), "  ", StyledText(node.key, "dim")),
        *step_edges(by_step.get(None, []), "  "),
    ]
    for step in ordered_steps(task.steps):
        indent = "  " * (_depth(step, task.steps) + 1)
        mark, name, length, error = _step(step, [])
        lines.append(line(indent, mark, " ", name, "  ", length, "  ", error))
        if step.params:
            lines.append(
                line(f"{indent}    ", StyledText(params_text(step.params), "dim"))
            )
        lines += step_edges(by_step.get(step.key, []), indent + "  ")
    return lines


def ordered_steps(steps: list[Step]) -> list[Step]:
    """Order steps so that each is followed by the steps inside it."""
    known = {step.key for step in steps}
    children: dict[str | None, list[Step]] = {}
    for step in steps:
        above = step.parent if step.parent in known else None
        children.setdefault(above, []).append(step)
    ordered: list[Step] = []
    pending = list(reversed(children.get(None, [])))
    while pending:
        step = pending.pop()
        ordered.append(step)
        pending += reversed(children.pop(step.key, []))
    return ordered


def step_edges(edges: list[Edge], indent: str) -> list[Line]:
    """List what edges used and produced."""
    rows = [
        [StyledText("used" if edge.direction == "input" else "produced", "dim"),
         styled(edge.data), StyledText(facts(edge.data), "dim")]
        for edge in edges
    ]  # fmt: skip
    return table(rows, indent=indent)


def data_lines(data: DataDetail, *, versions: int = MAX_VERSIONS) -> list[Line]:
    """Show a version: its content, its path, its makers and its users.

    Args:
        data: What is known of it.
        versions: How many versions of the artifact are listed.
    """
    node = data.node
    lines = [line(styled(node), "  ", StyledText(facts(node), "dim"))]
    lines += _pairs(
        [
            ("path", place(data.path) if data.path else None),
            ("digest", node.digest),
            *(("evidence", text) for text in _evidence(data)),
            ("not pinned", node.pinned_reason if node.is_pinned is False else None),
            ("recorded", ago(node.created_at) if node.created_at else None),
            ("owner", ", ".join(data.owners)),
            ("tags", ", ".join(f"{name}={value}" for name, value in data.tags.items())),
            ("produced by", _tasks(data.produced_by)),
            ("used by", _tasks(data.used_by)),
        ]
    )
    lines += _columns(data)
    if len(data.versions) > 1:
        heading = f"Versions ({len(data.versions)})"
        lines += [line(), line(StyledText(heading, "title"))]
        lines += _versions(data, node, versions)
    return lines


def _columns(data: DataDetail) -> list[Line]:
    """List the columns that another tool named, and those that each is made from."""
    if not data.columns:
        return []
    rows = [
        [
            StyledText(escape(column.name), "data"),
            StyledText(escape(column.type or ""), "dim"),
            StyledText(escape(_sources(column)), "dim"),
        ]
        for column in data.columns[:MAX_COLUMNS]
    ]
    rest = len(data.columns) - len(rows)
    more = [dim(f"  and {count(rest, 'more column')}; see --json")] if rest else []
    heading = line(StyledText(f"Columns ({len(data.columns)})", "title"))
    return [line(), heading, *table(rows, indent="  "), *more]


def _sources(column: Column) -> str:
    return f"from {', '.join(column.sources)}" if column.sources else ""


def _evidence(data: DataDetail) -> list[str]:
    """Show what distinguishes a version; size and time only where nothing else does."""
    strong = [known for known in data.evidence if known.kind not in _WEAK_EVIDENCE]
    weak = [] if data.node.digest else data.evidence
    return [
        f"{_EVIDENCE_WORDS.get(known.kind, known.kind)} {known.value}"
        for known in strong or weak
    ]


def _pairs(pairs: list[tuple[str, str | None]]) -> list[Line]:
    known = [(name, escape(text)) for name, text in pairs if text]
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


def _took(node: Node) -> tuple[str, str | None]:
    if node.status == "lost":
        return "last sign of life", ago(node.ended_at) if node.ended_at else None
    return "took", _length(node.started_at, node.ended_at)


def _steps(steps: list[Step]) -> list[Line]:
    return table([_step(step, steps) for step in steps], indent="  ")


def _step(step: Step, steps: list[Step]) -> list[StyledText]:
    return [
        step_state(step),
        StyledText("  " * _depth(step, steps) + escape(step.name)),
        StyledText(_length(step.started_at, step.ended_at) or "", "dim"),
        StyledText(escape(step.error or ""), "bad"),
    ]


def _depth(step: Step, steps: list[Step]) -> int:
    parents = {known.key: known.parent for known in steps}
    depth, parent = 0, step.parent
    while parent in parents and depth < len(steps):
        depth, parent = depth + 1, parents[parent]
    return depth


def _versions(data: DataDetail, shown: Node, most: int) -> list[Line]:
    """List versions, newest first; of many those around the one that is shown."""
    keys = [node.key for node in data.versions]
    makers: dict[str, list[VersionMaker]] = {}
    for maker in data.version_makers:
        makers.setdefault(maker.version, []).append(maker)
    at = keys.index(shown.key) if shown.key in keys else 0
    start = max(0, min(at - most // 2, len(keys) - most))
    rows = [
        [
            StyledText("▸" if node.key == shown.key else " "),
            StyledText(node.version or title(node), "data"),
            StyledText(node.key, "dim"),
            StyledText(ago(node.created_at) if node.created_at else "", "dim"),
            StyledText(_makers(makers.get(node.key, []))),
            StyledText("current" if node.is_current else "", "good"),
        ]
        for node in data.versions[start : start + most]
    ]
    return table(rows, indent="  ") + _others(start, len(keys) - start - len(rows))


def _makers(makers: list[VersionMaker]) -> str:
    """Name the task that made a version, and count others."""
    if not makers:
        return "made by no task"
    more = f" and {len(makers) - 1} more" if len(makers) > 1 else ""
    return f"by {makers[0].task} {escape(makers[0].name)}{more}"


def _others(later: int, earlier: int) -> list[Line]:
    """Count the versions that are not listed."""
    parts = [f"{later} later" if later else "", f"{earlier} earlier" if earlier else ""]
    rest = " and ".join(filter(None, parts))
    return [dim(f"  and {rest}; add: --versions")] if rest else []
