"""Facts in batches, and the outcome for each: what `lineage.facts.add` exchanges."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from .limits import MAX_BATCH


class FactBatch(BaseModel):
    """Body of `lineage.facts.add`; each element is checked on its own."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    facts: list[Any] = Field(max_length=MAX_BATCH)


class RefusedFact(BaseModel):
    """One fact of a batch that the instance did not store."""

    model_config = ConfigDict(defer_build=True)

    uid: str | None
    index: int
    field: str | None
    message: str


class StoreState(BaseModel):
    """Which store has taken a batch, and how far it had come with that."""

    model_config = ConfigDict(defer_build=True)

    store: str
    """The same for a store and its copies, for one team."""
    opening: str
    """The same as long as a process has the store open, and nobody restored it or
    started its server again meanwhile: it cannot be replaced then."""
    position: int
    """Grows with every change of the team's graph; less than before, the store is an
    older state of itself."""


class BatchAnswer(BaseModel):
    """Answer of `lineage.facts.add`: the good ones are stored, the bad ones named."""

    model_config = ConfigDict(defer_build=True)

    stored: int
    duplicates: int
    refused: list[RefusedFact] = []
    state: StoreState | None = None
    """None where nothing was valid, or the instance is older."""
