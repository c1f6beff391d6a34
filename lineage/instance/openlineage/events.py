"""Reads OpenLineage events leniently: what can be understood is taken, the rest named.

Producers break the schema: a quarter of the events that public suites send have no
`schemaURL`, a run id that is no UUID, a time without a zone or a facet without a
producer. Only what has no meaning is refused: an event that names no run or no job.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Final

from ..errors import RequestError

#: Datasets of one event, at most.
MAX_DATASETS: Final = 5_000
MAX_LENGTH: Final = 3_000
_TYPES: Final = frozenset({"START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"})
#: `fromisoformat` of Python 3.10 takes neither `Z` nor nanoseconds.
_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?\s*"
    r"(Z|z|[+-]\d\d:?\d\d)?(?:\[.*\])?"
)
_LATEST: Final = 32_503_680_000.0

Facets = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dataset:
    """One input or output of an event."""

    namespace: str
    name: str
    facets: Facets


@dataclass(frozen=True, slots=True)
class RunRef:
    """A run that an event names: its own, or its parent's."""

    id: str
    namespace: str
    job: str

    @property
    def key(self) -> str:
        """The key of the run's task: the same for the same run id, whatever it is."""
        return f"ol-{hashlib.sha256(self.id.lower().encode()).hexdigest()[:28]}"

    def began_at(self, before: float) -> float:
        """Return when the run began, as a UUID of version 7 tells; else `before`."""
        try:
            known = uuid.UUID(self.id)
        except ValueError:
            return before
        if (known.int >> 76) & 0xF != 7:
            return before
        seconds = (known.int >> 80) / 1000
        # A time of another clock would order the run wrongly.
        return seconds if 0 <= before - seconds < 30 * 86_400 else before


@dataclass(slots=True)
class RunEvent:
    """What is understood of one event."""

    type: str
    at: float
    run: RunRef
    parent: RunRef | None
    run_facets: Facets
    job_facets: Facets
    inputs: list[Dataset]
    outputs: list[Dataset]
    producer: str | None = None
    ignored: list[str] = field(default_factory=list)
    """What was left out, and why."""

    @property
    def has_data(self) -> bool:
        """Whether it names an input or output."""
        return bool(self.inputs or self.outputs)


def read_event(value: Any, *, now: float) -> RunEvent | None:
    """Return what is understood of an event; `None` for one that is about no run.

    Args:
        value: The event's JSON.
        now: The time that an event without one gets.

    Raises:
        RequestError: A field without which the event means nothing, by name.
    """
    event = _object(value, "the event")
    if event.get("run") is None and ("job" in event or "dataset" in event):
        return None
    ignored: list[str] = []
    run, job = _object(event.get("run"), "run"), _object(event.get("job"), "job")
    run_facets = _facets(run.get("facets"), "run.facets", ignored)
    return RunEvent(
        type=_type(event.get("eventType"), ignored),
        at=_time(event.get("eventTime"), now, ignored),
        run=RunRef(
            _text(run.get("runId"), "run.runId"),
            _text(job.get("namespace", ""), "job.namespace", may_be_empty=True),
            _text(job.get("name"), "job.name"),
        ),
        parent=_parent(run_facets, ignored),
        run_facets=run_facets,
        job_facets=_facets(job.get("facets"), "job.facets", ignored),
        inputs=_datasets(event.get("inputs"), "inputs", "inputFacets", ignored),
        outputs=_datasets(event.get("outputs"), "outputs", "outputFacets", ignored),
        producer=_maybe_text(event.get("producer")),
        ignored=ignored,
    )


def _parent(facets: Facets, ignored: list[str]) -> RunRef | None:
    facet = facets.get("parent", facets.get("parentRun"))
    if facet is None:
        return None
    try:
        facet = _object(facet, "parent")
        run = _object(facet.get("run"), "parent.run")
        job = _object(facet.get("job", {}), "parent.job")
        return RunRef(
            _text(run.get("runId"), "parent.run.runId"),
            _text(job.get("namespace", ""), "parent.job.namespace", may_be_empty=True),
            _text(job.get("name", ""), "parent.job.name", may_be_empty=True),
        )
    except RequestError as error:
        ignored.append(f"run.facets.{error.field}: {error.message}")
        return None


def _datasets(value: Any, name: str, extra: str, ignored: list[str]) -> list[Dataset]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise RequestError(
            400, f"{name} is no array", field=name, value=value, allowed="an array"
        )
    if len(value) > MAX_DATASETS:
        raise RequestError(
            413, f"{name} has {len(value)} datasets", field=name,
            allowed=f"at most {MAX_DATASETS} datasets",
        )  # fmt: skip
    found = []
    for index, item in enumerate(value):
        try:
            found.append(_dataset(item, f"{name}.{index}", extra, ignored))
        except RequestError as error:
            ignored.append(f"{error.field}: {error.message}")
    return found


def _dataset(value: Any, where: str, extra: str, ignored: list[str]) -> Dataset:
    item = _object(value, where)
    facets = _facets(item.get("facets"), f"{where}.facets", ignored)
    more = _facets(item.get(extra), f"{where}.{extra}", ignored)
    namespace = item.get("namespace", "")
    return Dataset(
        _text(namespace, f"{where}.namespace", may_be_empty=True),
        _text(item.get("name"), f"{where}.name"),
        {**facets, **more},
    )


def _facets(value: Any, name: str, ignored: list[str]) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        ignored.append(f"{name}: is no object")
        return {}
    kept = {key: facet for key, facet in value.items() if isinstance(facet, dict)}
    wrong = [
        key for key, facet in value.items() if key not in kept and facet is not None
    ]
    ignored.extend(f"{name}.{key[:80]}: is no object" for key in wrong)
    return kept


def _type(value: Any, ignored: list[str]) -> str:
    text = value.upper() if isinstance(value, str) else None
    if text in _TYPES:
        return str(text)
    if value is not None:
        ignored.append(f"eventType: {str(value)[:40]!r} is not known, taken as OTHER")
    return "OTHER"


def _time(value: Any, now: float, ignored: list[str]) -> float:
    match = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is not None:
        day, minute, second, fraction, zone = match.groups()
        text = f"{day}T{minute}:{second or '00'}.{(fraction or '0')[:6]:0<6}"
        zone = "+00:00" if zone in (None, "Z", "z") else zone
        zone = zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
        try:
            at = datetime.fromisoformat(text + zone).timestamp()
        except (ValueError, OverflowError):
            at = -1.0
        if 0 <= at <= _LATEST:
            return at
    ignored.append("eventTime: is no time, taken as now")
    return now


def iso(at: float) -> str:
    """Return a time as events write it."""
    return datetime.fromtimestamp(at, timezone.utc).isoformat()


def _object(value: Any, name: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    what = "is missing" if value is None else "is no object"
    raise RequestError(
        400, f"{name} {what}", field=name, value=value, allowed="an object"
    )


def _text(value: Any, name: str, *, may_be_empty: bool = False) -> str:
    if value is None and may_be_empty:
        return ""
    if isinstance(value, str) and "\x00" in value:
        raise RequestError(400, f"{name} holds the character U+0000", field=name)
    if isinstance(value, str) and (value.strip() or may_be_empty):
        if len(value) <= MAX_LENGTH:
            return value
        raise RequestError(
            400, f"{name} has {len(value)} characters", field=name,
            allowed=f"at most {MAX_LENGTH} characters",
        )  # fmt: skip
    what = "is missing" if value is None or value == "" else "is no text"
    raise RequestError(400, f"{name} {what}", field=name, value=value, allowed="a text")


def _maybe_text(value: Any) -> str | None:
    return value[:MAX_LENGTH] if isinstance(value, str) else None
