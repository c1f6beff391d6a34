"""The formats of an export: one row for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from . import diagrams, html, ml_bom, openlineage, prov, ro_crate, tables
from .record import GraphRecord


@dataclass(frozen=True, slots=True)
class Format:
    """How a record is written."""

    name: str
    file: str
    """The name of its file in a passport."""
    write: Callable[[GraphRecord], str]
    meaning: str


_ROWS: Final = (
    Format("html", "lineage.html", html.to_html, "a page that needs no network"),
    Format("json", "lineage.json", tables.to_json, "nodes, edges and details"),
    Format("csv", "lineage.csv", tables.to_csv, "one row for each edge"),
    Format("prov", "prov.json", prov.to_prov, "W3C PROV-JSON"),
    Format(
        "ro-crate",
        "ro-crate-metadata.json",
        ro_crate.to_ro_crate,
        "RO-Crate 1.1, Process Run Crate 0.5",
    ),
    Format("ml-bom", "ml-bom.cdx.json", ml_bom.to_ml_bom, "CycloneDX 1.7 ML-BOM"),
    Format(
        "openlineage",
        "openlineage.jsonl",
        openlineage.to_openlineage,
        "OpenLineage events, one a line",
    ),
    Format("mermaid", "lineage.mmd", diagrams.to_mermaid, "a Mermaid flowchart"),
    Format("dot", "lineage.dot", diagrams.to_dot, "Graphviz"),
    Format("graphml", "lineage.graphml", diagrams.to_graphml, "GraphML"),
)

FORMATS: Final = {row.name: row for row in _ROWS}
