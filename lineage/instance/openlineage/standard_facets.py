"""What standard facets mean for a task and its edges.

Run facets `nominalTime`, `tags`; job facets `tags`, `ownership`, `documentation`;
dataset facets `tags`, `ownership`, `documentation`, `inputStatistics`,
`outputStatistics`, `lifecycleStateChange`. Facets are kept as they came, so each
reader here leaves out what has another form.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple, cast

from ...model.limits import (
    MAX_METRICS,
    MAX_PARAM_TEXT,
    MAX_TASK_PARAM_NAME,
    MAX_TASK_PARAMS,
)
from ...model.openlineage import PRODUCER

Change = Literal["ALTER", "CREATE", "DROP", "OVERWRITE", "RENAME", "TRUNCATE"]
_CHANGES: Final = frozenset(
    {"ALTER", "CREATE", "DROP", "OVERWRITE", "RENAME", "TRUNCATE"}
)
_NOMINAL: Final = {
    "nominalStartTime": "nominal_start", "nominalEndTime": "nominal_end",
}  # fmt: skip
_COUNTS: Final = {"rowCount": "rows", "size": "bytes", "fileCount": "files"}
_MAX_COUNT: Final = 2**63 - 1
_MAX_DESCRIPTION: Final = 10_000


class LifecycleChange(NamedTuple):
    """What a run did to an output as a whole."""

    change: Change
    before: Mapping[str, Any] | None
    """Namespace and name that a renamed dataset had."""


def task_params(facets: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters of a task: nominal times, owners and tags.

    Args:
        facets: Those of the run and, below `job`, of the job.
    """
    job = _object(facets.get("job"))
    times = _object(facets.get("nominalTime"))
    found = {
        name: times[key] for key, name in _NOMINAL.items() if _text(times.get(key))
    }
    if owners := owners_of(job):
        found["owner"] = ", ".join(owners)
    tags = {**tags_of(job), **tags_of(facets)}
    found |= {f"tag.{name}": value for name, value in tags.items()}
    some = list(found.items())[:MAX_TASK_PARAMS]
    return {name[:MAX_TASK_PARAM_NAME]: value[:MAX_PARAM_TEXT] for name, value in some}


def owners_of(facets: Mapping[str, Any]) -> list[str]:
    """Return the names of the owners of a job or a dataset."""
    owners = _list(_object(facets.get("ownership")).get("owners"))
    names = (_text(_object(owner).get("name")) for owner in owners)
    return [name for name in dict.fromkeys(names) if name]


def tags_of(facets: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags of a run, a job or a dataset; not those of single columns."""
    found = {}
    for tag in map(_object, _list(_object(facets.get("tags")).get("tags"))):
        key, value = _text(tag.get("key")), tag.get("value")
        if key and not tag.get("field") and isinstance(value, str):
            found[key] = value
    return found


def description_of(facets: Mapping[str, Any]) -> str | None:
    """Return the documentation of a job or a dataset, as the markup of a card."""
    text = _text(_object(facets.get("documentation")).get("description"))
    return html.escape(text[:_MAX_DESCRIPTION], quote=False) if text else None


def counts_of(direction: str, facets: Mapping[str, Any]) -> dict[str, int]:
    """Return the rows, bytes and files that a run read of an input or wrote.

    >>> counts_of("output", {"outputStatistics": {"rowCount": 3, "size": 120}})
    {'rows_written': 3, 'bytes_written': 120}
    """
    word = "read" if direction == "input" else "written"
    counts = _object(facets.get(f"{direction}Statistics"))
    return {
        f"{name}_{word}": counts[key]
        for key, name in _COUNTS.items()
        if _is_count(counts.get(key))
    }


def metrics_of(
    named: Iterator[tuple[str, str, Mapping[str, Any]]],
) -> list[list[Any]]:
    """Return what a run read and wrote as measured values: `orders.rows_written`.

    Our own events have nothing in these facets but the size of each output.

    Args:
        named: Direction, name and facets of each dataset.
    """
    found = {
        f"{name}.{count}"[-MAX_TASK_PARAM_NAME:]: value
        for direction, name, facets in named
        if _object(facets.get(f"{direction}Statistics")).get("_producer") != PRODUCER
        for count, value in counts_of(direction, facets).items()
    }
    return [[name, value, None] for name, value in found.items()][:MAX_METRICS]


def change_of(facets: Mapping[str, Any]) -> LifecycleChange | None:
    """Return what a run did to an output as a whole, where it is known."""
    facet = _object(facets.get("lifecycleStateChange"))
    change = facet.get("lifecycleStateChange")
    if not isinstance(change, str) or change not in _CHANGES:
        return None
    before = _object(facet.get("previousIdentifier"))
    is_named = isinstance(before.get("namespace"), str) and _text(before.get("name"))
    return LifecycleChange(cast("Change", change), before if is_named else None)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _MAX_COUNT


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
