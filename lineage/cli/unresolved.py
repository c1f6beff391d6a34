"""Reports a name that means nothing, or several nodes, and what to type instead."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from ..errors import SelectorError
from ..model.graph import Node
from ..model.selector import NameSelector, Text, as_name, parse, shown_status
from ..records import replace
from .connect import Instance
from .find import matching, means_set, select
from .format import count, date, duration, escape, params_text, place, title
from .output import table
from .result import StyledText

#: Candidates of an ambiguous name that are listed.
MAX_LISTED: Final = 10


def report_nothing(here: Instance, text: str) -> str:
    """Report that nothing has a name, and what is called nearly so."""
    shown = escape(text)
    waiting = here.waiting_hint()
    pinned = _pinned(text)
    if pinned is not None:
        bare = replace(pinned, version=None)
        if nodes := select(str(bare), partial(matching, here, None)):
            return _no_such_version(str(bare), str(pinned.version), nodes)
    if means_set(text):
        quoted = f'"{shown}"' if as_name(text) is None else '"a, b.csv"+1'
        return (
            f"nothing matches '{shown}'; list the runs with: lineage tasks; a name "
            f"that reads as a selector stands in quotes: '{quoted}'{waiting}"
        )
    word = pinned.text if isinstance(pinned, Text) else text.rsplit(":", maxsplit=1)[-1]
    hits = here.graph.search(word, limit=3).hits
    near = ", ".join(f"{title(hit.node)} ({hit.node.key})" for hit in hits)
    if near:
        return f"nothing is called '{shown}'; near: {near}{waiting}"
    return f"nothing is called '{shown}'; list the runs with: lineage tasks{waiting}"


def _pinned(text: str) -> Text | NameSelector | None:
    """Return a name with the version or run that it asks for; None without one."""
    name = as_name(text)
    if isinstance(name, Text):
        return name if name.version else None
    try:
        parsed = parse(text)
    except SelectorError:
        return None
    is_pinned = isinstance(parsed, NameSelector) and parsed.version
    return parsed if is_pinned else None  # type: ignore[return-value]  # a name


def _no_such_version(name: str, pinned: str, nodes: Sequence[Node]) -> str:
    """Report that what is called so has no such version or run."""
    shown = escape(name)
    parts = [
        count(len([node for node in nodes if node.type == type]), noun)
        for type, noun in (("task", "run"), ("data", "version"))
        if any(node.type == type for node in nodes)
    ]
    return (
        f"'{shown}' has {' and '.join(parts)}, and none of them is @{escape(pinned)}; "
        f"list them with: lineage show '{shown}'"
    )


def report_several(here: Instance, text: str, nodes: Sequence[Node]) -> str:
    """List the candidates of a name with what distinguishes them."""
    latest: dict[tuple[str, str, int | str], Node] = {}
    for node in sorted(nodes, key=lambda node: node.created_at or 0.0):
        latest[node.type, node.kind, node.id] = node
    chosen = sorted(latest.values(), key=lambda n: -(n.started_at or n.created_at or 0))
    types = {node.type for node in chosen}
    nouns = {"task": "run", "data": "artifact"}
    noun = count(len(chosen), nouns[types.pop()] if len(types) == 1 else "node")
    shown = escape(text)
    verb = "match" if means_set(text) else "are called"
    rows = table([_candidate(here, node) for node in chosen[:MAX_LISTED]], indent="  ")
    rest = len(chosen) - len(rows)
    return "\n".join(
        [
            f"{noun} {verb} '{shown}'; name one{_hint(shown, verb, chosen)}:",
            *("".join(part.text for part in row).rstrip() for row in rows),
            *([f"  and {rest} more"] if rest else []),
        ]
    )


def _hint(shown: str, verb: str, chosen: Sequence[Node]) -> str:
    """Suggest what may be typed for one of several."""
    if verb == "match":
        return " by its key"
    if all(node.type == "task" for node in chosen):
        return f" by its key, or {shown}@last, {shown}@-2"
    return " by its key" + _longer(chosen)


def _longer(chosen: Sequence[Node]) -> str:
    label = next((node.label for node in chosen if node.label), None)
    return f", or as {escape(label)}" if label else ""


def _candidate(here: Instance, node: Node) -> list[StyledText]:
    parts = _about_run(node) if node.type == "task" else _about_artifact(here, node)
    return [StyledText(part) for part in parts]


def _about_run(node: Node) -> list[str]:
    started, ended = node.started_at, node.ended_at
    when = "" if started is None else date(started)
    took = f"took {duration(ended - started)}" if started and ended else ""
    params = params_text(node.params or {}, most=4)
    return [node.key, title(node), shown_status(node.status) or "", when, took, params]


def _about_artifact(here: Instance, node: Node) -> list[str]:
    when = f"recorded {date(node.created_at)}" if node.created_at else ""
    label = [title(node)] if node.label else []
    return [node.key, *label, escape(place(node.id)), when, _maker(here, node)]


def _maker(here: Instance, node: Node) -> str:
    makers = here.graph.data(node.key).produced_by
    return f"made by {makers[-1].task}" if makers else "made by nobody known"
