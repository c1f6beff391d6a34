"""The record as one HTML file that opens without a network: graph, table, details."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from html import escape
from typing import Final

from ..model.details import TaskDetail
from ..model.environment import shown_member
from ..model.graph import Node
from .record import GraphRecord, environment_name, hex_digest, text_of, utc
from .svg import draw

#: Nodes up to which the graph is drawn; the tables have all of them.
MAX_DRAWN: Final = 400

_STYLE: Final = """
:root{color-scheme:light}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color:#1d2330;background:#fff}
h1{font-size:1.5rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
.graph{overflow:auto;border:1px solid #d5dae3;border-radius:6px}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .7rem;
border-bottom:1px solid #e3e7ee;overflow-wrap:break-word;max-width:24rem}
th{white-space:nowrap}summary{cursor:pointer;margin:.4rem 0}
code{font:13px ui-monospace,monospace}
"""


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
        f"exported {utc(record.exported_at)}",
    ]
    if not record.is_complete:
        parts.append("a part only: the export reached its bound")
    return escape(" · ".join(parts))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _graph(record: GraphRecord) -> str:
    if len(record.nodes) > MAX_DRAWN:
        return (
            f"<p>Not drawn: {len(record.nodes)} nodes are more than {MAX_DRAWN}."
            " The tables below have all of them.</p>"
        )
    drawn = draw(record.nodes, record.edges, record.focus)
    return f'<div class="graph" tabindex="0">{drawn}</div>'


def _artifacts(record: GraphRecord) -> str:
    head = ("name", "kind", "path or id", "version", "size", "SHA-256")
    return _table(head, (_artifact(node) for node in record.artifacts()))


def _artifact(node: Node) -> tuple[object, ...]:
    kind = node.kind.replace("_", " ")
    size = None if node.size is None else f"{node.size} bytes"
    return (node.name, kind, node.id, node.version, size, hex_digest(node))


def _tasks(record: GraphRecord) -> str:
    head = (
        "task", "name", "status", "started", "ended", "user", "code", "command",
        "ran in",
    )  # fmt: skip
    rows = (_task(node, record.details.get(node.key)) for node in record.tasks())
    return _table(head, rows)


def _task(node: Node, detail: TaskDetail | None) -> tuple[object, ...]:
    error = f" ({detail.error})" if detail is not None and detail.error else ""
    return (
        node.id,
        node.name,
        f"{node.status or ''}{error}",
        utc(node.started_at),
        utc(node.ended_at),
        detail and detail.user,
        detail and detail.git_commit,
        detail and detail.command,
        _ran_in(detail),
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
            f"{_table(('what', 'value'), rows)}</details>"
        )
    return f"<h2>Environments</h2>{''.join(parts)}"


def _edges(record: GraphRecord) -> str:
    names = {node.key: f"{node.name} ({node.key})" for node in record.nodes}
    rows = (
        (
            names[edge.source],
            edge.role,
            names[edge.target],
            ", ".join(edge.steps),
            utc(edge.recorded_at),
        )
        for edge in record.edges
    )
    return _table(("from", "role", "to", "steps", "recorded"), rows)


def _table(head: tuple[str, ...], rows: Iterable[Iterable[object]]) -> str:
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(value)}</td>" for value in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f'<bdi dir="auto">{escape(text_of(value))}</bdi>'
