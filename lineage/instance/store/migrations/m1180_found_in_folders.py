"""What was found in folders before and after they were produced again is parted."""

from __future__ import annotations

from ..database import Transaction
from ..rebuild import rebuild_found

STATEMENTS: tuple[str, ...] = ()

_FOUND = (
    "SELECT DISTINCT a.id FROM entities f JOIN entities a ON a.team_id = f.team_id"
    " AND a.kind IN ('file', 'folder')"
    " AND a.ident >= f.ident || '/' AND a.ident < f.ident || '0'"
    " WHERE f.team_id = ? AND f.kind = 'folder' AND f.made_id IS NOT NULL"
    " AND a.unknown_id IS NOT NULL"
)


def rebuild(tx: Transaction) -> None:
    """Read the timelines of what nobody made in produced folders again."""
    rebuild_found(tx, _FOUND)
