"""The record as a diagram for other tools: Mermaid, DOT and GraphML."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from ..model.graph import Node
from .record import GraphRecord, text_of, utc

_GRAPHML = "http://graphml.graphdrawing.org/xmlns"
_FIELDS = (
    "label", "type", "kind", "id", "version", "digest", "size", "status", "started_at",
    "ended_at",
)  # fmt: skip


def to_mermaid(record: GraphRecord) -> str:
    """Return the record as a Mermaid flowchart."""
    numbers = {node.key: f"n{index}" for index, node in enumerate(record.nodes)}
    lines = ["flowchart LR"]
    for node in record.nodes:
        text = _mermaid_text(_label(node))
        shape = f'(["{text}"])' if node.type == "task" else f'["{text}"]'
        lines.append(f"    {numbers[node.key]}{shape}")
    for edge in record.edges:
        arrow = "-.->" if edge.role == "revision" else "-->"
        lines.append(f"    {numbers[edge.source]} {arrow} {numbers[edge.target]}")
    failed = [numbers[n.key] for n in record.tasks() if n.status == "error"]
    if failed:
        lines.append("    classDef failed stroke:#b3261e,stroke-width:2px")
        lines.append(f"    class {','.join(failed)} failed")
    return "\n".join(lines) + "\n"


def to_dot(record: GraphRecord) -> str:
    """Return the record in Graphviz's language."""
    lines = ["digraph lineage {", "  rankdir=LR;", '  node [fontname="sans-serif"];']
    for node in record.nodes:
        shape = "box" if node.type == "data" else "ellipse"
        lines.append(f"  {_dot(node.key)} [label={_dot(_label(node))}, shape={shape}];")
    for edge in record.edges:
        style = " [style=dashed]" if edge.role == "revision" else ""
        lines.append(f"  {_dot(edge.source)} -> {_dot(edge.target)}{style};")
    return "\n".join([*lines, "}"]) + "\n"


def to_graphml(record: GraphRecord) -> str:
    """Return the record as GraphML, with what is known of each node as attributes."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<graphml xmlns="{_GRAPHML}">',
        *(
            f'  <key id="{name}" for="node" attr.name="{name}" attr.type="string"/>'
            for name in _FIELDS
        ),
        '  <key id="role" for="edge" attr.name="role" attr.type="string"/>',
        '  <graph id="lineage" edgedefault="directed">',
    ]
    for node in record.nodes:
        lines.append(f"    <node id={quoteattr(node.key)}>")
        for name, value in zip(_FIELDS, _values(node), strict=True):
            if value not in (None, ""):
                text = escape(text_of(value))
                lines.append(f'      <data key="{name}">{text}</data>')
        lines.append("    </node>")
    for edge in record.edges:
        source, target = quoteattr(edge.source), quoteattr(edge.target)
        lines.append(
            f"    <edge source={source} target={target}>"
            f'<data key="role">{edge.role}</data></edge>'
        )
    return "\n".join([*lines, "  </graph>", "</graphml>"]) + "\n"


def _values(node: Node) -> tuple[object, ...]:
    return (
        node.name, node.type, node.kind, node.id, node.version, node.digest, node.size,
        node.status, utc(node.started_at), utc(node.ended_at),
    )  # fmt: skip


def _label(node: Node) -> str:
    parts = (node.name or node.key, node.version or node.status)
    return " · ".join(text_of(part) for part in parts if part)


def _mermaid_text(text: str) -> str:
    # Mermaid has entities of its own: `#` and the code of the character.
    special = '"#<>&;`\\[](){}|%*_~'
    plain = " ".join(text.split())
    return "".join(f"#{ord(c)};" if c in special else c for c in plain)


def _dot(text: str) -> str:
    plain = text_of(text).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + plain.replace("\n", "\\n") + '"'
