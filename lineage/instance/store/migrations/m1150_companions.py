"""A file with companions is in another state when one of them is, its own unchanged."""

from __future__ import annotations

from ..database import Transaction
from ..rebuild import rebuild_found

STATEMENTS: tuple[str, ...] = ()

_WITH_COMPANIONS = (
    "SELECT DISTINCT entity_id FROM version_tokens"
    " WHERE team_id = ? AND token >= 'companions:' AND token < 'companions;'"
)


def rebuild(tx: Transaction) -> None:
    """Read the timelines of such files again."""
    rebuild_found(tx, _WITH_COMPANIONS)
