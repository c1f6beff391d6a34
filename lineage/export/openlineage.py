"""OpenLineage events of a record: one START and one end for each task, as JSON lines.

Source: OpenLineage 2-0-2 and its facets. The run's id is made from the task's own
key, so that the same task always has the same id. `derived_from` is the explicit
lineage facet of the output.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from ..model.graph import GraphEdge, Node, TaskDetail
from ..model.openlineage import (
    EVENT,
    NAMESPACE,
    PRODUCER,
    dataset_name,
    facet,
    job_facets,
)
from ..model.run_ids import run_uuid
from .record import GraphRecord, text_of, utc

_END: Final = {"finished": "COMPLETE", "error": "FAIL", "stopped": "ABORT"}


def to_openlineage(record: GraphRecord) -> str:
    """Return the record as OpenLineage events, one JSON text a line."""
    lines = [json.dumps(event, ensure_ascii=False) for event in events(record)]
    return "".join(f"{line}\n" for line in lines)


def events(record: GraphRecord) -> Iterator[dict[str, Any]]:
    """Yield the events of each task in the order of its beginning."""
    nodes = {node.key: node for node in record.artifacts()}
    used: dict[str, list[str]] = defaultdict(list)
    made: dict[str, list[GraphEdge]] = defaultdict(list)
    for task, version, _ in record.inputs():
        used[task].append(version)
    for task, _, edge in record.outputs():
        made[task].append(edge)
    for node in sorted(record.tasks(), key=lambda n: n.started_at or 0.0):
        detail = record.details.get(node.key)
        base = {
            "schemaURL": EVENT,
            "producer": PRODUCER,
            "run": {"runId": _run_id(node, detail), "facets": _run_facets(detail)},
            "job": {
                "namespace": NAMESPACE,
                "name": text_of(node.name) or node.key,
                "facets": job_facets(),
            },
            "inputs": [_dataset(nodes[key], "inputs") for key in used[node.key]],
        }
        started = utc(node.started_at or record.exported_at)
        yield {"eventType": "START", "eventTime": started, **base, "outputs": []}
        end = _END.get(node.status or "")
        if end is not None:
            yield {
                "eventType": end,
                "eventTime": utc(node.ended_at or node.started_at) or started,
                **base,
                "outputs": [_output(nodes, edge) for edge in made[node.key]],
            }


def _run_id(node: Node, detail: TaskDetail | None) -> str:
    key = detail.run if detail is not None and detail.run else node.key
    return run_uuid(key)


def _output(nodes: dict[str, Node], edge: GraphEdge) -> dict[str, Any]:
    dataset = _dataset(nodes[edge.target], "outputs")
    if edge.derived_from is not None:
        sources = [nodes[key] for key in edge.derived_from if key in nodes]
        named = [dataset_name(n.kind, text_of(n.id)) for n in sources]
        dataset["facets"]["lineage"] = facet(
            "LineageDatasetFacet",
            "1-0-0",
            inputs=[
                {"namespace": namespace, "name": name, "type": "DATASET"}
                for namespace, name in named
            ],
        )
    return dataset


def _dataset(node: Node, role: str) -> dict[str, Any]:
    namespace, name = dataset_name(node.kind, text_of(node.id))
    facets: dict[str, Any] = {
        "datasetType": facet("DatasetTypeDatasetFacet", "1-0-1", datasetType=node.kind)
    }
    version = node.digest or node.version
    if version:
        facets["version"] = facet(
            "DatasetVersionDatasetFacet", "1-0-1", datasetVersion=text_of(version)
        )
    dataset: dict[str, Any] = {"namespace": namespace, "name": name, "facets": facets}
    if role == "outputs" and node.size is not None:
        dataset["outputFacets"] = {
            "outputStatistics": facet(
                "OutputStatisticsOutputDatasetFacet", "1-0-2", size=node.size
            )
        }
    return dataset


def _run_facets(detail: TaskDetail | None) -> dict[str, Any]:
    facets: dict[str, Any] = {
        "processing_engine": facet(
            "ProcessingEngineRunFacet",
            "1-1-1",
            version=text_of((detail and detail.python) or "unknown"),
            name="python",
        )
    }
    if detail is not None and detail.error:
        facets["errorMessage"] = facet(
            "ErrorMessageRunFacet",
            "1-0-1",
            message=text_of(detail.error),
            programmingLanguage="python",
            **({"stackTrace": text_of(detail.traceback)} if detail.traceback else {}),
        )
    return facets
