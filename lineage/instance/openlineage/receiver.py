"""The endpoints that OpenLineage's clients call: one event, or an array of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from os import SEEK_END
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, RootModel

from ..errors import RequestError
from ..route import RequestContext, Route
from .event import RunEvent, key_of, read_event
from .run_update import RunUpdate, read_states

_NO_MACHINE: Final = (
    "UPDATE entities SET is_legacy = 1 WHERE team_id = :team"
    " AND kind IN ('file', 'folder') AND is_legacy = 0 AND machine IS NULL"
    " AND ident IN (SELECT x.value FROM each_text(:paths) AS x)"
)
#: Makes what processes remember of the team stale.
_CHANGED: Final = "UPDATE revisions SET revision = revision + 1 WHERE team_id = ?"
#: Events of one batch, at most.
MAX_EVENTS: Final = 10_000
#: Bytes of one event, at most; Spark's largest plans have about a tenth.
MAX_EVENT: Final = 16 << 20
#: What is said of events about jobs and datasets.
_NO_RUN: Final = ": it is about no run; only runs are taken in"


class Event(RootModel[dict[str, Any]]):
    """An OpenLineage event, as its producer wrote it."""

    model_config = ConfigDict(defer_build=True)


class Events(RootModel[list[Any]]):
    """OpenLineage events."""

    model_config = ConfigDict(defer_build=True)


class EventsAnswer(BaseModel):
    """The outcome for the events of a request."""

    model_config = ConfigDict(defer_build=True)

    received: int
    """Events about runs that were understood."""
    ignored: list[str] = Field(default_factory=list)
    """What was left out of them, each with its place and the reason."""
    failed: list[int] = Field(default_factory=list)
    """Batches: the places of events that were refused."""


class RunParams(BaseModel):
    """Which run: by its id as the producer wrote it, or by the key of its task."""

    model_config = ConfigDict(defer_build=True)

    run: str = Field(min_length=1, max_length=200)


def add_event(call: RequestContext, body: Event) -> EventsAnswer:
    """Take in one event (`POST /api/v1/lineage`)."""
    size = _size(call)
    if size > MAX_EVENT:
        raise _too_large("event", size)
    event = read_event(body.root)
    if event is None:
        return EventsAnswer(received=0, ignored=[f"event{_NO_RUN}"])
    refused = _store(call, [event])
    return EventsAnswer(received=1, ignored=[*event.ignored, *refused])


def add_events(call: RequestContext, body: Events) -> EventsAnswer:
    """Take in an array of events (`POST /api/v1/lineage/batch`).

    An event that cannot be understood does not keep the others out.
    """
    if len(body.root) > MAX_EVENTS:
        raise RequestError(
            413,
            f"the batch has {len(body.root)} events",
            allowed=f"at most {MAX_EVENTS} events",
        )
    events: list[RunEvent] = []
    ignored: list[str] = []
    failed: list[int] = []
    may_be_large = _size(call) > MAX_EVENT
    for index, value in enumerate(body.root):
        try:
            if may_be_large:
                _check_size(value, f"[{index}]")
            event = read_event(value, f"[{index}].")
        except RequestError as error:
            failed.append(index)
            ignored.append(str(error))
            continue
        if event is None:
            ignored.append(f"[{index}]{_NO_RUN}")
        else:
            events.append(event)
            ignored += event.ignored
    ignored += _store(call, events)
    return EventsAnswer(received=len(events), ignored=ignored[:1000], failed=failed)


def _size(call: RequestContext) -> int:
    """Return the bytes of the body, unpacked."""
    body = call.request.body
    return len(body) if isinstance(body, bytes) else body.seek(0, SEEK_END)


def _check_size(event: object, place: str) -> None:
    size = len(json.dumps(event))
    if size > MAX_EVENT:
        raise _too_large(place, size)


def _too_large(place: str, size: int) -> RequestError:
    return RequestError(
        413,
        f"{place} has {size} bytes",
        field=place,
        allowed=f"at most {MAX_EVENT} bytes in one event",
    )


def get_run(call: RequestContext, body: RunParams) -> dict[str, Any]:
    """Return everything that the events of a run said, facets whole."""
    with call.services.store.db.read() as tx:
        for team in call.team_ids:
            for run in (body.run, key_of(body.run)):
                found = read_states(tx, team, [run])
                if found:
                    state = asdict(found[run])
                    del state["stored"]
                    return {"run": run, "state": state}
    raise RequestError(404, f"no events of the run {body.run[:80]!r}", field="run")


def _store(call: RequestContext, events: Sequence[RunEvent]) -> list[str]:
    """Store what events say; what the store refused comes back with the reason."""
    team, store = call.team(), call.services.store
    update = RunUpdate(team, events)
    answer = store.ingest_prepared(team, update.prepare, user=call.principal.user)
    paths = update.local_paths
    if paths:
        # No machine is named: the first app that uses the path on one gives it.
        with store.db.write() as tx:
            if tx.run(_NO_MACHINE, {"paths": paths, "team": team}):
                tx.run(_CHANGED, (team,))
    return update.left_out + [
        f"{fact.field}: {fact.message}" for fact in answer.refused
    ]


ROUTES: Final = (
    Route(
        "openlineage.event",
        add_event,
        Event,
        "writer",
        EventsAnswer,
        path="/api/v1/lineage",
    ),
    Route(
        "openlineage.batch",
        add_events,
        Events,
        "writer",
        EventsAnswer,
        path="/api/v1/lineage/batch",
    ),
    Route("lineage.openlineage.run", get_run, RunParams, "reader"),
)
