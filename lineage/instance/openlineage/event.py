"""One OpenLineage event, read leniently: what can be understood is taken.

Real producers break the strict schema (a run id that is no UUID, a time without a
zone, facets without a producer), so only what makes an event useless is refused:
no run, no job, no time. Everything else that is not understood is named in the
answer and left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Final

from ...model.openlineage import EDGE_FACET
from ...model.run_ids import task_key
from ..errors import RequestError
from .masking import masked

TYPES: Final = ("START", "RUNNING", "COMPLETE", "FAIL", "ABORT", "OTHER")
#: Datasets of one event, at most.
MAX_DATASETS: Final = 10_000
_MAX_NAME: Final = 1000
_MAX_KEY: Final = 150
#: A time with a calendar date, also without separators, and with Java's name of a zone.
_TIME: Final = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)"
    r"(?:[Tt ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d*))?)?)?"
    r" ?([Zz]|[+-]\d\d(?::?\d\d)?)?(?:\[[\w/+-]*\])?)?",
    re.A,
)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset as an event names it."""

    namespace: str
    name: str
    facets: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The text that is the same for the same dataset, and for the same edge."""
        own = self.facets.get(EDGE_FACET)
        uid = own.get("uid") if isinstance(own, Mapping) else None
        key = f"{self.namespace} {self.name}"
        return f"{key} {uid}" if isinstance(uid, str) else key


@dataclass(frozen=True, slots=True)
class RunEvent:
    """What is understood of an event about a run."""

    type: str
    at: float
    """Seconds since 1970 UTC."""
    run: str
    """The key of the task that the run is."""
    job: str
    job_namespace: str
    parent: str | None
    parent_job: str | None
    root: str | None
    inputs: tuple[Dataset, ...]
    outputs: tuple[Dataset, ...]
    run_facets: Mapping[str, Any]
    job_facets: Mapping[str, Any]
    ignored: tuple[str, ...]
    """The members that were left out, each with the reason."""


def read_event(value: object, place: str = "") -> RunEvent | None:
    """Read an event.

    Args:
        value: The parsed JSON.
        place: Where it stands in a batch, for messages.

    Returns:
        None for an event about a dataset or a job without a run.

    Raises:
        RequestError: It has no run, no job or no time.
    """
    reader = _Reader(place)
    # Producers mask nothing: what comes is treated as what is recorded here.
    event = reader.mapping(masked(value), "event")
    if "run" not in event and ("dataset" in event or "job" in event):
        return None
    run = reader.mapping(event.get("run"), "run")
    job = reader.mapping(event.get("job"), "job")
    word = str(event.get("eventType") or "OTHER").upper()
    if word not in TYPES:
        reader.ignore("eventType", f"{word[:40]!r} is none of {', '.join(TYPES)}")
        word = "OTHER"
    run_facets = reader.facets(run.get("facets"), "run.facets")
    parent, parent_job, root = _parent(run_facets, reader)
    return RunEvent(
        type=word,
        at=reader.time(event.get("eventTime")),
        run=key_of(reader.text(run.get("runId"), "run.runId", _MAX_KEY)),
        job=reader.text(job.get("name"), "job.name", _MAX_NAME),
        job_namespace=str(job.get("namespace") or "")[:_MAX_NAME],
        parent=parent,
        parent_job=parent_job,
        root=root,
        inputs=reader.datasets(event.get("inputs"), "inputs"),
        outputs=reader.datasets(event.get("outputs"), "outputs"),
        run_facets=run_facets,
        job_facets=reader.facets(job.get("facets"), "job.facets"),
        ignored=tuple(reader.ignored),
    )


def key_of(run_id: str) -> str:
    """Return the key of the task that a run is; a run of ours keeps its own key."""
    return task_key(run_id) or f"ol:{run_id.lower()}"


def _parent(
    facets: Mapping[str, Any], reader: _Reader
) -> tuple[str | None, str | None, str | None]:
    """Return the key of the parent, the name of its job, and the key of the root."""
    facet = facets.get("parent") or facets.get("parentRun")
    if not isinstance(facet, Mapping):
        return None, None, None
    run_id, job, root = _run_id(facet), facet.get("job"), facet.get("root")
    if run_id is None:
        reader.ignore("run.facets.parent", "it has no run.runId")
        return None, None, None
    name = job.get("name") if isinstance(job, Mapping) else None
    root_id = _run_id(root) if isinstance(root, Mapping) else None
    return (
        key_of(run_id),
        name[:_MAX_NAME] if isinstance(name, str) else None,
        None if root_id is None else key_of(root_id),
    )


def _run_id(facet: Mapping[str, Any]) -> str | None:
    run = facet.get("run")
    run_id = run.get("runId") if isinstance(run, Mapping) else None
    is_key = isinstance(run_id, str) and 0 < len(run_id) <= _MAX_KEY
    return run_id if is_key else None


class _Reader:
    """Reads members, noting what it leaves out."""

    def __init__(self, place: str) -> None:
        self._place = place
        self.ignored: list[str] = []

    def ignore(self, field: str, reason: str) -> None:
        if len(self.ignored) < 100:
            self.ignored.append(f"{self._place}{field}: {reason}")

    def mapping(self, value: object, field: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self._refused(field, value, "an object")
        return value

    def text(self, value: object, field: str, limit: int) -> str:
        if not isinstance(value, str) or not value or len(value) > limit:
            raise self._refused(field, value, f"a text of 1 to {limit} characters")
        if "\x00" in value:
            raise self._refused(field, value, "a text without U+0000")
        return value

    def time(self, value: object) -> float:
        allowed = "a time such as 2026-01-31T12:00:00Z"
        if not isinstance(value, str):
            raise self._refused("eventTime", value, allowed)
        try:
            at = datetime.fromisoformat(_iso(value))
        except ValueError:
            raise self._refused("eventTime", value, allowed) from None
        if at.tzinfo is None:
            self.ignore("eventTime", "no time zone; taken as UTC")
            at = at.replace(tzinfo=timezone.utc)
        seconds = at.timestamp()
        if not math.isfinite(seconds) or not 0 <= seconds <= 32_503_680_000:
            raise self._refused("eventTime", value, "a time between 1970 and 3000")
        return seconds

    def facets(self, value: object, field: str) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.ignore(field, "not an object")
            return {}
        return {str(name)[:200]: facet for name, facet in value.items()}

    def datasets(self, value: object, field: str) -> tuple[Dataset, ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            self.ignore(field, "not an array")
            return ()
        if len(value) > MAX_DATASETS:
            raise RequestError(
                413,
                f"{self._place}{field} has {len(value)} datasets",
                field=field,
                allowed=f"at most {MAX_DATASETS} datasets in one event",
            )
        found = (self._dataset(item, f"{field}[{i}]") for i, item in enumerate(value))
        return tuple(dataset for dataset in found if dataset is not None)

    def _dataset(self, value: object, field: str) -> Dataset | None:
        if not isinstance(value, Mapping):
            self.ignore(field, "not an object")
            return None
        name, namespace = value.get("name"), value.get("namespace") or ""
        if not isinstance(name, str) or not isinstance(namespace, str) or not name:
            self.ignore(field, "name and namespace are not texts")
            return None
        if len(name) + len(namespace) > 4000 or "\x00" in name + namespace:
            self.ignore(field, "the name is too long or holds U+0000")
            return None
        facets = dict(self.facets(value.get("facets"), f"{field}.facets"))
        for own in ("inputFacets", "outputFacets"):
            facets |= self.facets(value.get(own), f"{field}.{own}")
        return Dataset(namespace, name, facets)

    def _refused(self, field: str, value: object, allowed: str) -> RequestError:
        shown = value if isinstance(value, (str, int, float)) else type(value).__name__
        return RequestError(
            400,
            f"{self._place}{field} cannot be understood",
            field=field,
            value=str(shown)[:200],
            allowed=allowed,
        )


def _iso(text: str) -> str:
    """Return a time as every Python reads it: whole fields, 6 digits, an offset.

    Raises:
        ValueError: It is no time of ISO 8601 with a calendar date.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(text[:40])
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    time = f"{hour or '00'}:{minute or '00'}:{second or '00'}"
    zone = (offset or "").upper().replace(":", "")
    if zone:
        zone = "+00:00" if zone == "Z" else f"{zone[:3]}:{zone[3:] or '00'}"
    return f"{year}-{month}-{day}T{time}.{(fraction or '0')[:6]:0<6}{zone}"
