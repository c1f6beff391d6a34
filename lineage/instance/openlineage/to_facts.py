"""The facts of a run: a task, a step of its parent, and its edges."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from .run_state import RunState

#: Schemes of storages whose objects are files; any other namespace has tables.
_FILE_SCHEMES: Final = frozenset(
    {"s3", "gs", "abfss", "abfs", "wasbs", "hdfs", "dbfs", "oss", "cos", "obs"}
)
_SAME_SCHEME: Final = {"s3a": "s3", "s3n": "s3", "gcs": "gs"}


def facts_of(
    run: str, state: RunState, names: Mapping[tuple[str, str], str]
) -> list[dict[str, Any]]:
    """Return the facts that a state of a run gives.

    The uid of a fact is made of what it says, so that facts that were stored before
    are stored once. A run with a parent and without data of its own is a step of the
    parent.

    Args:
        run: The task's key.
        state: What is known of the run.
        names: Canonical names that the store knows, by kind and path.
    """
    if state.parent is not None and not state.has_data:
        return [_with_uid(run, fact) for fact in _step(run, state)]
    found = [_task(run, state), *_edges(run, state, names)]
    if state.ended_at is not None:
        found.append(_end(run, state))
    return [_with_uid(run, fact) for fact in found]


def artifact_of(dataset: Mapping[str, Any]) -> tuple[str, str]:
    """Return kind and id of a dataset, by the names that apps and other tools use."""
    namespace, name = str(dataset["namespace"]), str(dataset["name"])
    parts = urlsplit(namespace if "://" in namespace else f"{namespace}://")
    scheme = _SAME_SCHEME.get(parts.scheme.lower(), parts.scheme.lower())
    if scheme == "file" or (not namespace and name.startswith("/")):
        host = parts.netloc.lower()
        return "file", f"file://{host}{name}" if host else name
    if scheme in _FILE_SCHEMES:
        return "file", f"{scheme}://{parts.netloc}/{name.lstrip('/')}"
    if "://" in namespace:
        head = f"{scheme}://{parts.netloc.lower()}{parts.path}".rstrip("/")
        return "table", f"{head}/{name}"
    return "table", f"{namespace}/{name}" if namespace else name


def artifacts_of(state: RunState) -> set[tuple[str, str]]:
    """Return kind and id of each dataset of a run, and of what is joined to it."""
    found = set()
    for dataset in (*state.inputs.values(), *state.outputs.values()):
        found.add(artifact_of(dataset))
        found.update(artifact_of(other) for other in _symlinks(dataset))
    return found


def _task(run: str, state: RunState) -> dict[str, Any]:
    fact: dict[str, Any] = {
        "f": "task",
        "task": run,
        "at": state.started_at or state.first_at,
        "name": state.job,
        "status": "started",
    }
    if state.parent is not None:
        fact["parent"] = state.parent
    location = state.facets.get("job", {}).get("sourceCodeLocation")
    version = location.get("version") if isinstance(location, Mapping) else None
    if isinstance(version, str) and version:
        fact["git_commit"] = version[:200]
    engine = state.facets.get("processing_engine")
    if isinstance(engine, Mapping) and isinstance(engine.get("name"), str):
        words = (str(engine["name"]), str(engine.get("version") or ""))
        fact["environment"] = {"engine": " ".join(words).strip()[:500]}
    return fact


def _end(run: str, state: RunState) -> dict[str, Any]:
    fact = {"f": "task_end", "task": run, "at": state.ended_at, "status": state.end}
    error = state.facets.get("errorMessage")
    if state.end == "error" and isinstance(error, Mapping):
        fact["error"] = str(error.get("message") or "failed")[:2000]
        if isinstance(error.get("stackTrace"), str):
            fact["traceback"] = error["stackTrace"][:20_000]
    return fact


def _step(run: str, state: RunState) -> Iterator[dict[str, Any]]:
    if state.ended_at is None or state.parent is None:
        return
    at = min(state.started_at or state.ended_at, state.ended_at)
    # A parent whose own events never come is known by what its children say.
    yield {
        "f": "task",
        "task": state.parent,
        "at": at,
        **({"name": state.parent_job} if state.parent_job else {}),
    }
    yield {
        "f": "step_end",
        "task": state.parent,
        "at": state.ended_at,
        "step": {"key": run, "name": state.job[:200], "at": at},
        "outcome": "ok" if state.end == "finished" else "error",
    }


def _edges(
    run: str, state: RunState, names: Mapping[tuple[str, str], str]
) -> Iterator[dict[str, Any]]:
    for dataset in state.inputs.values():
        at = state.started_at or state.first_at
        yield _edge(run, "input", dataset, at, names)
    # What a run is about to write it has not made yet, and a failed one perhaps never.
    if state.produced_at is not None:
        made_at = max(state.produced_at, state.started_at or 0.0)
        for dataset in state.outputs.values():
            yield _edge(run, "output", dataset, made_at, names)


def _edge(
    run: str,
    direction: str,
    dataset: Mapping[str, Any],
    at: float | None,
    names: Mapping[tuple[str, str], str],
) -> dict[str, Any]:
    kind, id = artifact_of(dataset)
    fact: dict[str, Any] = {
        "f": "edge", "task": run, "at": at, "dir": direction, "kind": kind, "id": id,
        "name": id.rstrip("/").rpartition("/")[2] or id,
    }  # fmt: skip
    others = [artifact_of(other) for other in _symlinks(dataset)]
    known = [names[one] for one in ((kind, id), *others) if one in names]
    if known:
        fact["canonical"] = known[0]
    aliases = [other for _, other in others if other != id]
    if aliases:
        fact["aliases"] = aliases[:8]
    version = dataset["facets"].get("version")
    said = version.get("datasetVersion") if isinstance(version, Mapping) else None
    if isinstance(said, str) and said:
        fact["version"] = said[:1024]
    return fact


def _symlinks(dataset: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    facet = dataset["facets"].get("symlinks")
    found = facet.get("identifiers") if isinstance(facet, Mapping) else None
    return [
        item
        for item in (found if isinstance(found, list) else ())
        if isinstance(item, Mapping)
        and isinstance(item.get("name"), str)
        and isinstance(item.get("namespace"), str)
    ]


def _with_uid(run: str, fact: dict[str, Any]) -> dict[str, Any]:
    """Name a fact by what it says; an edge by its dataset, since it is made once."""
    content = fact
    if fact["f"] == "edge":
        content = {name: fact.get(name) for name in ("dir", "kind", "id", "version")}
    text = json.dumps(content, sort_keys=True, default=str)
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1
    return {**fact, "uid": f"{run[:160]}-{number}"}
