"""Reads the facets that our own events carry: `lineage_task` and `lineage_edge`.

What they say is checked as every fact is; a member that cannot be right is refused
there, by its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...model.openlineage import EDGE_FACET, TASK_FACET

#: Members of a task's fact by those of the facet.
_TASK: Final = {
    "host": "host", "user": "user", "python": "python", "gitCommit": "git_commit",
    "gitDirty": "git_dirty", "command": "command", "environment": "environment",
}  # fmt: skip
_STEP: Final = {"key": "key", "name": "name", "parent": "parent", "startedAt": "at",
    "params": "params",
}  # fmt: skip


def task_members(facets: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the facet adds to the fact of a task."""
    facet = _object(facets.get(TASK_FACET))
    found = _renamed(facet, _TASK)
    if "card" in facet:
        found["node_meta"] = facet["card"]
    return found


def value_facts(
    run: str, facets: Mapping[str, Any], at: float | None
) -> Iterator[dict[str, Any]]:
    """Yield the parameters, metrics and links of a task."""
    facet = _object(facets.get(TASK_FACET))
    base = {"task": run, "at": at}
    if _object(facet.get("params")):
        yield {**base, "f": "params", "params": facet["params"]}
    metrics = _object(facet.get("metrics"))
    if metrics:
        rows = [[name, value, None] for name, value in metrics.items()]
        yield {**base, "f": "metrics", "metrics": rows}
    links = _object(facet.get("links"))
    if links:
        named = [{"name": name, "url": url} for name, url in links.items()]
        yield {**base, "f": "links", "links": named}


def step_facts(run: str, facets: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the ends of the steps of a task, those around others first."""
    for step in steps_of(facets).values():
        ended = step.get("endedAt")
        if ended is not None:
            error = {"error": step["error"]} if "error" in step else {}
            yield {
                "f": "step_end", "task": run, "at": ended,
                "step": _renamed(step, _STEP),
                "outcome": step.get("outcome") or "ok", **error,
            }  # fmt: skip


def steps_of(facets: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the steps that the facet of a task names, by their keys."""
    steps = _object(facets.get(TASK_FACET)).get("steps")
    found = {}
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, Mapping) and isinstance(step.get("key"), str):
            found[step["key"]] = step
    return found


def own_edge(dataset: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what our own facet says of an edge; nothing where there is none."""
    return _object(dataset["facets"].get(EDGE_FACET))


def edge_members(
    own: Mapping[str, Any], steps: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the members of an edge's fact that the facet says.

    Args:
        own: The facet.
        steps: The steps of its task.
    """
    found: dict[str, Any] = {"name": own.get("name"), "scope": own.get("scope")}
    if isinstance(own.get("id"), str):
        found["canonical"] = own["id"]
    step = own.get("step")
    if isinstance(step, str):
        found["step"] = _renamed(steps[step], _STEP) if step in steps else step
    flags = {"isModel": "is_model", "isReused": "unwritten"}
    found |= {to: True for name, to in flags.items() if own.get(name) is True}
    found |= _renamed(
        own, {"uid": "uid", "recordedAt": "at", "card": "meta", "size": "size"}
    )
    return {name: value for name, value in found.items() if value is not None}


def _renamed(value: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {to: value[name] for name, to in names.items() if name in value}


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
