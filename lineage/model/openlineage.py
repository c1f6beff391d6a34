"""The names and facets of OpenLineage, for events that are sent or exported.

Source: OpenLineage 2-0-2, its naming page and the schemas of its facets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from .addresses import is_absolute, uri_path

PRODUCER: Final = "urn:workflow-lineage:export"
NAMESPACE: Final = "lineage"
_SPEC: Final = "https://openlineage.io/spec"
_CORE: Final = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs"
#: Names of the facets of ours, which an instance reads back whole.
EDGE_FACET: Final = "lineage_edge"
TASK_FACET: Final = "lineage_task"
EVENT: Final = f"{_CORE}/RunEvent"
#: Schemes whose names of datasets are whole paths.
_FILE_SYSTEMS: Final = frozenset(
    {"hdfs", "webhdfs", "viewfs", "dbfs", "sftp", "ftp", "nfs", "smb"}
)
#: Ports that namespaces of databases have, and our own addresses have not.
_PORTS: Final = {"postgres": 5432, "mysql": 3306, "mssql": 1433}


def dataset_name(kind: str, id: str) -> tuple[str, str]:
    """Return namespace and name of an artifact, by OpenLineage's naming page.

    Args:
        kind: The artifact's kind.
        id: Its path, address or number.
    """
    scheme, colons, rest = id.partition("://")
    host, slash, path = rest.partition("/")
    if colons and scheme == "file":
        # What other tools call a local file, whatever the machine.
        return "file", slash + path
    if colons:
        if scheme in _PORTS and ":" not in host and "::" not in path:
            host = f"{host}:{_PORTS[scheme]}"
        # An object has a key, a file has a path. One slash before a key is no part of
        # it, so that a key that begins with one gets another.
        is_path = scheme in _FILE_SYSTEMS or path.startswith("/")
        name = slash + path if is_path else path
        return f"{scheme}://{host}", name or "/"
    if kind in {"file", "folder", "model_weight"} and is_absolute(id):
        return "file", uri_path(id)
    if kind == "table" and "/" in id:
        # `bigquery/project.data.orders`: a namespace without a scheme, as it came.
        namespace, _, name = id.partition("/")
        return namespace, name
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


def lineage_facet(sources: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the facet that names the inputs that a dataset was made of.

    Args:
        sources: Namespace and name of each.
    """
    return facet(
        "LineageDatasetFacet",
        "1-0-0",
        inputs=[
            {"namespace": namespace, "name": name, "type": "DATASET"}
            for namespace, name in sources
        ],
    )


def own_facet(base: str, members: Mapping[str, Any]) -> dict[str, Any]:
    """Return a facet of ours; members that are not known are left out.

    Args:
        base: What the specification calls such facets: `RunFacet` or `DatasetFacet`.
        members: What it says.
    """
    known = {name: value for name, value in members.items() if value not in _NOTHING}
    return {"_producer": PRODUCER, "_schemaURL": f"{_CORE}/{base}", **known}


#: What no facet says; a false answer is said, an empty list is not.
_NOTHING: Final[tuple[Any, ...]] = (None, [], {})
