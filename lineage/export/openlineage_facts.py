"""What OpenLineage has no words for: steps, values, the kind of an artifact.

The members of the facets `lineage_task` and `lineage_edge`, named as the members of
answers, in the spelling of OpenLineage.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..model.details import Edge, Step, TaskDetail
from ..model.graph import Node
from .record import text_of

EdgeFacts = dict[str, Any]


def facts_of_task(detail: TaskDetail) -> dict[str, Any]:
    """Return what is known of a task beside its times and its edges."""
    return {
        "host": detail.host,
        "user": detail.user,
        "python": detail.python,
        "gitCommit": detail.git_commit,
        "gitDirty": detail.git_dirty,
        "command": detail.command,
        "environment": detail.environment,
        "environmentDigest": detail.environment_digest,
        "params": detail.params,
        "metrics": detail.metrics,
        "links": detail.links,
        "card": detail.meta,
        "steps": [_step(step) for step in detail.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    members = {
        "key": step.key,
        "name": text_of(step.name),
        "parent": step.parent,
        "startedAt": step.started_at,
        "endedAt": step.ended_at,
        "outcome": step.outcome,
        "error": step.error,
        "params": step.params,
    }
    return {name: value for name, value in members.items() if value is not None}


def facts_of_artifact(node: Node) -> dict[str, Any]:
    """Return what identifies an artifact and how it is called."""
    is_model = node.kind == "model_weight"
    return {
        "kind": "file" if is_model else node.kind,
        "id": node.id,
        "name": text_of(node.name),
        "isModel": is_model or None,
        "size": node.size,
    }


def facts_of_edge(edge: Edge, detail: TaskDetail | None) -> EdgeFacts:
    """Return what is known of an edge beside its artifact.

    Args:
        edge: The edge.
        detail: Of its task.
    """
    is_output = edge.direction == "output"
    scope = _scope(edge, detail) if is_output and edge.derived_from is None else None
    return {
        "uid": edge.uid,
        "recordedAt": edge.recorded_at,
        "step": edge.step,
        "scope": scope,
        "derivedFrom": edge.derived_from if is_output else None,
        "isReused": edge.is_reused or None,
        "card": edge.meta,
    }


def _scope(edge: Edge, detail: TaskDetail | None) -> str | None:
    """Return the nearest step around an output that had an input before it."""
    if detail is None or edge.step is None:
        return None
    with_input = {
        one.step
        for one in detail.edges
        if one.direction == "input" and one.recorded_at <= edge.recorded_at
    }
    return next((key for key in _around(edge.step, detail) if key in with_input), None)


def _around(step: str | None, detail: TaskDetail) -> Iterator[str]:
    """Yield a step and those around it, the innermost first."""
    parents = {one.key: one.parent for one in detail.steps}
    while step is not None:
        yield step
        step = parents.get(step)
