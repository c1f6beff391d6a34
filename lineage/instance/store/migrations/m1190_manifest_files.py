"""A folder is found by the bytes of a file that its manifest lists."""

from __future__ import annotations

from ..database import Transaction
from ..member_copies import index_stored
from ..rebuild import teams_of

STATEMENTS = (
    """CREATE TABLE manifest_files (
        team_id BIGINT NOT NULL,
        file {key_text} NOT NULL,
        manifest {key_text} NOT NULL,
        PRIMARY KEY (team_id, file, manifest)
    ) {clustered}""",
)


def rebuild(tx: Transaction) -> None:
    """Index the manifests that are there."""
    for team in teams_of(tx):
        index_stored(tx, team)
