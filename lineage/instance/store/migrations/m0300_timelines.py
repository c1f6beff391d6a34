"""Versions by event time: what each edge knew, and the makings of versions.

A node is one making of a version from here on (see `store/timeline.py`), and an edge
keeps what it knew of its version, so that a timeline can be made again from the edges.
"""

from __future__ import annotations

from typing import Final

from ..database import Transaction
from ..rebuild import rebuild_team, teams_of

STATEMENTS = (
    "ALTER TABLE revisions ADD COLUMN has_clock SMALLINT NOT NULL DEFAULT 0",
    "ALTER TABLE edges ADD COLUMN entity_id BIGINT",
    "ALTER TABLE edges ADD COLUMN event_at DOUBLE PRECISION",
    # 0 input, 1 output, 2 output that names its sources, 3 output of a step without
    # inputs: the direction of the edge's link.
    "ALTER TABLE edges ADD COLUMN link SMALLINT",
    "ALTER TABLE edges ADD COLUMN is_reused SMALLINT NOT NULL DEFAULT 0",
    "ALTER TABLE edges ADD COLUMN evidence TEXT",
    "ALTER TABLE edges ADD COLUMN late TEXT",
    "ALTER TABLE links ADD COLUMN until DOUBLE PRECISION NOT NULL DEFAULT 0",
    "ALTER TABLE nodes ADD COLUMN same_as BIGINT",
    "ALTER TABLE nodes ADD COLUMN is_made SMALLINT NOT NULL DEFAULT 0",
    "ALTER TABLE nodes ADD COLUMN made_at DOUBLE PRECISION",
    "ALTER TABLE nodes ADD COLUMN evidence TEXT",
    "ALTER TABLE nodes ADD COLUMN normalised {key_text}",
    "ALTER TABLE nodes ADD COLUMN pinned SMALLINT",
    "ALTER TABLE nodes ADD COLUMN pinned_reason TEXT",
    "ALTER TABLE nodes ADD COLUMN manifest {key_text}",
    "ALTER TABLE nodes ADD COLUMN first_edge BIGINT",
    "ALTER TABLE entities ADD COLUMN machine TEXT",
    "ALTER TABLE entities ADD COLUMN is_observed SMALLINT NOT NULL DEFAULT 0",
    "ALTER TABLE entities ADD COLUMN made_id BIGINT",
    "ALTER TABLE entities ADD COLUMN made_edge BIGINT",
    "ALTER TABLE entities ADD COLUMN barrier_at DOUBLE PRECISION",
    "ALTER TABLE entities ADD COLUMN unknown_id BIGINT",
    "ALTER TABLE entities ADD COLUMN unknown_at DOUBLE PRECISION",
    # Known by its path alone, from before machines were distinguished.
    "ALTER TABLE entities ADD COLUMN is_legacy SMALLINT NOT NULL DEFAULT 0",
    "ALTER TABLE tasks ADD COLUMN machine TEXT",
    "ALTER TABLE tasks ADD COLUMN parent_step {key_text}",
    "ALTER TABLE tasks ADD COLUMN environment TEXT",
    "DROP INDEX nodes_version",
    "CREATE INDEX nodes_entity ON nodes (team_id, entity_id, ordinal)",
    "CREATE INDEX nodes_same ON nodes (team_id, same_as)",
    "CREATE INDEX edges_entity ON edges (team_id, entity_id, event_at)",
    "CREATE INDEX steps_parent ON steps (team_id, task_id, parent)",
    # Evidence of the versions of an artifact; a version is its first node.
    """CREATE TABLE version_tokens (
        team_id BIGINT NOT NULL,
        entity_id BIGINT NOT NULL,
        token {key_text} NOT NULL,
        node_id BIGINT NOT NULL,
        PRIMARY KEY (team_id, entity_id, token, node_id)
    ) {clustered}""",
    # Sources that outputs name; `said` is what the app called one that is not known.
    """CREATE TABLE derivations (
        team_id BIGINT NOT NULL,
        edge_id BIGINT NOT NULL,
        kind {key_text} NOT NULL,
        said {key_text} NOT NULL,
        task_id BIGINT NOT NULL,
        entity_id BIGINT,
        node_id BIGINT,
        PRIMARY KEY (team_id, edge_id, kind, said)
    ) {clustered}""",
    "CREATE INDEX derivations_entity ON derivations (team_id, entity_id)",
    # Evidence that came before its edge.
    """CREATE TABLE pending_evidence (
        team_id BIGINT NOT NULL,
        edge_id BIGINT NOT NULL,
        late TEXT NOT NULL,
        PRIMARY KEY (team_id, edge_id)
    ) {clustered}""",
    """CREATE TABLE manifests (
        team_id BIGINT NOT NULL,
        digest {key_text} NOT NULL,
        files BIGINT NOT NULL,
        bytes BIGINT NOT NULL,
        is_complete SMALLINT NOT NULL,
        entries TEXT NOT NULL,
        PRIMARY KEY (team_id, digest)
    ) {clustered}""",
    """CREATE TABLE aliases (
        team_id BIGINT NOT NULL,
        alias {key_text} NOT NULL,
        entity_id BIGINT NOT NULL,
        PRIMARY KEY (team_id, alias, entity_id)
    ) {clustered}""",
    "CREATE INDEX aliases_entity ON aliases (team_id, entity_id)",
    """CREATE TABLE task_params (
        team_id BIGINT NOT NULL,
        task_id BIGINT NOT NULL,
        step BIGINT NOT NULL,
        name {key_text} NOT NULL,
        value TEXT NOT NULL,
        at DOUBLE PRECISION NOT NULL,
        uid {key_text} NOT NULL,
        PRIMARY KEY (team_id, task_id, step, name)
    ) {clustered}""",
    """CREATE TABLE task_metrics (
        team_id BIGINT NOT NULL,
        task_id BIGINT NOT NULL,
        step BIGINT NOT NULL,
        name {key_text} NOT NULL,
        position BIGINT NOT NULL,
        value DOUBLE PRECISION NOT NULL,
        at DOUBLE PRECISION NOT NULL,
        uid {key_text} NOT NULL,
        PRIMARY KEY (team_id, task_id, step, name, position)
    ) {clustered}""",
    """CREATE TABLE task_links (
        team_id BIGINT NOT NULL,
        task_id BIGINT NOT NULL,
        name {key_text} NOT NULL,
        url TEXT NOT NULL,
        at DOUBLE PRECISION NOT NULL,
        uid {key_text} NOT NULL,
        PRIMARY KEY (team_id, task_id, name)
    ) {clustered}""",
)

#: What older edges say: their version names a digest or a platform's version, and
#: their activity whose inputs fed an output: that of a step, or one of named sources.
_FILLS: Final = (
    "UPDATE links SET until = since",
    """UPDATE revisions SET has_clock = 1 WHERE EXISTS (SELECT 1 FROM edges e
        WHERE e.team_id = revisions.team_id AND e.recorded_at >= 31536000)""",
    """UPDATE edges SET event_at = recorded_at,
        entity_id = (SELECT n.entity_id FROM nodes n
            WHERE n.team_id = edges.team_id AND n.id = edges.node_id),
        link = CASE WHEN direction = 0 THEN 0
            WHEN activity = task_id * 16777216 + step THEN 1
            WHEN activity = task_id * 16777216 OR EXISTS (SELECT 1 FROM steps s
                WHERE s.team_id = edges.team_id AND s.task_id = edges.task_id
                AND s.number = edges.activity - edges.task_id * 16777216) THEN 3
            ELSE 2 END""",
    """UPDATE edges SET evidence = (SELECT CASE
            WHEN n.version LIKE 'sha256:%' THEN
                '{"evidence": [["sha256", "' || substr(n.version, 8) || '"]]}'
            WHEN n.version LIKE 'v%' THEN
                '{"version_id": ' || substr(n.version, 2) || '}'
            WHEN n.version LIKE 'n%' THEN
                '{"version_num": ' || substr(n.version, 2) || '}'
            END FROM nodes n
            WHERE n.team_id = edges.team_id AND n.id = edges.node_id)""",
    # Without its size, an empty file would be the same content as any other.
    """UPDATE edges SET evidence = (SELECT CASE WHEN edges.evidence IS NULL
            THEN '{"size": ' || n.size || '}'
            ELSE substr(edges.evidence, 1, length(edges.evidence) - 1)
                || ', "size": ' || n.size || '}' END
            FROM nodes n WHERE n.team_id = edges.team_id AND n.id = edges.node_id)
        WHERE EXISTS (SELECT 1 FROM nodes n WHERE n.team_id = edges.team_id
            AND n.id = edges.node_id AND n.size IS NOT NULL)""",
    """INSERT INTO derivations (team_id, edge_id, kind, said, task_id, entity_id,
            node_id)
        SELECT e.team_id, e.id, a.kind, a.ident, e.task_id, a.id, l.node_id
        FROM edges e JOIN links l ON l.team_id = e.team_id
            AND l.activity = e.activity AND l.direction = 0
        JOIN nodes n ON n.team_id = l.team_id AND n.id = l.node_id
        JOIN entities a ON a.team_id = n.team_id AND a.id = n.entity_id
        WHERE e.link = 2 ON CONFLICT DO NOTHING""",
    "UPDATE edges SET activity = task_id * 16777216 + step WHERE link IN (0, 2)",
    """UPDATE entities SET is_legacy = 1
        WHERE kind IN ('file', 'folder') AND ident LIKE '/%'""",
)


def fill(tx: Transaction) -> None:
    """Fill the columns for what is there."""
    for statement in _FILLS:
        tx.run(statement)


def rebuild(tx: Transaction) -> None:
    """Make the timelines of what is there."""
    for team in teams_of(tx):
        rebuild_team(tx, team)
