"""Answers of the questions to the graph, as lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..model.comparisons import (
    Cause,
    DiffAnswer,
    DiffItem,
    FieldDiff,
    ImpactAnswer,
    ImpactItem,
    Rerun,
    StaleAnswer,
    StaleItem,
    WhyAnswer,
)
from ..model.environment import shown_member, shown_value
from ..model.lists import HealthAnswer
from ..model.selector import shown_status
from ..model.value_text import value_texts
from .format import count, duration, escape, facts, styled, title
from .output import table
from .result import Line, StyledText, dim, line

#: Differences of one sort that are shown; an environment may have hundreds.
MAX_SHOWN: Final = 20
_CAUSES: Final = {"param": "parameter"}
_CHANGES: Final = {
    "same": (" ", "dim"),
    "added": ("+", "good"),
    "removed": ("-", "bad"),
    "version": ("~", "warn"),
    "unknown": ("?", "warn"),
}


def impact_lines(answer: ImpactAnswer, *, limit: int) -> list[Line]:
    """List what would have to be rebuilt, what loses a source, and what may change.

    Args:
        answer: The answer.
        limit: How many of each are shown.
    """
    names = ", ".join(list(dict.fromkeys(title(n) for n in answer.focus))[:5])
    lines = [line("if ", StyledText(names, "data"), " is changed or deleted:")]
    parts = (
        ("would have to be rebuilt", answer.remake),
        ("would lose a source, and keep others", answer.loses_source),
        ("possibly affected", answer.possibly),
    )
    for heading, items in parts:
        if items:
            text = f"{count(len(items), 'artifact')} {heading}"
            lines.append(line(StyledText(text, "title")))
            lines += table([_impact(item) for item in items[:limit]], indent="  ")
            lines += _rest(len(items) - limit, len(items))
    if not any(items for _, items in parts):
        lines = _without_outputs(answer, names)
    if answer.superseded:
        text = f"{count(answer.superseded, 'older version')} affected as well"
        lines.append(line(StyledText(text, "dim")))
    lines += _reruns(answer.reruns[:limit])
    lines += _rest(len(answer.reruns) - limit, len(answer.reruns))
    if answer.truncated:
        lines.append(line(StyledText("the answer is cut; there is more", "warn")))
    return [*lines, dim(f"fingerprint {answer.fingerprint}  (for --if-unchanged)")]


def _without_outputs(answer: ImpactAnswer, names: str) -> list[Line]:
    """Name the tasks that used an artifact of which nothing is left."""
    if not answer.used_by:
        current = "that is current " if answer.superseded else ""
        return [line(f"nothing {current}depends on {names}")]
    users = ", ".join(f"{title(node)} ({node.key})" for node in answer.used_by[:5])
    rest = len(answer.used_by) - 5
    more = f" and {rest} more" if rest > 0 else ""
    return [
        line(
            f"{names} was used by {users}{more}; no artifact that exists now was made "
            "from it"
        ),
    ]


def _rest(rest: int, total: int) -> list[Line]:
    return [dim(f"  and {rest} more; add: --limit {total}")] if rest > 0 else []


def _reruns(reruns: Sequence[Rerun], first: int = 1) -> list[Line]:
    """List tasks with their commands, in the order in which they have to run."""
    rows = [
        [
            StyledText(f"{place}."),
            StyledText(title(rerun.task), "task"),
            StyledText(rerun.task.key, "dim"),
            StyledText(escape(rerun.command or ""), "command"),
        ]
        for place, rerun in enumerate(reruns, first)
    ]
    title_line = line(StyledText("Runs to repeat, in order", "title"))
    return [title_line, *table(rows, indent="  ")] if rows else []


def _impact(item: ImpactItem) -> list[StyledText]:
    left = f"{count(item.left, 'other run')} made it" if item.left else ""
    return [
        styled(item.node),
        StyledText(facts(item.node), "dim"),
        StyledText(count(item.hops, "hop"), "dim"),
        StyledText(left, "dim"),
    ]


def diff_lines(answer: DiffAnswer) -> list[Line]:
    """Show what differs, one line each."""
    a, b = answer.a, answer.b
    lines = [line("a  ", styled(a), "  ", StyledText(a.key, "dim")),
             line("b  ", styled(b), "  ", StyledText(b.key, "dim"))]  # fmt: skip
    for row, item in zip(
        table([_diff(item) for item in answer.items], indent="  "),
        answer.items,
        strict=True,
    ):
        lines += [row, *_files(item)]
    lines += [_member(field) for field in answer.fields]
    lines += [_field("parameter ", field) for field in answer.params]
    lines += [_field("metric ", field) for field in answer.metrics]
    lines += _environment(answer.environment)
    if answer.is_same:
        lines.append(line(StyledText("the same", "good")))
    return lines


def _field(heading: str, field: FieldDiff) -> Line:
    a, b = value_texts(field.a, field.b)
    text = escape(f"{field.field}: {a} → {b}")
    return line("  ~  ", StyledText(heading, "dim"), text)


def _member(field: FieldDiff) -> Line:
    """Show a difference in a field of a task, or in what it ran in."""
    values = (field.a, field.b)
    if field.field == "status":
        values = (shown_status(field.a), shown_status(field.b))
    a, b = (shown_value(field.field, value) for value in values)
    return line("  ~  ", escape(f"{shown_member(field.field)}: {a} → {b}"))


def _environment(fields: list[FieldDiff]) -> list[Line]:
    lines = [_member(field) for field in fields[:MAX_SHOWN]]
    rest = len(fields) - MAX_SHOWN
    more = f"  and {count(rest, 'more difference')} in what they ran in; see --json"
    return [*lines, line(StyledText(more, "dim"))] if rest > 0 else lines


_FILE_CHANGES: Final = {
    "added": ("+", "good"),
    "removed": ("-", "bad"),
    "changed": ("~", "warn"),
}


def _files(item: DiffItem, *, shown: int = 20) -> list[Line]:
    """Show the files of a folder that differ."""
    lines = []
    for file in item.files[:shown]:
        mark, style = _FILE_CHANGES[file.change]
        lines.append(line("      ", StyledText(f"{mark} {escape(file.name)}", style)))
    rest = len(item.files) - shown
    if rest > 0:
        lines.append(line(StyledText(f"      and {rest} more files", "dim")))
    return lines


def _diff(item: DiffItem) -> list[StyledText]:
    mark, style = _CHANGES[item.change]
    nodes = [node for node in (item.a, item.b) if node is not None]
    versions = " → ".join(node.version or node.key for node in nodes)
    note = {"version": versions, "unknown": "unknown whether its content changed"}
    return [
        StyledText(mark, style),
        StyledText(item.direction, "dim"),
        StyledText(title(nodes[0]) if nodes else "?", style),
        StyledText(note.get(item.change, ""), "dim"),
    ]


def stale_lines(answer: StaleAnswer) -> list[Line]:
    """List the outputs that a new run would make differently, one on each line.

    They stand by the runs to repeat, in order, which follow with their commands.
    """
    if not answer.items:
        return [line(StyledText("nothing is stale", "good"))]
    first = answer.reruns_before + 1
    places = {rerun.task.key: at for at, rerun in enumerate(answer.reruns, first)}
    rows = [
        [
            StyledText(f"{places[item.task.key]}."),
            styled(item.node),
            StyledText(f"made by {title(item.task)} ({item.task.key})", "dim"),
            StyledText(f"from {_reasons(item)}"),
        ]
        for item in answer.items
    ]
    lines = table(rows)
    if any(rerun.command for rerun in answer.reruns):
        lines += _reruns(answer.reruns, first)
    more = [line(StyledText(f"there is more; add: --after {answer.next}", "dim"))]
    return lines + (more if answer.next else [])


def indirect_lines(answer: StaleAnswer) -> list[Line]:
    """List outputs that were made from stale ones and are not stale themselves."""
    return [
        line(styled(item.node), f" was made from {_reasons(item)}")
        for item in answer.items
    ]


def _reasons(item: StaleItem) -> str:
    if item.is_indirect:
        names = ", ".join(title(reason.used) for reason in item.reasons)
        return f"{names}, which a new run would make differently"
    return ", ".join(
        f"{title(reason.used)} {reason.used.version or reason.used.key}, "
        f"now {reason.current.version or reason.current.key}"
        for reason in item.reasons
    )


def why_lines(answer: WhyAnswer) -> list[Line]:
    """Show in one sentence why, then the evidence."""
    lines = [line(StyledText(escape(answer.sentence), "title"))]
    if answer.b is not None:
        for mark, node in (("now", answer.a), ("before", answer.b)):
            lines.append(
                line(StyledText(f"  {mark:7}", "dim"), styled(node), "  ",
                     StyledText(facts(node), "dim"))
            )  # fmt: skip
    lines += table(_unequal(_steps_of_why(answer)), indent="  ")
    # A direct input that differs, or may, stands in a row already.
    in_rows = ("input", "unknown") if answer.steps else ("input",)
    causes = [c for c in answer.causes if c.kind not in in_rows or c.via or c.files]
    for cause in causes[:MAX_SHOWN]:
        lines += _cause(cause)
    rest = len(causes) - MAX_SHOWN
    if rest > 0:
        lines.append(line(StyledText(f"  and {rest} more; see --json", "dim")))
    return lines


def _steps_of_why(answer: WhyAnswer) -> list[list[StyledText]]:
    """Return a row for each input; one row for all those of which nothing is known."""
    unknown = [item for item in answer.steps if item.change == "unknown"]
    is_explained = any(cause.kind != "unknown" for cause in answer.causes)
    if len(unknown) < 2 or not is_explained:
        return [_diff(item) for item in answer.steps]
    mark, style = _CHANGES["unknown"]
    note = "unknown whether their content changed"
    together = [mark, "inputs", str(len(unknown)), note]
    rows = [_diff(item) for item in answer.steps if item.change != "unknown"]
    styles = (style, "dim", style, "dim")
    return [*rows, [StyledText(*one) for one in zip(together, styles, strict=True)]]


def _unequal(rows: list[list[StyledText]]) -> list[list[StyledText]]:
    """Leave out rows that repeat an earlier one: several steps used one version."""
    return [list(row) for row in dict.fromkeys(map(tuple, rows))]


def _cause(cause: Cause) -> list[Line]:
    """Show one first difference, with the two tasks that differ."""
    tasks = " → ".join(t.key for t in (cause.task_b, cause.task_a) if t is not None)
    if cause.is_used_only:
        tasks = f"used by {tasks}"
    name = shown_member(cause.name) if cause.kind == "environment" else cause.name
    key = "git_commit" if cause.kind == "code" else cause.name
    b, a = (shown_value(key, value) for value in (cause.b, cause.a))
    if cause.kind == "param":
        b, a = value_texts(cause.b, cause.a)
    change = "" if (cause.a, cause.b) == (None, None) else f"{b} → {a}"
    if cause.kind == "unknown" and change:
        change = "may have changed"
    via = f"through {', '.join(cause.via)}" if cause.via else ""
    item = DiffItem(direction="input", change="version", files=cause.files)
    return [
        line("  cause  ", StyledText(f"{_CAUSES.get(cause.kind, cause.kind)}  ", "dim"),
             escape(f"{name} {change}"), "  ",
             StyledText(escape(f"{tasks} {via}"), "dim")),
        *_files(item),
    ]  # fmt: skip


def health_lines(answer: HealthAnswer) -> list[Line]:
    """Show how complete the graph is."""
    waiting = answer.oldest_undelivered_s
    rows = [
        ("tasks", str(answer.tasks)),
        ("tasks with inputs", _share(answer.tasks_with_inputs, answer.tasks)),
        ("tasks with outputs", _share(answer.tasks_with_outputs, answer.tasks)),
        ("failed tasks", _share(answer.tasks_failed, answer.tasks)),
        ("edges", str(answer.edges)),
        ("inputs without a version", _share(answer.unpinned_inputs, answer.inputs)),
        ("artifacts without edges", str(answer.orphans)),
        ("edges to deleted artifacts", str(answer.edges_to_deleted)),
        ("oldest fact not delivered", "none" if waiting is None else duration(waiting)),
    ]
    return table([[StyledText(name, "dim"), StyledText(value)] for name, value in rows])


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.0f} %)" if whole else "0"
