"""States of projects are no longer called as the platform numbers its versions."""

from __future__ import annotations

STATEMENTS = (
    """UPDATE nodes SET label = 'state ' || ordinal
        WHERE version = '' AND label = 'v' || ordinal AND EXISTS (
            SELECT 1 FROM entities a WHERE a.team_id = nodes.team_id
            AND a.id = nodes.entity_id AND a.kind = 'project')""",
)
