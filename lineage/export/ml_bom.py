"""CycloneDX 1.7 ML-BOM: models, data and files, and how they were built.

Source: the CycloneDX 1.7 schema. A task is a workflow of the formulation, a model a
component with a model card that refers to the data behind it. Written as plain JSON,
because the reference library drops `formulation` when it reads and writes.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from ..model.details import TaskDetail
from ..model.environment import PACKAGE
from ..model.graph import GraphEdge, Node
from ..model.readable_json import json_text
from .record import GraphRecord, hex_digest, text_of, utc

_DATA_KINDS = frozenset({"project", "dataset", "folder", "table", "job"})


def to_ml_bom(record: GraphRecord) -> str:
    """Return the record as a CycloneDX document."""
    sources = _sources(record)
    components = [
        _component(node, sources.get(node.key, ())) for node in record.artifacts()
    ]
    document: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "serialNumber": f"urn:uuid:{uuid.uuid4()}",
        "version": 1,
        "metadata": {
            "timestamp": utc(record.exported_at),
            "properties": [
                {"name": "lineage:selector", "value": text_of(record.selector)}
            ],
        },
        "components": components,
        "dependencies": [
            {"ref": node.key, "dependsOn": sorted(sources.get(node.key, ()))}
            for node in record.artifacts()
        ],
    }
    used, made = _by_task(record.inputs()), _by_task(record.outputs())
    workflows = [
        _workflow(
            node,
            record.details.get(node.key),
            used.get(node.key, ()),
            made.get(node.key, ()),
        )
        for node in record.tasks()
    ]
    if workflows:
        formula: dict[str, Any] = {"bom-ref": "formula", "workflows": workflows}
        packages = _packages(record.details.values())
        if packages:
            formula["components"] = packages
        document["formulation"] = [formula]
    return json_text(document, indent=record.indent)


def _packages(details: Iterable[TaskDetail]) -> list[dict[str, str]]:
    """Return the Python packages that were installed where the tasks ran."""
    found = {
        (name.removeprefix(PACKAGE), version)
        for detail in details
        for name, version in detail.environment.items()
        if name.startswith(PACKAGE)
    }
    return [
        {
            "type": "library",
            "bom-ref": _purl(name, version),
            "name": text_of(name),
            "version": text_of(version),
            "purl": _purl(name, version),
        }
        for name, version in sorted(found)
    ]


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{quote(text_of(name))}@{quote(text_of(version))}"


def _by_task(edges: Iterable[tuple[str, str, GraphEdge]]) -> dict[str, list[str]]:
    versions: dict[str, list[str]] = defaultdict(list)
    for task, version, _ in edges:
        versions[task].append(version)
    return versions


def _sources(record: GraphRecord) -> dict[str, set[str]]:
    """Map each version to the versions it was made from."""
    used: dict[str, set[str]] = defaultdict(set)
    for task, version, _ in record.inputs():
        used[task].add(version)
    sources: dict[str, set[str]] = defaultdict(set)
    known = {node.key for node in record.artifacts()}
    for task, version, edge in record.outputs():
        found = known & set(edge.derived_from or used[task])
        sources[version] |= found - {version}
    for edge in record.edges:
        if edge.role == "revision":
            sources[edge.target].add(edge.source)
    return sources


def _component(node: Node, sources: Iterable[str]) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "file",
        "bom-ref": node.key,
        "name": text_of(node.name) or node.key,
    }
    if node.version:
        component["version"] = text_of(node.version)
    digest = hex_digest(node)
    if digest:
        component["hashes"] = [{"alg": "SHA-256", "content": digest}]
    if node.kind == "model_weight":
        component["type"] = "machine-learning-model"
        component["modelCard"] = {
            "modelParameters": {"datasets": [{"ref": key} for key in sorted(sources)]}
        }
    elif node.kind in _DATA_KINDS:
        component["type"] = "data"
        component["data"] = [{"type": "dataset", "name": component["name"]}]
    properties = {"kind": node.kind, "id": node.id, "size": node.size}
    component["properties"] = [
        {"name": f"lineage:{name}", "value": text_of(value)}
        for name, value in properties.items()
        if value is not None
    ]
    return component


def _workflow(
    node: Node, detail: TaskDetail | None, used: Sequence[str], made: Sequence[str]
) -> dict[str, Any]:
    workflow: dict[str, Any] = {
        "bom-ref": node.key,
        "uid": node.key,
        "name": text_of(node.name),
        "taskTypes": ["build"],
    }
    for name, at in (("timeStart", node.started_at), ("timeEnd", node.ended_at)):
        if at is not None:
            workflow[name] = utc(at)
    if used:
        workflow["inputs"] = [{"resource": {"ref": key}} for key in used]
    if made:
        workflow["outputs"] = [
            {"type": "artifact", "resource": {"ref": key}} for key in made
        ]
    if detail is not None and detail.steps:
        workflow["tasks"] = [
            {
                "bom-ref": f"{node.key}/step/{number}",
                "uid": f"{node.key}/step/{number}",
                "name": text_of(step.name),
                "taskTypes": ["build"],
            }
            for number, step in enumerate(detail.steps)
        ]
    workflow["properties"] = _properties(node, detail)
    return workflow


def _properties(node: Node, detail: TaskDetail | None) -> list[dict[str, str]]:
    known: dict[str, object] = {"status": node.status}
    if detail is not None:
        known |= {
            "command": detail.command,
            "gitCommit": detail.git_commit,
            "python": detail.python,
            "environment": detail.environment_digest,
            **{
                name: text
                for name, text in detail.environment.items()
                if not name.startswith(PACKAGE)
            },
            "error": detail.error,
        }
    return [
        {"name": f"lineage:{name}", "value": text_of(value)}
        for name, value in known.items()
        if value
    ]
