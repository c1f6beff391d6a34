"""Says in one sentence why two versions, or two runs, differ."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from ...model.comparisons import Cause
from ...model.environment import shown_member, shown_value
from ...model.graph import Node
from ...model.value_text import value_texts

#: Causes in the sentence.
MAX_NAMED: Final = 4


def title(node: Node) -> str:
    """Return the shortest unique path of an artifact, or the name of an app."""
    return node.label or node.name


def sentence_of(node: Node, before: Node, causes: Sequence[Cause]) -> str:
    """Name the causes in one sentence; what may have changed only where nothing did."""
    total = len(causes)
    causes = [cause for cause in causes if cause.kind != "unknown"] or causes
    chosen = _chosen(causes)
    named = [_phrase(cause) for cause in chosen]
    rest = len(causes) - len(named)
    more = [f"{rest} more"] if rest > 0 else []
    changed = f"{title(node)} changed"
    if (node.type, node.kind, node.id) != (before.type, before.kind, before.id):
        changed = f"{title(node)} differs from {title(before)}"
    if node.type == "task":
        runs = f"{title(node)} ({node.key})"
        if all(cause.kind == "unknown" and cause.a is None for cause in causes):
            return f"nothing recorded differs between {runs} and {before.key}"
        changed = f"{runs} differs from {before.key}"
    if total == 1 and _is_itself(node, causes[0]):
        return f"{changed}, and no recorded task made the change"
    if not named:
        return f"{changed}, and nothing recorded says why"
    if len(causes) > 1 and all(c.kind == "unknown" and c.a for c in causes):
        names = [cause.name for cause in chosen] + more
        return (
            f"{changed}, and nothing that is known differs: no version of "
            f"{_joined(names)} is known"
        )
    return f"{changed} because {_joined(named + more)}"


#: What a person looks for first stands first.
_ORDER: Final = ("input", "added", "removed", "code", "param", "environment", "unknown")


def _chosen(causes: Sequence[Cause]) -> list[Cause]:
    """Choose the causes that a sentence names: of each kind some, inputs first."""
    groups = [[c for c in causes if c.kind == kind] for kind in _ORDER]
    turns = zip_longest(*groups)
    some = [cause for turn in turns for cause in turn if cause is not None][:MAX_NAMED]
    return sorted(some, key=lambda cause: _ORDER.index(cause.kind))


def _joined(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _is_itself(node: Node, cause: Cause) -> bool:
    """Whether the only cause is the artifact that was asked about."""
    is_alone = cause.kind == "input" and cause.task_a is None and not cause.via
    return node.type == "data" and is_alone and cause.name == title(node)


def _phrase(cause: Cause) -> str:
    """Describe one cause in a few words."""
    task = cause.task_a.key if cause.task_a is not None else None
    if cause.kind == "input":
        who = f"used by {task}" if task and cause.is_used_only else task
        notes = [part for part in (who, _files(cause)) if part]
        return f"{cause.name} changed" + (f" ({', '.join(notes)})" if notes else "")
    if cause.kind in ("added", "removed"):
        verb = "was used as well" if cause.kind == "added" else "was not used any more"
        return f"{cause.name} {verb}"
    if cause.kind == "code":
        return f"git commit {str(cause.b)[:7]} → {str(cause.a)[:7]}"
    if cause.kind == "unknown":
        if cause.a is not None:
            return f"{cause.name} may have changed (no version of it is known)"
        return f"{task or cause.name} ran again, and nothing recorded differs"
    if cause.kind == "environment":
        name = shown_member(cause.name)
        old, new = (shown_value(cause.name, v) for v in (cause.b, cause.a))
    else:
        name = cause.name
        old, new = value_texts(cause.b, cause.a)
    # Further upstream another run has it, whose parameters may have the same names.
    where = f" ({task}, through {cause.via[-1]})" if cause.via and task else ""
    return f"{name} {old} → {new}{where}"


def _files(cause: Cause) -> str | None:
    count = len(cause.files)
    return f"{count} file{'' if count == 1 else 's'} of it" if count else None
