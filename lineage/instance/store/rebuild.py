"""Rebuilds the timelines of a whole store, as after a change of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .activity_ids import STEP_BITS, revision_id
from .artifact_rows import write_artifacts
from .cards import mend_cards
from .database import Database, Transaction
from .evidence import pinned_tokens
from .folder_productions import FolderProductions
from .project_versions import named_projects
from .recompute import recompute, rewrite_links
from .steps import StepResolver
from .write_cache import TeamCache

#: Artifacts in one go.
CHUNK: Final = 500
_NEXT: Final = (
    "SELECT id FROM entities WHERE team_id = ? AND id > ? ORDER BY id LIMIT ?"
)
_JOINED: Final = (
    "INSERT INTO links (team_id, activity, direction, node_id, since, until)"  # noqa: S608  constant SQL
    f" SELECT n.team_id, n.task_id << {STEP_BITS}, d.direction, n.id, n.created_at,"
    " n.created_at FROM nodes n"
    " JOIN (SELECT 0 AS direction UNION ALL SELECT 1 AS direction) d ON 1 = 1"
    " WHERE n.task_id IS NOT NULL AND n.team_id = :team ON CONFLICT DO NOTHING"
)
#: Who remembers the team has to look again.
_CHANGED: Final = (
    "UPDATE revisions SET revision = revision + 1, epoch = epoch + 1 WHERE team_id = ?"
)
#: Nodes of tasks keep their one version; their links follow from the edges.
_OF_TASKS: Final = (
    "INSERT INTO links (team_id, activity, direction, node_id, since, until)"
    " SELECT e.team_id, e.activity, e.link, e.node_id, MIN(e.event_at),"
    " MAX(e.event_at) FROM entities a"
    " JOIN edges e ON e.team_id = a.team_id AND e.entity_id = a.id"
    " WHERE a.team_id = :team AND a.kind = 'task'"
    " GROUP BY e.team_id, e.activity, e.link, e.node_id ON CONFLICT DO NOTHING"
)


def rebuild_team(tx: Transaction, team: int) -> None:
    """Rebuild every timeline of a team, and all links."""
    tx.run("DELETE FROM links WHERE team_id = ?", (team,))
    tx.run(
        "DELETE FROM nodes WHERE team_id = :team AND entity_id NOT IN"
        " (SELECT id FROM entities WHERE team_id = :team)",
        {"team": team},
    )
    last = 0
    while True:
        ids = [row[0] for row in tx.all(_NEXT, (team, last, CHUNK))]
        if not ids:
            break
        last = ids[-1]
        rebuild_artifacts(tx, team, ids)
    tx.run(_OF_TASKS, {"team": team})
    tx.run(_JOINED, {"team": team})
    tx.run(_CHANGED, (team,))


def rebuild_artifacts(tx: Transaction, team: int, artifacts: Sequence[int]) -> None:
    """Rebuild the timelines of artifacts, and the links of their nodes."""
    known = TeamCache(team)
    for at in range(0, len(artifacts), CHUNK):
        ids = artifacts[at : at + CHUNK]
        steps, folders = StepResolver(tx, known), FolderProductions(tx, team)
        done = recompute(tx, known, ids, {}, steps, folders)
        rewrite_links(tx, team, done)
        write_artifacts(tx, team, done.artifacts)
        rows = [
            (team, revision_id(newer), direction, node, at, at)
            for older, newer, at in done.in_place
            for direction, node in ((0, older), (1, newer))
        ]
        tx.insert_many(
            "links",
            ("team_id", "activity", "direction", "node_id", "since", "until"),
            rows,
            or_ignore=True,
        )


def rebuild_named_version(
    tx: Transaction, team: int, project: int, id: int, number: int
) -> None:
    """Rebuild a project's timeline, if edges name a version that is registered now."""
    tokens = [token.text for token in pinned_tokens(id, number)]
    named = named_projects(tx, team, project, tokens)
    if named:
        rebuild_artifacts(tx, team, named)
        tx.run(_CHANGED, (team,))


def rebuild_found(tx: Transaction, find: str) -> None:
    """Rebuild artifacts of each team.

    Args:
        tx: Where it is written.
        find: Selects the ids of the artifacts, given the team.
    """
    for team in teams_of(tx):
        found = [row[0] for row in tx.all(find, (team,))]
        if found:
            rebuild_artifacts(tx, team, found)


def teams_of(tx: Transaction) -> list[int]:
    """List the teams that have anything in the graph."""
    return [row[0] for row in tx.all("SELECT team_id FROM revisions ORDER BY 1")]


def rebuild_all(db: Database) -> list[int]:
    """Rebuild everything that follows from the edges, in one transaction.

    Returns:
        The teams.
    """
    with db.write() as tx:
        teams = teams_of(tx)
        for team in teams:
            tx.lock_team(team)
            rebuild_team(tx, team)
        mend_cards(tx)
    return teams
