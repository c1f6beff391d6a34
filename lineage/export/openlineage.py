"""OpenLineage events of a record: one START and one end for each task, as JSON lines.

Source: OpenLineage 2-0-2 and its facets. The run's id is made from the task's own
key, so that the same task always has the same id. `derived_from` is the explicit
lineage facet of the output. What the specification has no words for stands in facets
of ours, so that an instance that receives the events has the same graph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from ..model.details import TaskDetail
from ..model.graph import GraphEdge, Node
from ..model.openlineage import (
    EDGE_FACET,
    EVENT,
    NAMESPACE,
    PRODUCER,
    TASK_FACET,
    dataset_name,
    facet,
    job_facets,
    lineage_facet,
    own_facet,
)
from ..model.readable_json import json_text
from ..model.run_ids import run_uuid
from .openlineage_facts import (
    EdgeFacts,
    facts_of_artifact,
    facts_of_edge,
    facts_of_task,
)
from .record import GraphRecord, text_of, utc

_END: Final = {
    "finished": "COMPLETE", "error": "FAIL", "stopped": "ABORT", "lost": "ABORT",
}  # fmt: skip


def to_openlineage(record: GraphRecord) -> str:
    """Return the record as OpenLineage events, one JSON text a line."""
    lines = [json_text(event) for event in events(record)]
    return "".join(f"{line}\n" for line in lines)


def events(record: GraphRecord) -> Iterator[dict[str, Any]]:
    """Yield the events of each task in the order of its beginning."""
    writer = _Writer(record)
    for node in sorted(record.tasks(), key=lambda n: n.started_at or 0.0):
        yield from writer.events(node)


class _Writer:
    """Writes the events of the tasks of a record."""

    def __init__(self, record: GraphRecord) -> None:
        self._record = record
        self._nodes = {node.key: node for node in record.artifacts()}
        self._used: dict[str, list[GraphEdge]] = defaultdict(list)
        self._made: dict[str, list[GraphEdge]] = defaultdict(list)
        for task, _, edge in record.inputs():
            self._used[task].append(edge)
        for task, _, edge in record.outputs():
            self._made[task].append(edge)

    def events(self, node: Node) -> Iterator[dict[str, Any]]:
        detail = self._record.details.get(node.key)
        inputs, outputs = self._datasets(node, detail)
        base = {
            "schemaURL": EVENT,
            "producer": PRODUCER,
            "run": {"runId": _run_id(node, detail), "facets": self._facets(detail)},
            "job": {
                "namespace": NAMESPACE,
                "name": text_of(node.name) or node.key,
                "facets": job_facets(),
            },
            "inputs": inputs,
        }
        started = utc(node.started_at or self._record.exported_at)
        end = _END.get(node.status or "")
        # What a task that goes on has made is made; its START would only plan it.
        yield {"eventType": "START", "eventTime": started, **base, "outputs": []}
        if end is not None or outputs:
            yield {
                "eventType": end or "RUNNING",
                "eventTime": utc(node.ended_at or node.started_at) or started,
                **base,
                "outputs": outputs,
            }

    def _datasets(
        self, node: Node, detail: TaskDetail | None
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        edges = [e for e in detail.edges if e.data.key in self._nodes] if detail else []
        whole = {edge.data.key for edge in edges}
        known: list[tuple[str, Node, EdgeFacts]] = [
            (edge.direction, edge.data, facts_of_edge(edge, detail)) for edge in edges
        ]
        # Details are read of some tasks only, and hold some of their edges only.
        known += [
            ("input", self._nodes[e.source], {"recordedAt": e.recorded_at})
            for e in self._used[node.key]
            if e.source not in whole
        ]
        known += [
            ("output", self._nodes[e.target], self._facts_of(e))
            for e in self._made[node.key]
            if e.target not in whole
        ]
        return (
            [_dataset(n, facts) for way, n, facts in known if way == "input"],
            [self._output(n, facts) for way, n, facts in known if way == "output"],
        )

    def _facts_of(self, edge: GraphEdge) -> EdgeFacts:
        return {
            "recordedAt": edge.recorded_at,
            "derivedFrom": edge.derived_from,
            "isReused": edge.is_reused or None,
        }

    def _output(self, node: Node, facts: EdgeFacts) -> dict[str, Any]:
        sources = facts.pop("derivedFrom", None)
        dataset = _dataset(node, facts)
        if node.size is not None:
            dataset["outputFacets"] = {
                "outputStatistics": facet(
                    "OutputStatisticsOutputDatasetFacet", "1-0-2", size=node.size
                )
            }
        if sources is not None:
            named = [self._nodes[key] for key in sources if key in self._nodes]
            dataset["facets"]["lineage"] = lineage_facet(
                dataset_name(n.kind, text_of(n.id)) for n in named
            )
        return dataset

    def _facets(self, detail: TaskDetail | None) -> dict[str, Any]:
        facets = _run_facets(detail)
        if detail is not None:
            facets[TASK_FACET] = own_facet("RunFacet", facts_of_task(detail))
            if detail.started_by is not None:
                known = self._record.details.get(detail.started_by.key)
                run = known.run if known is not None else detail.parent_run
                facets["parent"] = _parent(detail.started_by, run)
        return facets


def _parent(node: Node, run: str | None) -> dict[str, Any]:
    return facet(
        "ParentRunFacet",
        "1-2-0",
        run={"runId": run_uuid(run or node.key)},
        job={"namespace": NAMESPACE, "name": text_of(node.name)},
    )


def _run_id(node: Node, detail: TaskDetail | None) -> str:
    key = detail.run if detail is not None and detail.run else node.key
    return run_uuid(key)


def _dataset(node: Node, facts: EdgeFacts) -> dict[str, Any]:
    namespace, name = dataset_name(node.kind, text_of(node.id))
    facets: dict[str, Any] = {
        "datasetType": facet("DatasetTypeDatasetFacet", "1-0-1", datasetType=node.kind)
    }
    version = node.digest or node.version
    if version:
        facets["version"] = facet(
            "DatasetVersionDatasetFacet", "1-0-1", datasetVersion=text_of(version)
        )
    own = {**facts_of_artifact(node), **facts}
    facets[EDGE_FACET] = own_facet("DatasetFacet", own)
    return {"namespace": namespace, "name": name, "facets": facets}


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
