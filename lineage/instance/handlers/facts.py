"""Facts in batches, as the recorder sends them."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from ...model.ingest import BatchAnswer, FactBatch
from ...model.limits import MAX_BATCH
from ..errors import RequestError
from ..route import RequestContext, Route, WriteRequest


class Facts(FactBatch):
    """Facts, each checked on its own: a bad one does not keep the others out."""

    facts: list[object] = Field(max_length=10 * MAX_BATCH)


def add(call: RequestContext, body: Facts) -> BatchAnswer:
    """Store facts once each; the bad ones are named in the answer."""
    ready = prepare(call, body)
    batches = [(ready.team_id, ready.facts)]
    store = call.services.store
    return store.ingest_many(batches, user=ready.user, may_hold_nul=False)[0]


def prepare(call: RequestContext, body: Facts) -> WriteRequest:
    """Prepare a batch, which shares its commit with others."""
    if len(body.facts) > MAX_BATCH:
        raise RequestError(
            413,
            f"the batch has {len(body.facts)} facts",
            field="facts",
            allowed=f"at most {MAX_BATCH} facts",
        )
    return WriteRequest(call.team(), body.facts, call.principal.user, _as_it_is)


def _as_it_is(answer: BatchAnswer) -> BatchAnswer:
    return answer


ROUTES: Final = (
    Route(
        "lineage.facts.add",
        add,
        Facts,
        "writer",
        BatchAnswer,
        prepare=prepare,
    ),
)
