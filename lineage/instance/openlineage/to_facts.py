"""The facts of a run: a task, a step of its parent, and its edges."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from ...model.fact_uids import content_uid
from ...model.limits import MAX_ALIASES, MAX_NAME
from .dataset_names import PLACES, Artifact, artifact_of, is_named, symlinks_of
from .own_facets import (
    edge_members,
    own_edge,
    step_facts,
    steps_of,
    task_members,
    value_facts,
)
from .run_state import RunState
from .standard_facets import (
    LifecycleChange,
    change_of,
    counts_of,
    description_of,
    metrics_of,
    task_params,
)

_DIGEST: Final = re.compile(r"sha256:([0-9a-f]{64})")
_ORDINAL: Final = re.compile(r"v[0-9]+")


class RunFacts(NamedTuple):
    """The facts of a run."""

    derived: list[dict[str, Any]]
    """What follows from all of its events."""
    own: list[dict[str, Any]]
    """What our own facets say, which is so whatever else comes."""


def run_facts(
    run: str,
    state: RunState,
    names: Mapping[Artifact, Artifact],
    parents: Mapping[str, RunState] = MappingProxyType({}),
    *,
    edges_of: RunState | None = None,
) -> RunFacts:
    """Return the facts that a state of a run gives.

    The uid of a fact is made of what it says, and of an edge of what is used or made.
    A run with a parent and without data of its own is a step of the parent.

    Args:
        run: The task's key.
        state: What is known of the run.
        names: What the store knows an artifact by, by kind and path of a dataset.
        parents: What is known of the runs around it, by their keys.
        edges_of: The part of the state whose edges are wanted; all by default.
    """
    around = _around(run, state, parents)
    if around and not state.has_data:
        steps = _step(run, state, around, is_known=around["parent"] in parents)
        return RunFacts([_with_uid(run, fact) for fact in steps], [])
    at = state.started_at or state.first_at
    part = state if edges_of is None else edges_of
    edges = list(_edges(run, part, {**names, **_own_names(part)}))
    found = [
        {**_task(run, state), **around},
        *(edge for edge in edges if "uid" not in edge),
        *_values(run, state, at),
    ]
    if state.ended_at is not None:
        found.append(_end(run, state))
    own = [edge for edge in edges if "uid" in edge]
    details = task_members(state.facets)
    if details:
        # A fact of its own, so that a member that is refused costs the details only.
        own.append({"f": "task", "task": run, "at": at, **details})
    own += step_facts(run, state.facets)
    own += value_facts(run, state.facets, at)
    return RunFacts(
        [_with_uid(run, fact) for fact in found], [_with_uid(run, fact) for fact in own]
    )


def facts_of(
    run: str,
    state: RunState,
    names: Mapping[Artifact, Artifact],
    parents: Mapping[str, RunState] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """Return all facts of a run; see `run_facts`."""
    found = run_facts(run, state, names, parents)
    return [*found.derived, *found.own]


def joined_names(
    states: Iterable[RunState], known: Mapping[Artifact, Artifact]
) -> dict[Artifact, Artifact]:
    """Add the other names that datasets have to what the store knows them as.

    Args:
        states: What is known of runs.
        known: What the store knows of their datasets.
    """
    names = dict(known)
    for state in states:
        for dataset in (*state.inputs.values(), *state.outputs.values()):
            own = artifact_of(dataset)
            same = [own, *(artifact_of(other) for other in symlinks_of(dataset))]
            if len(same) > 1:
                chosen = next((names[one] for one in same if one in names), own)
                for one in same:
                    names.setdefault(one, chosen)
    return names


def artifacts_of(state: RunState) -> set[tuple[str, str]]:
    """Return kind and id of each dataset of a run, and of what is joined to it."""
    found = set()
    for dataset in (*state.inputs.values(), *state.outputs.values()):
        found.add(artifact_of(dataset))
        found.update(artifact_of(other) for other in symlinks_of(dataset))
    return found


def _own_names(state: RunState) -> dict[Artifact, Artifact]:
    """Return what our own events name their datasets: a folder is spelled as a file."""
    found = {}
    for dataset in (*state.inputs.values(), *state.outputs.values()):
        own, (kind, id) = own_edge(dataset), artifact_of(dataset)
        own_kind, own_id = own.get("kind"), own.get("id")
        is_place = kind in PLACES and isinstance(own_kind, str) and own_kind in PLACES
        if is_place and own_kind != kind:
            found[kind, id] = (str(own_kind), own_id if isinstance(own_id, str) else id)
    return found


def _task(run: str, state: RunState) -> dict[str, Any]:
    fact: dict[str, Any] = {
        "f": "task",
        "task": run,
        "at": state.started_at or state.first_at,
        "name": state.job,
        "status": "started",
    }
    location = state.facets.get("job", {}).get("sourceCodeLocation")
    version = location.get("version") if isinstance(location, Mapping) else None
    if isinstance(version, str) and version:
        fact["git_commit"] = version[:200]
    description = description_of(state.facets.get("job", {}))
    if description is not None:
        fact["node_meta"] = {"customNodeSettings": {"description": description}}
    engine = state.facets.get("processing_engine")
    if isinstance(engine, Mapping) and isinstance(engine.get("name"), str):
        words = (str(engine["name"]), str(engine.get("version") or ""))
        fact["environment"] = {"engine": " ".join(words).strip()[:500]}
    return fact


def _values(run: str, state: RunState, at: float | None) -> Iterator[dict[str, Any]]:
    """Yield what standard facets measure of a run, and what it was run with."""
    params = task_params(state.facets)
    if params:
        yield {"f": "params", "task": run, "at": at, "params": params}
    datasets = [("input", one) for one in state.inputs.values()]
    datasets += [("output", one) for one in state.outputs.values()]
    metrics = metrics_of(
        (direction, str(one["name"]).strip("/"), one["facets"])
        for direction, one in datasets
    )
    if metrics:
        # Counts grow from event to event; the latest ones hold.
        yield {
            "f": "metrics",
            "task": run,
            "at": state.last_at or at,
            "metrics": metrics,
        }


def _around(
    run: str, state: RunState, parents: Mapping[str, RunState]
) -> dict[str, str]:
    """Return the task that a run belongs to, and the step of that task."""
    if state.parent is None:
        return {}
    parent, step, passed = state.parent, None, {run}
    if parent not in parents and state.root is not None and state.root in parents:
        # Its parent has sent no event, as far as is known.
        parent = state.root
    while parent not in passed:
        passed.add(parent)
        known = parents.get(parent)
        if known is None or known.parent is None or known.has_data:
            return {"parent": parent, **({"parent_step": step} if step else {})}
        step, parent = step or parent, known.parent
    return {}  # Runs that name each other have no outermost one.


def _end(run: str, state: RunState) -> dict[str, Any]:
    fact = {"f": "task_end", "task": run, "at": state.ended_at, "status": state.end}
    error = state.facets.get("errorMessage")
    if state.end == "error" and isinstance(error, Mapping):
        fact["error"] = str(error.get("message") or "failed")[:2000]
        if isinstance(error.get("stackTrace"), str):
            fact["traceback"] = error["stackTrace"][:20_000]
    return fact


def _step(
    run: str, state: RunState, around: Mapping[str, str], *, is_known: bool
) -> Iterator[dict[str, Any]]:
    if state.ended_at is None:
        return
    at, task = min(state.started_at or state.ended_at, state.ended_at), around["parent"]
    is_named = task == state.parent and state.parent_job is not None
    if not is_known:
        # A parent whose own events never come is known by what its children say.
        yield {
            "f": "task",
            "task": task,
            "at": at,
            **({"name": state.parent_job} if is_named else {}),
        }
    outer = around.get("parent_step")
    yield {
        "f": "step_end",
        "task": task,
        "at": state.ended_at,
        "step": {"key": run, "name": state.job[:200], "at": at}
        | ({"parent": outer} if outer else {}),
        "outcome": "ok" if state.end == "finished" else "error",
    }


def _edges(
    run: str, state: RunState, names: Mapping[Artifact, Artifact]
) -> Iterator[dict[str, Any]]:
    steps = steps_of(state.facets)
    started = state.started_at or state.first_at
    for dataset in state.inputs.values():
        yield _edge(run, "input", dataset, started, names) | edge_members(
            own_edge(dataset), steps
        )
    for dataset in state.outputs.values():
        own, change = own_edge(dataset), change_of(dataset["facets"])
        before = _before(dataset, change, state.outputs.values())
        if before is not None:
            yield _edge(run, "input", before, started, names)
        if change is not None and change.change == "DROP":
            continue  # What was removed is no output.
        # What a run is about to write it has not made yet, and a failed one perhaps
        # never; our own events say when each output was made.
        if state.produced_at is not None or "recordedAt" in own:
            made_at = max(state.produced_at or 0.0, state.started_at or 0.0)
            fact = _edge(run, "output", dataset, made_at, names)
            sources = _sources(dataset, names)
            size = _size(fact["kind"], dataset)
            yield fact | size | sources | edge_members(own, steps)


def _edge(
    run: str,
    direction: str,
    dataset: Mapping[str, Any],
    at: float | None,
    names: Mapping[Artifact, Artifact],
) -> dict[str, Any]:
    kind, id = artifact_of(dataset)
    others = [artifact_of(other) for other in symlinks_of(dataset)]
    known = next((names[one] for one in ((kind, id), *others) if one in names), None)
    if known is not None:
        kind = known[0]
    fact: dict[str, Any] = {
        "f": "edge", "task": run, "at": at, "dir": direction, "kind": kind, "id": id,
        "name": _name(id),
    }  # fmt: skip
    description = description_of(dataset["facets"])
    if description is not None:
        fact["meta"] = {"customRelationSettings": {"description": description}}
    if known is not None and known[1] != id:
        fact["canonical"] = known[1]
    aliases = [other for _, other in others if other != id]
    if aliases:
        fact["aliases"] = aliases[:MAX_ALIASES]
    return fact | _version(dataset)


def _name(id: str) -> str:
    return (id.rstrip("/").rpartition("/")[2] or id)[:MAX_NAME]


def _version(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the version facet says: a digest is evidence, a name is a name."""
    facet = dataset["facets"].get("version")
    version = facet.get("datasetVersion") if isinstance(facet, Mapping) else None
    if not isinstance(version, str) or not version:
        return {}
    digest = _DIGEST.fullmatch(version)
    if digest is not None:
        return {"evidence": [{"kind": "sha256", "value": digest[1]}]}
    if own_edge(dataset) and _ORDINAL.fullmatch(version):
        # The number that our export gave to a version of which nothing is known.
        return {}
    return {"version": version[:1024]}


def _size(kind: str, dataset: Mapping[str, Any]) -> dict[str, int]:
    """Return the size of a file that was written whole; of a table it is unknown."""
    counts = counts_of("output", dataset["facets"])
    is_one = kind == "file" and counts.get("files_written", 1) == 1
    size = counts.get("bytes_written")
    return {"size": size} if is_one and size is not None else {}


def _before(
    dataset: Mapping[str, Any],
    change: LifecycleChange | None,
    outputs: Iterable[Mapping[str, Any]],
) -> dict[str, Any] | None:
    """Return what an output was before the run changed its form or its name."""
    if change is None:
        return None
    named = {"ALTER": dataset, "RENAME": change.before}.get(change.change)
    if named is None or not is_named(named):
        return None
    before = {"namespace": named["namespace"], "name": named["name"], "facets": {}}
    if named is not dataset and artifact_of(before) in map(artifact_of, outputs):
        return None  # The run made it itself, and gave it its name.
    return before


def _sources(
    dataset: Mapping[str, Any], names: Mapping[Artifact, Artifact]
) -> dict[str, Any]:
    """Return the inputs that the facet of explicit lineage names, if it is there."""
    facet = dataset["facets"].get("lineage")
    inputs = facet.get("inputs") if isinstance(facet, Mapping) else None
    if not isinstance(inputs, list):
        return {}
    found = [artifact_of(one) for one in inputs if is_named(one)]
    kinds = [names.get(one, one)[0] for one in found]
    return {
        "derived_from": [
            {"kind": kind, "id": id} for kind, (_, id) in zip(kinds, found, strict=True)
        ]
    }


def _with_uid(run: str, fact: dict[str, Any]) -> dict[str, Any]:
    """Name a fact by what it says, or as our own event names it."""
    # A run uses or makes a dataset once, whatever becomes known of its version.
    named = {**fact, "version": None} if fact["f"] == "edge" else fact
    return {**fact, "uid": fact.get("uid") or content_uid(run, named)}
