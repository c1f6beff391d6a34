"""The facts of an MLflow run: a task, its parameters and metrics, its data and models.

Objects of MLflow's client are taken by their members, so that this module needs no
MLflow. What is read again gives the same facts with the same uids.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

from ..delivery.evidence.locations import Locations
from ..model.addresses import local_file
from ..model.fact_uids import content_uid
from ..model.limits import (
    MAX_MANIFEST_FILES,
    MAX_METRICS,
    MAX_NAME,
    MAX_PARAM_TEXT,
    MAX_PATH,
    MAX_TASK_PARAM_NAME,
    MAX_TASK_PARAMS,
)
from ..redaction import redact_values
from .trackers import MLFLOW_TAG

_END: Final = {"FINISHED": "finished", "FAILED": "error", "KILLED": "stopped"}
#: Members of a dataset's source that name a place, in the order of their trust.
_PLACES: Final = ("uri", "url", "path", "delta_table_name", "table_name", "name")
_TABLES: Final = frozenset({"delta_table_name", "table_name", "name"})
_NUMBER: Final = re.compile(
    r"-?(?:0|[1-9]\d{0,30})(?:\.\d+)?(?:[eE][+-]?\d{1,3})?", re.A
)
_WORDS: Final[dict[str, bool | str | None]] = {
    "True": True,
    "False": False,
    "None": None,
}


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of artifacts that is one model."""

    address: str
    name: str
    files: Sequence[tuple[str, int]] = ()
    """Relative name and size of each file, where they are known."""
    aliases: tuple[str, ...] = ()
    made_at: float | None = None
    """Seconds since 1970 UTC; None is the end of the run."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a tracking store holds of one run."""

    run: Any
    experiment: str
    metrics: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Every measurement by the metric's name."""
    files: Sequence[str] = ()
    """The address of each artifact that is no part of a model."""
    models: Sequence[Folder] = ()
    used_models: Sequence[Folder] = ()
    versions: Sequence[Any] = ()
    """Versions of registered models that it made."""
    link: str | None = None
    """The address of its page."""


def facts_of_run(record: RunRecord, locations: Locations) -> list[dict[str, Any]]:
    """Return the facts of a run, secrets masked, each with its uid.

    Args:
        record: What is known of the run.
        locations: Names local paths.
    """
    found = [_task(record), *_params(record), *_metrics(record)]
    if record.link is not None:
        links = [{"name": "MLflow", "url": record.link}]
        found.append({"f": "links", "at": _started(record), "links": links})
    found += _edges(record, locations)
    found += _end(record)
    key = task_key(record.run.info.run_id)
    whole = [redact_values({**fact, "task": key}) for fact in found]
    return [{**fact, "uid": content_uid(key, fact)} for fact in whole]


def task_key(run_id: str) -> str:
    """Return the key of the task that a run is."""
    return f"mlflow:{run_id}"


def _task(record: RunRecord) -> dict[str, Any]:
    info, tags = record.run.info, record.run.data.tags
    source = tags.get("mlflow.source.name")
    name = record.experiment
    if name == "Default":
        name = PurePosixPath(source or "").name or info.run_name or name
    members = {
        "name": name[:MAX_NAME],
        "user": (tags.get("mlflow.user") or info.user_id or "")[:MAX_NAME],
        "command": (source or "")[:MAX_PATH],
        "git_commit": tags.get("mlflow.source.git.commit"),
        "parent": _parent(tags),
    }
    known = {key: value for key, value in members.items() if value}
    return {"f": "task", "at": _started(record), "status": "started", **known}


def _parent(tags: Mapping[str, str]) -> str | None:
    """Return the key of the task around a run: its parent run, or the app's task."""
    run_id = tags.get("mlflow.parentRunId")
    return task_key(run_id) if run_id else tags.get(MLFLOW_TAG)


def _started(record: RunRecord) -> float:
    return float(record.run.info.start_time or 0) / 1000


def _ended(record: RunRecord) -> float:
    info = record.run.info
    return float(info.end_time or info.start_time or 0) / 1000


def _end(record: RunRecord) -> Iterator[dict[str, Any]]:
    status = _END.get(record.run.info.status)
    if status is not None:
        yield {"f": "task_end", "at": _ended(record), "status": status}


def _params(record: RunRecord) -> Iterator[dict[str, Any]]:
    run = record.run
    values = {name: value_of(text) for name, text in run.data.params.items()}
    values |= _tags(run)
    values |= {f"dataset.{name}": text for name, text in _contexts(run)}
    rows = [(_param_name(name), _shortened(value)) for name, value in values.items()]
    for part in _parts(rows, MAX_TASK_PARAMS):
        yield {"f": "params", "at": _started(record), "params": dict(part)}


def _tags(run: Any) -> dict[str, str]:
    named = {"tag.run_name": run.info.run_name} if run.info.run_name else {}
    tags = run.data.tags.items()
    own = [(k, v) for k, v in tags if not k.startswith("mlflow.") and k != MLFLOW_TAG]
    return {f"tag.{name}": value for name, value in own} | named


def _contexts(run: Any) -> Iterator[tuple[str, str]]:
    """Yield each dataset's name with what it was used for."""
    for one in _dataset_inputs(run):
        for tag in one.tags:
            if tag.key == "mlflow.data.context":
                yield one.dataset.name, tag.value


def _shortened(value: Any) -> Any:
    return value[:MAX_PARAM_TEXT] if isinstance(value, str) else value


def value_of(text: str) -> bool | int | float | str | None:
    """Return the number, truth or None whose text MLflow kept; else the text.

    >>> value_of("0.01"), value_of("True"), value_of("007")
    (0.01, True, '007')
    """
    if text in _WORDS or not _NUMBER.fullmatch(text):
        return _WORDS.get(text, text)
    value = float(text) if set(text) & set(".eE") else int(text)
    return value if abs(value) < 2**63 else text


def _metrics(record: RunRecord) -> Iterator[dict[str, Any]]:
    measured = [one for history in record.metrics.values() for one in history]
    at = max((one.timestamp / 1000 for one in measured), default=0.0)
    rows = [row for name in record.metrics for row in _series(record, name)]
    for part in _parts(rows, MAX_METRICS):
        yield {"f": "metrics", "at": at, "metrics": part}


def _series(record: RunRecord, name: str) -> Iterator[list[Any]]:
    history = record.metrics[name]
    # A run that goes on may measure again.
    is_series = len(history) > 1 or record.run.info.status not in _END
    for one in history:
        if math.isfinite(one.value):
            yield [_param_name(name), one.value, one.step if is_series else None]


def _param_name(name: str) -> str:
    return name.replace("\x00", "")[:MAX_TASK_PARAM_NAME]


def _parts(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _edges(record: RunRecord, locations: Locations) -> Iterator[dict[str, Any]]:
    started, ended = _started(record), _ended(record)
    for one in _dataset_inputs(record.run):
        yield _dataset(one.dataset, started, locations)
    for model in record.used_models:
        yield _folder("input", model, started, locations)
    for address in record.files:
        yield _edge("output", "file", address, ended, locations)
    for model in record.models:
        yield _folder("output", model, model.made_at or ended, locations)
    for version in record.versions:
        yield _model_version(version, ended, locations)


def _dataset(dataset: Any, at: float, locations: Locations) -> dict[str, Any]:
    edge = _edge("input", *dataset_place(dataset), at, locations)
    edge["name"] = str(dataset.name or edge["name"])[:MAX_NAME]
    return edge | ({"version": dataset.digest} if dataset.digest else {})


def _model_version(version: Any, at: float, locations: Locations) -> dict[str, Any]:
    made_at = float(version.creation_timestamp or 0) / 1000 or at
    edge = _edge("output", "file", f"models:/{version.name}", made_at, locations)
    return {**edge, "is_model": True, "version": str(version.version)}


def _dataset_inputs(run: Any) -> Iterable[Any]:
    inputs = getattr(run, "inputs", None)
    return getattr(inputs, "dataset_inputs", None) or ()


def dataset_place(dataset: Any) -> tuple[str, str]:
    """Return kind and id of a dataset, by the place that its source names.

    One that was made in the program has no place; it goes by its own name.
    """
    source = _source(dataset)
    for member in _PLACES:
        place = source.get(member)
        if isinstance(place, str) and place:
            return _place(dataset.source_type, member, place)
    return "table", f"mlflow-dataset/{dataset.name}"


def _source(dataset: Any) -> Mapping[str, Any]:
    try:
        source = json.loads(dataset.source)
    except (TypeError, ValueError):
        return {}
    return source if isinstance(source, dict) else {}


def _place(type: str, member: str, place: str) -> tuple[str, str]:
    if member in _TABLES:
        return "table", place
    if type == "hugging_face":
        return "table", f"hf://datasets/{place}"
    return ("folder" if place.endswith("/") else "file"), place


def _folder(
    direction: str, model: Folder, at: float, locations: Locations
) -> dict[str, Any]:
    edge = _edge(direction, "folder", model.address, at, locations)
    edge["name"] = model.name[:MAX_NAME]
    aliases = [*model.aliases, *edge.get("aliases", ())][:8]
    if aliases:
        edge["aliases"] = aliases
    return edge | ({"manifest": _manifest(model.files)} if model.files else {})


def _manifest(files: Sequence[tuple[str, int]]) -> dict[str, Any]:
    kept = sorted(files)[:MAX_MANIFEST_FILES]
    return {
        "files": len(files),
        "bytes": sum(size for _, size in files),
        "entries": [[name, size, None, None] for name, size in kept],
        "is_complete": len(kept) == len(files),
    }


def _edge(
    direction: str, kind: str, id: str, at: float, locations: Locations
) -> dict[str, Any]:
    edge: dict[str, Any] = {"f": "edge", "dir": direction, "kind": kind, "id": id}
    edge["at"] = at
    path = id if id.startswith("/") else local_file(id)
    if path is not None and kind != "table":
        edge["id"] = edge["local_path"] = path
    name = urlsplit(id).path if "://" in id else id
    return {
        **edge,
        **(locations.name(edge) if kind != "table" else {}),
        "name": (PurePosixPath(name).name or id)[:MAX_NAME],
    }
