"""The record as tables: CSV for spreadsheets, JSON for programs."""

from __future__ import annotations

import csv
import io
import re
from typing import Final

from ..model.readable_json import json_text
from .record import GraphRecord, text_of, utc

#: The version of the JSON export's form; see docs/exports.md.
JSON_SCHEMA: Final = "lineage-export/1"
_HEADER: Final = (
    "source", "source_name", "role", "target", "target_name", "steps", "recorded_at",
)  # fmt: skip
#: Where a spreadsheet sees a formula: at the beginning of a cell, also where it takes
#: a semicolon or a tab for the end of one; and where it knows the signs of full width.
_FORMULA: Final = re.compile(r"(^|[;\t\n])(?=\s*[=+\-@\t\uff1d\uff0b\uff0d\uff20])")


def to_csv(record: GraphRecord) -> str:
    """Return one row for each edge; texts that look like formulas are made inert."""
    names = {node.key: node.name for node in record.nodes}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_HEADER)
    for edge in record.edges:
        writer.writerow(
            inert(text)
            for text in (
                edge.source,
                names[edge.source],
                edge.role,
                edge.target,
                names[edge.target],
                ", ".join(edge.steps),
                utc(edge.recorded_at) or "",
            )
        )
    return out.getvalue()


def inert(text: str) -> str:
    """Return a text that no spreadsheet evaluates."""
    return _FORMULA.sub(r"\1'", text_of(text))


def to_json(record: GraphRecord) -> str:
    """Return nodes, edges and details of tasks, as the instance answers them."""
    document = {
        "schema": JSON_SCHEMA,
        "selector": record.selector,
        "exported_at": utc(record.exported_at),
        "is_complete": record.is_complete,
        "focus": list(record.focus),
        "nodes": [node.model_dump(exclude_none=True) for node in record.nodes],
        "edges": [edge.model_dump(exclude_none=True) for edge in record.edges],
        "tasks": {
            key: detail.model_dump(exclude_none=True, exclude={"edges", "log"})
            for key, detail in record.details.items()
        },
    }
    return json_text(document, indent=record.indent)
