"""Sends facts as OpenLineage events to Marquez, DataHub, OpenMetadata or a file.

One event for each task of a batch: its beginning is START, its end COMPLETE, FAIL
or ABORT, and the edges between them are the inputs and outputs of RUNNING. Receivers
accumulate inputs and outputs over the events of a run, and take an event that comes
twice as one, so that nothing has to be remembered from batch to batch but the name
of the job.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, BinaryIO, Final

import requests

from ..api.errors import first_reason
from ..exporters import DELIVERED, DeliveryResult, Fact
from ..model.openlineage import (
    EDGE_FACET,
    EVENT,
    NAMESPACE,
    PRODUCER,
    dataset_name,
    facet,
    job_facets,
    lineage_facet,
    own_facet,
)
from ..model.run_ids import run_uuid
from ..permissions import make_folder, open_private
from ..recording.task_names import task_name

_END: Final = {
    "finished": "COMPLETE", "error": "FAIL", "stopped": "ABORT", "lost": "ABORT",
}  # fmt: skip
_PATH: Final = "/api/v1/lineage"
_FILE: Final = "file://"
#: What carries the task around to a process that is started in it.
CONTEXT: Final = "OPENLINEAGE_CONTEXT"
#: Names of jobs that are remembered, at most.
_MAX_JOBS: Final = 10_000


class OpenLineageExporter:
    """Sends events to the address of a receiver, or appends them to a file.

    ```python
    lineage.configure(exporter=OpenLineageExporter("http://127.0.0.1:5000"))
    ```

    Args:
        url: The receiver's address, or the whole address of its endpoint; or
            `file:///path`, a file that gets one event a line.
        token: Sent as `Authorization: Bearer`, where given.
        timeout_s: How long one request may take.
    """

    max_batch: int = 500
    in_flight: int = 1
    wants_digests: bool = True
    ordering_key: Callable[[Fact], Hashable] | None = None

    def __init__(
        self, url: str, *, token: str | None = None, timeout_s: float = 10.0
    ) -> None:
        self._file = Path(url[len(_FILE) :]) if url.startswith(_FILE) else None
        self._url = url if url.endswith("/lineage") else url.rstrip("/") + _PATH
        self._session = requests.Session()
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"
        self._timeout_s = timeout_s
        self._jobs: dict[str, str] = {}

    def send(self, facts: Sequence[Fact]) -> list[DeliveryResult]:
        """Send the events of a batch; facts that no event has are delivered at once."""
        results = [DELIVERED] * len(facts)
        for event, places in self._events(facts):
            result = self._post(event)
            for place in places:
                results[place] = result
        return results

    def _events(
        self, facts: Sequence[Fact]
    ) -> Iterator[tuple[dict[str, Any], list[int]]]:
        """Yield each event with the places of the facts that it says."""
        edges: dict[str, list[tuple[int, Fact]]] = {}
        for place, fact in enumerate(facts):
            form, task = fact.get("f"), str(fact.get("task"))
            if form == "task" and "name" not in fact:
                continue  # A heartbeat: the run has begun before.
            if form == "task":
                self._remember(task, fact)
                yield self._event("START", task, fact), [place]
            elif form == "edge":
                edges.setdefault(task, []).append((place, fact))
            elif form == "task_end":
                if task in edges:
                    yield self._of_edges(task, edges.pop(task))
                end = _END[str(fact["status"])]
                event = self._event(end, task, fact)
                event["run"]["facets"] |= _error(fact)
                yield event, [place]
        for task, found in edges.items():
            yield self._of_edges(task, found)

    def _of_edges(
        self, task: str, edges: Sequence[tuple[int, Fact]]
    ) -> tuple[dict[str, Any], list[int]]:
        event = self._event("RUNNING", task, edges[-1][1])
        listed: set[tuple[str, str]] = set()
        for _, fact in edges:
            side, dataset = f"{fact['dir']}s", _dataset(fact)
            one = side, repr(dataset)
            # A run has no steps here: what only another step repeats is there once.
            if not (fact.get("again") and one in listed):
                event[side].append(dataset)
            listed.add(one)
        return event, [place for place, _ in edges]

    def _event(self, word: str, task: str, fact: Fact) -> dict[str, Any]:
        at = datetime.fromtimestamp(float(fact["at"]), timezone.utc)
        name = self._name_of(task)
        facets = {}
        if word == "START" and isinstance(fact.get("parent"), str):
            parent = str(fact["parent"])
            facets["parent"] = facet(
                "ParentRunFacet",
                "1-2-0",
                run={"runId": run_uuid(parent)},
                job={"namespace": NAMESPACE, "name": self._name_of(parent)},
            )
        return {
            "eventType": word,
            "eventTime": at.isoformat(timespec="milliseconds"),
            "producer": PRODUCER,
            "schemaURL": EVENT,
            "run": {"runId": run_uuid(task), "facets": facets},
            "job": {"namespace": NAMESPACE, "name": name, "facets": job_facets()},
            "inputs": [],
            "outputs": [],
        }

    def _name_of(self, task: str) -> str:
        """Return what other events of the run call its job, also those of others."""
        known = self._jobs.get(task) or task_name(task)
        return known or _job_around(task) or f"task {task}"

    def _remember(self, task: str, fact: Fact) -> None:
        if len(self._jobs) >= _MAX_JOBS:
            self._jobs.clear()
        if fact.get("name"):
            self._jobs[task] = str(fact["name"])

    def _post(self, event: Mapping[str, Any]) -> DeliveryResult:
        if self._file is not None:
            return _append(self._file, event)
        try:
            answer = self._session.post(self._url, json=event, timeout=self._timeout_s)
        except requests.RequestException as error:
            return DeliveryResult(
                "waiting", f"no answer: {first_reason(error)}", is_transport_error=True
            )
        if answer.ok:
            return DELIVERED
        reason = f"{self._url} answers {answer.status_code}: {answer.text[:200]}"
        if answer.status_code in (400, 413, 422):
            return DeliveryResult("rejected", reason)
        return DeliveryResult("waiting", reason, is_transport_error=True)


def _job_around(task: str) -> str | None:
    """Return the name of the task that this process was started in, if it is that."""
    try:
        context = json.loads(os.environ.get(CONTEXT) or "{}")
        run, job = context["parent"]["run"], context["parent"]["job"]
        name = job["name"] if run["runId"] == run_uuid(task) else None
    except (ValueError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) else None


def _append(file: Path, event: Mapping[str, Any]) -> DeliveryResult:
    """Add a line to a file that other processes add to as well."""
    line = json.dumps(event, separators=(",", ":")).encode() + b"\n"
    try:
        make_folder(file.parent)
        fd = open_private(file, os.O_RDWR | os.O_APPEND)
        with open(fd, "a+b", buffering=0) as opened:
            if not _ends_with_line(opened):
                line = b"\n" + line  # A full disk had cut the line before.
            if opened.write(line) != len(line):
                return DeliveryResult("waiting", f"{file} has no room")
    except OSError as error:
        return DeliveryResult("waiting", f"{file}: {error}", is_transport_error=True)
    return DELIVERED


def _ends_with_line(opened: BinaryIO) -> bool:
    """Whether a file is empty or its last line is whole."""
    if opened.seek(0, os.SEEK_END) == 0:
        return True
    opened.seek(-1, os.SEEK_END)
    return opened.read(1) == b"\n"


def _dataset(fact: Fact) -> dict[str, Any]:
    id = fact.get("canonical") or fact.get("local_path") or fact["id"]
    namespace, name = dataset_name(str(fact["kind"]), str(id))
    facets = {}
    if fact["kind"] == "folder":
        # OpenLineage has one spelling for a file and a folder.
        facets[EDGE_FACET] = own_facet("DatasetFacet", {"kind": "folder"})
    stat = fact.get("stat") or {}
    digest = stat.get("digest")
    version = fact.get("version") or digest or fact.get("version_id")
    if version:
        facets["version"] = facet(
            "DatasetVersionDatasetFacet", "1-0-1", datasetVersion=str(version)
        )
    derived = fact.get("derived_from")
    if derived is not None and fact["dir"] == "output":
        facets["lineage"] = lineage_facet(
            dataset_name(str(one["kind"]), str(one["id"])) for one in derived
        )
    return {
        "namespace": namespace,
        "name": name,
        "facets": facets,
        **_statistics(fact, stat.get("size")),
    }


def _statistics(fact: Fact, size: int | None) -> dict[str, Any]:
    """Return the facet of an output whose size is known; what was read is not."""
    if size is None or fact["dir"] != "output":
        return {}
    written = facet("OutputStatisticsOutputDatasetFacet", "1-0-2", size=size)
    return {"outputFacets": {"outputStatistics": written}}


def _error(fact: Fact) -> dict[str, Any]:
    if not fact.get("error"):
        return {}
    members = {"message": str(fact["error"]), "programmingLanguage": "python"}
    if fact.get("traceback"):
        members["stackTrace"] = str(fact["traceback"])
    return {"errorMessage": facet("ErrorMessageRunFacet", "1-0-1", **members)}
