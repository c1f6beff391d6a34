"""The formats of an export: one row for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from . import diagrams, html, ml_bom, openlineage, prov, ro_crate, tables
from .record import GraphRecord, GraphSource, read


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


def export(
    api: GraphSource,
    selector: str,
    *,
    format: str = "json",
    up: int | None = None,
    down: int | None = 0,
) -> str:
    """Return a part of the graph as the text of a document.

    Args:
        api: `api.graph` of an instance.
        selector: Where to start, such as `model.pt` or `task:12`.
        format: A name of `FORMATS`.
        up: Hops upstream; None is without limit.
        down: Hops downstream; None is without limit.

    Raises:
        ValueError: There is no such format.
        NotFoundError: Nothing matches the selector.
    """
    if format not in FORMATS:
        raise ValueError(f"no format {format!r}; there are {', '.join(FORMATS)}")
    return FORMATS[format].write(read(api, selector, up=up, down=down))
