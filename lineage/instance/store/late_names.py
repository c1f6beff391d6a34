"""Names of artifacts that come after the edges that name them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .database import Transaction
from .dedup import Item, resolve_ids
from .platform_names import rename_artifact
from .write_cache import TeamCache

_ARTIFACTS: Final = (
    "SELECT e.id, n.kind, n.ident FROM each_int(:ids) AS x"
    " JOIN edges e ON e.team_id = :team AND e.id = x.value"
    " JOIN entities n ON n.team_id = :team AND n.id = e.entity_id"
)


def write_late_names(tx: Transaction, known: TeamCache, items: Sequence[Item]) -> None:
    """Name the artifacts of edges as `evidence` facts say.

    Args:
        tx: The transaction, in which the edges are written.
        known: What is remembered of the team.
        items: Facts of which some may carry a late name.
    """
    named = [
        fact for _, fact, _ in items if fact["f"] == "evidence" and fact.get("name")
    ]
    if not named:
        return
    ids = resolve_ids(tx, known, [fact["edge"] for fact in named])
    rows = tx.all(_ARTIFACTS, {"ids": set(ids), "team": known.team_id})
    keys = {id: (kind, ident) for id, kind, ident in rows}
    for id, fact in zip(ids, named, strict=True):
        if id in keys:
            rename_artifact(tx, known.team_id, *keys[id], fact["name"])
            artifact = known.entities.get(keys[id])
            if artifact is not None:
                artifact.name = fact["name"]
