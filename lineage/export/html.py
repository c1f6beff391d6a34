"""The record as one HTML file that opens without a network: graph, table, details."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from html import escape
from itertools import compress
from typing import Final

from ..model.details import TaskDetail
from ..model.environment import shown_member
from ..model.graph import Node
from ..model.selector import shown_status
from .record import GraphRecord, environment_name, hex_digest, text_of, utc
from .svg import draw

#: Nodes up to which the graph is drawn; the tables have all of them.
MAX_DRAWN: Final = 400
#: Characters of a parameter's value that are shown, at most.
_MAX_VALUE: Final = 120

_STYLE: Final = """
:root{color-scheme:light dark;--ink:light-dark(#1d2330,#e7e9ee);
--quiet:light-dark(#5a6475,#a7afbd);--line:light-dark(#d5dae3,#3a404b);
--ground:light-dark(#fff,#16181c);--bad:light-dark(#b3261e,#ff9d94)}
body{font:15px/1.5 system-ui,sans-serif;margin:clamp(.8rem,3vw,2rem);
color:var(--ink);background:var(--ground)}
h1{font-size:1.5rem;margin:0;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2rem 0 .5rem}
.graph,.table{overflow:auto;border:1px solid var(--line);border-radius:6px}
.graph svg{display:block;margin-right:auto;direction:ltr}
.graph.from-end{direction:rtl}
.graph text{fill:var(--ink)}.graph .sub{fill:var(--quiet)}
.graph path{stroke:light-dark(#7b879b,#8b95a5)}
.graph .data{fill:var(--ground);stroke:light-dark(#8b97ab,#6b7585)}
.graph .task{fill:light-dark(#e8eefc,#222a40);stroke:light-dark(#4a6bc4,#7f9bea)}
.graph .failed{stroke:var(--bad)}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .7rem;
border-bottom:1px solid var(--line);overflow-wrap:break-word;max-width:24rem}
tr:last-child td{border-bottom:0}
th{white-space:nowrap;color:var(--quiet);font-weight:600}
time,.size{white-space:nowrap}.error{min-width:16rem;color:var(--bad)}
summary{cursor:pointer;margin:.4rem 0}
code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}
code.long{display:inline-block;min-width:17rem}
"""


class _Markup(str):
    """A cell that is markup already."""

    __slots__ = ()


def to_html(record: GraphRecord) -> str:
    """Return the record as a page."""
    title = f"Lineage of {text_of(record.selector)}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{escape(title)}</h1><p>{_summary(record)}</p>"
        f"<h2>Graph</h2>{_graph(record)}"
        f"<h2>Artifacts</h2>{_artifacts(record)}"
        f"<h2>Tasks</h2>{_tasks(record)}{_environments(record)}"
        f"<h2>Edges</h2>{_edges(record)}</main></body></html>\n"
    )


def _summary(record: GraphRecord) -> str:
    parts = [
        _count(len(record.tasks()), "task"),
        _count(len(record.artifacts()), "version") + " of artifacts",
        _count(len(record.edges), "edge"),
        f"exported {_time(record.exported_at)} UTC",
    ]
    if not record.is_complete:
        parts.append("a part only: the export reached its bound")
    return " · ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _graph(record: GraphRecord) -> str:
    if len(record.nodes) > MAX_DRAWN:
        return (
            f"<p>Not drawn: {len(record.nodes)} nodes are more than {MAX_DRAWN}."
            " The tables below have all of them.</p>"
        )
    drawn = draw(record.nodes, record.edges, record.focus)
    # What was asked about comes into view, also where all else stands left of it.
    left = {edge.source for edge in record.edges}
    is_last = bool(record.focus) and left.isdisjoint(record.focus)
    classes = "graph from-end" if is_last else "graph"
    return _region(classes, "Graph", drawn)


def _artifacts(record: GraphRecord) -> str:
    head = ("name", "kind", "path or id", "version", "size", "SHA-256")
    return _table("Artifacts", head, (_artifact(node) for node in record.artifacts()))


def _artifact(node: Node) -> tuple[object, ...]:
    kind = node.kind.replace("_", " ")
    size = None if node.size is None else _count(node.size, "byte")
    place = _Markup(f'<bdi dir="ltr">{escape(text_of(node.id))}</bdi>')
    return (
        node.name,
        kind,
        place,
        node.version,
        size and _Markup(f'<span class="size">{size}</span>'),
        _code(hex_digest(node), "long"),
    )


def _tasks(record: GraphRecord) -> str:
    head = (
        "task", "name", "status", "started (UTC)", "ended (UTC)", "parameters",
        "metrics", "user", "code", "command", "ran in",
    )  # fmt: skip
    rows = (_task(node, record.details.get(node.key)) for node in record.tasks())
    return _table("Tasks", head, rows)


def _task(node: Node, detail: TaskDetail | None) -> tuple[object, ...]:
    return (
        node.id,
        node.name,
        _status(node, detail),
        _time(node.started_at),
        _time(node.ended_at),
        detail and _values(detail.params),
        detail and _values(detail.metrics),
        detail and detail.user,
        detail and _code(detail.git_commit),
        detail and _code(detail.command, "long"),
        _ran_in(detail),
    )


def _status(node: Node, detail: TaskDetail | None) -> str | None:
    """Return the word for a status, with the error of what failed below it."""
    word = shown_status(node.status)
    if detail is None or not detail.error:
        return word
    return _Markup(
        f'{escape(word or "")}<div class="error">{_cell(detail.error)}</div>'
    )


def _values(values: Mapping[str, object]) -> str | None:
    """Return named values, one in a line."""
    lines = (_code(f"{name}={_short_json(value)}") for name, value in values.items())
    return _Markup("<br>".join(filter(None, lines))) if values else None


def _short_json(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}…"


def _time(at: float | None) -> str | None:
    """Return a time to be read by people, to the second, and whole for programs."""
    whole = utc(at)
    if whole is None:
        return None
    return _Markup(f'<time datetime="{whole}">{whole[:19].replace("T", " ")}</time>')


def _code(text: str | None, look: str = "") -> str | None:
    if not text:
        return None
    return _Markup(
        f'<code class="{look}"><bdi dir="ltr">{escape(text_of(text))}</bdi></code>'
    )


def _ran_in(detail: TaskDetail | None) -> str | None:
    if detail is None or not detail.environment_digest:
        return None
    return environment_name(detail.environment_digest).replace("/", " ")


def _environments(record: GraphRecord) -> str:
    """Return what tasks ran in, each once, with all of its members."""
    found = record.environments()
    if not found:
        return ""
    used = Counter(one.environment_digest for one in record.details.values())
    parts = []
    for digest, members in found.items():
        name = environment_name(digest)
        rows = ((shown_member(key), value) for key, value in members.items())
        parts.append(
            f"<details><summary>{name.replace('/', ' ')}, "
            f"of {_count(used[digest], 'task')}: {_count(len(members), 'value')}"
            f"</summary><p><code>environment:{digest.removeprefix('sha256:')}</code></p>"
            f"{_table(name, ('what', 'value'), rows)}</details>"
        )
    return f"<h2>Environments</h2>{''.join(parts)}"


def _edges(record: GraphRecord) -> str:
    names = {
        node.key: _Markup(f"{_cell(node.name)} ({escape(node.key)})")
        for node in record.nodes
    }
    rows = (
        (
            names[edge.source],
            edge.role,
            names[edge.target],
            ", ".join(edge.steps),
            _time(edge.recorded_at),
        )
        for edge in record.edges
    )
    return _table("Edges", ("from", "role", "to", "steps", "recorded (UTC)"), rows)


def _table(name: str, head: tuple[str, ...], rows: Iterable[Iterable[object]]) -> str:
    """Return a table without the columns in which no row has a value."""
    kept = [tuple(row) for row in rows]
    if not kept:
        return "<p>None.</p>"
    filled = [any(row[at] not in (None, "") for row in kept) for at in range(len(head))]
    top = "".join(
        f'<th scope="col">{escape(one)}</th>' for one in compress(head, filled)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td>{_cell(value)}</td>" for value in compress(row, filled))
        + "</tr>"
        for row in kept
    )
    table = f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    return _region("table", name, table)


def _region(look: str, name: str, content: str) -> str:
    """Return what scrolls by itself, by the keyboard too, where it is too wide."""
    return (
        f'<div class="{look}" role="region" aria-label="{escape(name)}" tabindex="0">'
        f"{content}</div>"
    )


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, _Markup):
        return value
    return f'<bdi dir="auto">{escape(text_of(value))}</bdi>'
