"""A file is worked on in place by steps that used it, not by others of the task."""

from __future__ import annotations

from ..artifact_identity import EDITED
from ..database import Transaction
from ..rebuild import rebuild_artifacts, teams_of

STATEMENTS: tuple[str, ...] = ()

#: Artifacts of which one version was made of another.
_CHANGED = (
    "SELECT DISTINCT a.id, a.kind FROM links l"
    " JOIN nodes n ON n.team_id = l.team_id AND n.id = -l.activity"
    " JOIN nodes o ON o.team_id = l.team_id AND o.id = l.node_id"
    " JOIN entities a ON a.team_id = l.team_id AND a.id = n.entity_id"
    " WHERE l.team_id = ? AND l.activity < 0 AND l.direction = 0"
    " AND o.entity_id = n.entity_id"
)


def rebuild(tx: Transaction) -> None:
    """Read the timelines again that may have such versions."""
    for team in teams_of(tx):
        rows = tx.all(_CHANGED, (team,))
        changed = [id for id, kind in rows if kind not in EDITED]
        if changed:
            rebuild_artifacts(tx, team, changed)
