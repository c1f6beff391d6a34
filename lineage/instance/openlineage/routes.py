"""The endpoints to which OpenLineage's clients send: `/api/v1/lineage` and `/batch`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel, RootModel

from ..errors import RequestError
from ..route import RequestContext, Route
from .events import read_event
from .mapping import facts_of

#: Where clients send, by default, and the route that answers.
PATHS: Final = {
    "/api/v1/lineage": "lineage.openlineage.event",
    "/api/v1/lineage/batch": "lineage.openlineage.batch",
}
#: Events of one batch, at most.
MAX_EVENTS: Final = 10_000
#: Reasons shown of one event, at most.
_MAX_SHOWN: Final = 20
_ABOUT_NO_RUN: Final = "the event is about no run: jobs and datasets alone are not kept"


class Event(RootModel[Any]):
    """One event."""


class Events(RootModel[Any]):
    """Several events."""


class EventAnswer(BaseModel):
    """What became of an event."""

    stored: int
    """Facts that were new."""
    ignored: list[str] = []
    """What of it was not understood, and why."""


class FailedEvent(BaseModel):
    """An event of a batch that was refused."""

    index: int
    reason: str
    retriable: bool = False


class BatchSummary(BaseModel):
    """Numbers of events."""

    received: int
    successful: int
    failed: int
    retriable: int = 0
    non_retriable: int


class BatchAnswer(BaseModel):
    """What became of the events of a batch, as OpenLineage's API describes it."""

    status: str
    summary: BatchSummary
    failed_events: list[FailedEvent] = []
    ignored: list[str] = []


def add_event(call: RequestContext, body: Event) -> EventAnswer:
    """Store what one OpenLineage event says; nothing of an event that is refused."""
    event = read_event(body.root, now=time.time())
    if event is None:
        return EventAnswer(stored=0, ignored=[_ABOUT_NO_RUN])
    stored, refused = _store(call, facts_of(event))
    return EventAnswer(stored=stored, ignored=[*event.ignored, *refused][:_MAX_SHOWN])


def add_batch(call: RequestContext, body: Events) -> BatchAnswer:
    """Store what several OpenLineage events say; a bad one keeps no other out."""
    events = body.root
    if not isinstance(events, list):
        raise RequestError(
            400, "the body is no array of events", field="body", value=events,
            allowed="an array",
        )  # fmt: skip
    if len(events) > MAX_EVENTS:
        raise RequestError(
            413, f"the batch has {len(events)} events", field="body",
            allowed=f"at most {MAX_EVENTS} events",
        )  # fmt: skip
    facts: list[dict[str, Any]] = []
    failed, ignored, now = [], [], time.time()
    for index, value in enumerate(events):
        try:
            event = read_event(value, now=now)
        except RequestError as error:
            failed.append(FailedEvent(index=index, reason=error.message))
            continue
        if event is None:
            ignored.append(f"{index}: {_ABOUT_NO_RUN}")
            continue
        facts.extend(facts_of(event))
        ignored.extend(f"{index}: {reason}" for reason in event.ignored)
    ignored.extend(_store(call, facts)[1])
    summary = BatchSummary(
        received=len(events),
        successful=len(events) - len(failed),
        failed=len(failed),
        non_retriable=len(failed),
    )
    return BatchAnswer(
        status="partial_success" if failed else "success",
        summary=summary,
        failed_events=failed,
        ignored=ignored[:_MAX_SHOWN],
    )


def _store(
    call: RequestContext, facts: Sequence[dict[str, Any]]
) -> tuple[int, list[str]]:
    """Store facts, and return how many were new and which could not be stored."""
    if not facts:
        return 0, []
    answer = call.services.store.ingest(call.team(), facts, user=call.principal.user)
    # Events are checked before; whatever else the store refuses is no 5xx.
    return answer.stored, [f"{fact.field}: {fact.message}" for fact in answer.refused]


ROUTES: Final = (
    Route("lineage.openlineage.event", add_event, Event, "writer", EventAnswer),
    Route("lineage.openlineage.batch", add_batch, Events, "writer", BatchAnswer),
)
