"""Answers of the questions to the graph, as lines."""

from __future__ import annotations

from typing import Final

from ..model.graph import (
    DiffAnswer,
    DiffItem,
    HealthAnswer,
    ImpactAnswer,
    ImpactItem,
    StaleAnswer,
)
from .format import count, duration, escape, facts, styled, title
from .output import table
from .result import Line, StyledText, line

_CHANGES: Final = {
    "same": (" ", "dim"),
    "added": ("+", "good"),
    "removed": ("-", "bad"),
    "version": ("~", "warn"),
}


def impact_lines(answer: ImpactAnswer) -> list[Line]:
    """List what would have to be rebuilt, and what only loses a source."""
    names = ", ".join(title(node) for node in answer.focus)
    if not answer.remake and not answer.loses_source:
        lines = [line(f"nothing depends on {names}")]
    else:
        lines = [line("without ", StyledText(names, "data"), ":")]
    for heading, items in (
        ("would have to be rebuilt", answer.remake),
        ("would lose a source, and keep others", answer.loses_source),
    ):
        if items:
            lines += [
                line(StyledText(f"{count(len(items), 'artifact')} {heading}", "title"))
            ]
            lines += table([_impact(item) for item in items], indent="  ")
    if answer.truncated:
        lines.append(line(StyledText("the answer is cut; there is more", "warn")))
    return [*lines, line(StyledText(f"fingerprint {answer.fingerprint}", "dim"))]


def _impact(item: ImpactItem) -> list[StyledText]:
    left = f"{count(item.left, 'source')} left" if item.left else ""
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
    lines += table([_diff(item) for item in answer.items], indent="  ")
    for field in answer.fields:
        lines.append(line("  ~ ", field.field, ": ", escape(f"{field.a} → {field.b}")))
    if answer.is_same:
        lines.append(line(StyledText("the same", "good")))
    return lines


def _diff(item: DiffItem) -> list[StyledText]:
    mark, style = _CHANGES[item.change]
    nodes = [node for node in (item.a, item.b) if node is not None]
    versions = " → ".join(node.version or node.key for node in nodes)
    return [
        StyledText(mark, style),
        StyledText(item.direction, "dim"),
        StyledText(title(nodes[0]) if nodes else "?", style),
        StyledText(versions if item.change == "version" else "", "dim"),
    ]


def stale_lines(answer: StaleAnswer) -> list[Line]:
    """List what a new run would make differently."""
    if not answer.items:
        return [line(StyledText("nothing is stale", "good"))]
    rows = [
        [
            styled(item.node),
            StyledText(f"made by {title(item.task)} ({item.task.key})", "dim"),
            StyledText(
                f"from {title(item.used)} {item.used.version or item.used.key}, "
                f"now {item.newest.version or item.newest.key}"
            ),
        ]
        for item in answer.items
    ]
    more = [line(StyledText(f"there is more; add: --after {answer.next}", "dim"))]
    return table(rows) + (more if answer.next else [])


def health_lines(answer: HealthAnswer) -> list[Line]:
    """Show how complete the graph is."""
    waiting = answer.oldest_undelivered_s
    rows = [
        ("tasks", str(answer.tasks)),
        ("with inputs", _share(answer.tasks_with_inputs, answer.tasks)),
        ("with outputs", _share(answer.tasks_with_outputs, answer.tasks)),
        ("failed", _share(answer.tasks_failed, answer.tasks)),
        ("edges", str(answer.edges)),
        ("unpinned inputs", _share(answer.unpinned_inputs, answer.inputs)),
        ("orphans", str(answer.orphans)),
        ("edges to deleted artifacts", str(answer.edges_to_deleted)),
        ("oldest fact not delivered", "none" if waiting is None else duration(waiting)),
    ]
    return table([[StyledText(name, "dim"), StyledText(value)] for name, value in rows])


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.0f} %)" if whole else "0"
