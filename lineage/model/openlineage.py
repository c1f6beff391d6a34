"""The names and facets of OpenLineage, for events that are sent or exported.

Source: OpenLineage 2-0-2, its naming page and the schemas of its facets.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from .addresses import is_absolute, uri_path

PRODUCER: Final = "urn:workflow-lineage:export"
NAMESPACE: Final = "lineage"
_SPEC: Final = "https://openlineage.io/spec"
EVENT: Final = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"


def dataset_name(kind: str, id: str) -> tuple[str, str]:
    """Return namespace and name of an artifact, by OpenLineage's naming page.

    Args:
        kind: The artifact's kind.
        id: Its path, address or number.
    """
    parts = urlsplit(id) if "://" in id else None
    if parts is not None and parts.scheme != "file":
        return f"{parts.scheme}://{parts.netloc}", parts.path.lstrip("/") or "/"
    if parts is not None:
        # What other tools call a local file, whatever the machine.
        return "file", id.removeprefix(f"file://{parts.netloc}")
    if kind in {"file", "folder", "model_weight"} and is_absolute(id):
        return "file", uri_path(id)
    return NAMESPACE, f"{kind}/{id}"


def job_facets() -> dict[str, Any]:
    """Return the facets of the job of every task."""
    return {
        "jobType": facet(
            "JobTypeJobFacet",
            "2-0-4",
            processingType="BATCH",
            integration="LINEAGE",
            jobType="TASK",
        )
    }


def facet(facet: str, schema: str, /, **members: Any) -> dict[str, Any]:
    """Return a facet with its producer and the address of its schema.

    Args:
        facet: The name of its schema, such as `JobTypeJobFacet`.
        schema: The version of the schema, such as `2-0-4`.
        members: What it says.
    """
    # The facets of explicit lineage share one schema file.
    file = "LineageFacet" if facet == "LineageDatasetFacet" else facet
    address = f"{_SPEC}/facets/{schema}/{file}.json#/$defs/{facet}"
    return {"_producer": PRODUCER, "_schemaURL": address, **members}
