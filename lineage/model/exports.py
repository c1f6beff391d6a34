"""The question for a part of the graph as a document for other tools."""

from __future__ import annotations

from typing import Literal

from .parameters import Hops, Question, Selector

FormatName = Literal[
    "html", "json", "csv", "prov", "ro-crate", "ml-bom", "openlineage", "mermaid",
    "dot", "graphml", "passport",
]  # fmt: skip


class ExportParams(Question):
    """Which part of the graph to write, and in which format."""

    endpoint = "lineage.graph.export"

    select: Selector
    format: FormatName = "json"
    """`passport` is a zip file of all others, with the manifest of digests."""
    up: Hops = None
    """Hops upstream; null is without limit."""
    down: Hops = 0
    """Hops downstream; null is without limit."""
