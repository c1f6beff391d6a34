"""An edge that names a registered version by id or number names it by both."""

from __future__ import annotations

from ..database import Transaction
from ..rebuild import rebuild_found

STATEMENTS: tuple[str, ...] = ()

_NAMED = (
    "SELECT DISTINCT e.id FROM entities e JOIN version_tokens t"
    " ON t.team_id = e.team_id AND t.entity_id = e.id"
    " WHERE e.team_id = ? AND e.kind = 'project'"
    " AND (t.token LIKE 'v%' OR t.token LIKE 'n%') AND EXISTS"
    " (SELECT 1 FROM platform_things p WHERE p.team_id = e.team_id"
    " AND p.kind = 'project_version' AND CAST(p.parent_id AS TEXT) = e.ident)"
)


def rebuild(tx: Transaction) -> None:
    """Read the timelines of such projects again."""
    rebuild_found(tx, _NAMED)
