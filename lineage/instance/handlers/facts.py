"""Facts in batches, as the recorder sends them."""

from __future__ import annotations

from pydantic import Field

from ...model.facts import MAX_BATCH, BatchAnswer, FactBatch
from ..problems import Refusal
from ..route import Call, Route


class Facts(FactBatch):
    """Facts, each checked on its own: a bad one does not keep the others out."""

    facts: list[object] = Field(max_length=10 * MAX_BATCH)


def add(call: Call, body: Facts) -> BatchAnswer:
    """Store facts once each; the bad ones are named in the answer."""
    if len(body.facts) > MAX_BATCH:
        raise Refusal(
            413,
            f"the batch has {len(body.facts)} facts",
            field="facts",
            allowed=f"at most {MAX_BATCH} facts",
        )
    return call.services.store.ingest(call.team(), body.facts, user=call.principal.user)


ROUTES = (
    Route(
        "lineage.facts.add",
        add,
        Facts,
        "writer",
        BatchAnswer,
        summary="Store facts, each once.",
    ),
)
