"""Turns OpenLineage events into facts: runs into tasks and steps, datasets into edges.

Events of one run bring its inputs and outputs piece by piece, in any order, and more
than once. Each fact has a uid that is made from the run and from what it says, so that
what is said twice is stored once; no event has to be remembered.

A run inside another becomes a step of it. Where it names data itself it becomes a task
as well, which was opened in that step: so jobs of one query, of which dbt and Spark
send dozens, do not fill the graph.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...model.limits import MAX_NAME, MAX_PARAM_TEXT, MAX_TEXT
from ...redaction import redact
from .events import MAX_LENGTH, Dataset, Facets, RunEvent, RunRef
from .names import DatasetName, dataset_name, preferred

#: How an event of a type leaves its run.
_END: Final = {"COMPLETE": "finished", "FAIL": "error", "ABORT": "stopped"}
_STATISTICS: Final = (("outputStatistics", "written"), ("inputStatistics", "read"))
#: Pieces of one event's facets that are kept in the log, at most.
_MAX_PIECES: Final = 16

Fact = dict[str, Any]


def facts_of(event: RunEvent) -> list[Fact]:
    """Return the facts that an event brings."""
    maker = _FactMaker(event)
    is_step = event.parent is not None and not event.has_data
    facts = [] if is_step else list(maker.task())
    if event.parent is not None:
        facts.extend(maker.step_of(event.parent))
    if not is_step:
        facts.extend(maker.edges())
        facts.extend(maker.details())
    return facts


class _FactMaker:
    """Makes the facts of one event."""

    def __init__(self, event: RunEvent) -> None:
        self._event = event
        self._key = event.run.key
        self._began_at = event.run.began_at(event.at)

    def task(self) -> Iterator[Fact]:
        """Yield that the run was opened and, by its last event, that it ended."""
        event, parent = self._event, self._event.parent
        more: Fact = {"command": _command(event.job_facets)}
        if parent is not None:
            more |= {"parent": parent.key, "parent_step": _step_key(event.run)}
        version = _get(event.job_facets, "sourceCodeLocation", "version")
        if version is not None:
            more["git_commit"] = version[:MAX_NAME]
        yield self._fact(
            "task", self._began_at, event.type, event.at,
            name=_short(event.run.job), status="started", **more,
        )  # fmt: skip
        if event.type in _END:
            yield self._fact(
                "task_end", event.at, event.type, event.at,
                status=_END[event.type], **_error(event.run_facets),
            )  # fmt: skip

    def step_of(self, parent: RunRef) -> Iterator[Fact]:
        """Yield that the run is a step of its parent, and how the step ended."""
        event, key = self._event, _step_key(self._event.run)
        step = {"key": key, "name": _short(event.run.job), "at": self._began_at}
        began_at = min(parent.began_at(self._began_at), self._began_at)
        if parent.job:
            yield self._fact(
                "task", began_at, "parent", parent.key, event.run.key, event.at,
                task=parent.key, name=_short(parent.job), status="started",
            )  # fmt: skip
        yield self._fact(
            "params", self._began_at, "step", event.type, event.at,
            task=parent.key, step=step, params={},
        )  # fmt: skip
        if event.type in _END:
            is_good = event.type == "COMPLETE"
            yield self._fact(
                "step_end", event.at, "step end", event.type, event.at,
                task=parent.key, step=step, outcome="ok" if is_good else "error",
                error=None if is_good else _error(event.run_facets).get("error"),
            )  # fmt: skip

    def edges(self) -> Iterator[Fact]:
        """Yield what the run used and produced, and what is known of each version."""
        event = self._event
        for direction, datasets in (("input", event.inputs), ("output", event.outputs)):
            at = self._began_at if direction == "input" else event.at
            for dataset in datasets:
                name = _name_of(dataset)
                edge = self._fact(
                    "edge", at, direction, name.kind, name.id,
                    dir=direction, kind=name.kind, id=name.id, name=_short(name.name),
                    local_path=name.local_path, meta=_meta(dataset),
                )  # fmt: skip
                yield edge
                yield from self._version(dataset, edge["uid"])
                yield from self._statistics(dataset, name)

    def _version(self, dataset: Dataset, edge: str) -> Iterator[Fact]:
        version = _get(dataset.facets, "version", "datasetVersion")
        if version:
            text = _short(version)
            yield self._fact(
                "evidence", self._event.at, "version", edge, text, edge=edge,
                version=text, evidence=[{"kind": "openlineage-version", "value": text}],
            )  # fmt: skip

    def _statistics(self, dataset: Dataset, name: DatasetName) -> Iterator[Fact]:
        metrics = []
        for facet, word in _STATISTICS:
            counts = dataset.facets.get(facet, {})
            for member, unit in (("rowCount", "rows"), ("size", "bytes")):
                value = counts.get(member)
                if isinstance(value, (int, float)) and abs(value) < 2**63:
                    label = f"{unit} {word}: {name.name}"
                    metrics.append([label[:250], float(value), None])
        if metrics:
            yield self._fact(
                "metrics", self._event.at, "metrics", metrics, metrics=metrics
            )

    def details(self) -> Iterator[Fact]:
        """Yield what facets say of run and job, and all facets as they came."""
        event = self._event
        params = _params(event)
        yield self._fact("params", event.at, "params", params, params=params)
        url = _get(event.job_facets, "sourceCodeLocation", "url")
        if url:
            links = [{"name": "source", "url": redact(url)[:MAX_NAME]}]
            yield self._fact("links", event.at, "links", links, links=links)
        for number, text in enumerate(_raw(event)):
            yield self._fact(
                "log", event.at, "log", number, text,
                level="openlineage", message=text,
            )  # fmt: skip

    def _fact(self, form: str, at: float, *identity: Any, **members: Any) -> Fact:
        """Make a fact whose uid says what it is about."""
        said = json.dumps([form, self._event.run.id.lower(), *identity])
        uid = f"ol:{hashlib.sha256(said.encode('utf-8', 'replace')).hexdigest()[:40]}"
        known = {name: value for name, value in members.items() if value is not None}
        return {"f": form, "task": self._key, "uid": uid, "at": at, **known}


def _name_of(dataset: Dataset) -> DatasetName:
    """Return the artifact of a dataset, also where it is named by its symlinks."""
    names = [dataset_name(dataset.namespace, dataset.name)]
    identifiers = dataset.facets.get("symlinks", {}).get("identifiers")
    for item in identifiers[:8] if isinstance(identifiers, list) else ():
        found = item if isinstance(item, dict) else {}
        namespace, name = found.get("namespace"), found.get("name")
        if not isinstance(namespace, str) or not isinstance(name, str):
            continue
        if name.strip() and len(namespace + name) < MAX_LENGTH:
            names.append(dataset_name(namespace, name))
    return preferred(names)


def _meta(dataset: Dataset) -> Fact | None:
    """Return the facets that describe a dataset, which the page shows as they are."""
    kept = dict(sorted(dataset.facets.items()))
    if not kept:
        return None
    text = redact(json.dumps(kept, ensure_ascii=True))
    if len(text) > MAX_TEXT or "\\u0000" in text:
        return None  # the log has them
    try:
        return {"openlineage": json.loads(text)}
    except ValueError:
        return None


def _params(event: RunEvent) -> dict[str, Any]:
    job, run = event.job_facets, event.run_facets
    found = {
        "openlineage.namespace": event.run.namespace,
        "openlineage.run": event.run.id,
        "openlineage.producer": event.producer,
        "job type": " ".join(
            text
            for member in ("integration", "processingType", "jobType")
            if (text := _get(job, "jobType", member))
        ),
        "description": _get(job, "documentation", "description"),
        "owners": _listed(job.get("ownership", {}).get("owners"), "name"),
        "tags": _listed(_tags(job, run), "key"),
        "nominal start": _get(run, "nominalTime", "nominalStartTime"),
        "nominal end": _get(run, "nominalTime", "nominalEndTime"),
        "engine": " ".join(
            text
            for member in ("name", "version")
            if (text := _get(run, "processing_engine", member))
        ),
    }
    return {
        name: redact(text).replace("\x00", "")[:MAX_PARAM_TEXT]
        for name, text in found.items()
        if text
    }


def _tags(*facets: Facets) -> list[Any]:
    found: list[Any] = []
    for holder in facets:
        tags = holder.get("tags", {}).get("tags")
        found.extend(tags if isinstance(tags, list) else ())
    return found


def _listed(items: Any, member: str) -> str:
    if not isinstance(items, list):
        return ""
    found = (item.get(member) for item in items[:50] if isinstance(item, dict))
    return ", ".join(text for text in found if isinstance(text, str))


def _raw(event: RunEvent) -> Iterator[str]:
    """Yield all facets as JSON, in pieces that a log line can hold."""
    facets = {
        "run": event.run_facets,
        "job": event.job_facets,
        "inputs": _facets_by_name(event.inputs),
        "outputs": _facets_by_name(event.outputs),
    }
    shown = {name: value for name, value in facets.items() if value}
    if not shown:
        return
    text = redact(json.dumps({"eventType": event.type, **shown}, ensure_ascii=True))
    for number in range(min(_MAX_PIECES, -(-len(text) // MAX_TEXT))):
        yield text[number * MAX_TEXT : (number + 1) * MAX_TEXT]


def _facets_by_name(datasets: list[Dataset]) -> list[Mapping[str, Any]]:
    return [
        {"namespace": item.namespace, "name": item.name, "facets": item.facets}
        for item in datasets
        if item.facets
    ]


def _error(facets: Facets) -> Fact:
    message = _get(facets, "errorMessage", "message")
    trace = _get(facets, "errorMessage", "stackTrace")
    found: Fact = {}
    if message:
        found["error"] = redact(" ".join(message.split()))[:MAX_NAME]
    if trace:
        found["traceback"] = redact(trace)[-MAX_TEXT:]
    return found


def _command(facets: Facets) -> str | None:
    query = _get(facets, "sql", "query")
    return redact(query)[:4096] if query else None


def _get(facets: Facets, facet: str, member: str) -> str | None:
    value = facets.get(facet, {}).get(member)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    return value.replace("\x00", "") if isinstance(value, str) else None


def _step_key(run: RunRef) -> str:
    return f"run-{run.key}"


def _short(text: str) -> str:
    return redact(text)[:MAX_NAME]
