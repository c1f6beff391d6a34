"""Puts new artifacts into the indexes of texts: few at once, many together and later.

An artifact has half a dozen rows there, each on another page of the store, so that to
index a large batch costs as much as all else that is done with it. Indexed together,
20,000 artifacts write each page once. Artifacts that wait are those of a team from one
id on: nothing else is written for them. Who asks anything has them indexed first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from .search_index import artifact_terms, text_of, write_terms

if TYPE_CHECKING:
    from .artifact_rows import ArtifactState
    from .database import Database, Transaction
    from .write_cache import TeamCache

#: New artifacts of one commit that are indexed at once where none waits.
FEW: Final = 64
#: Artifacts that wait, at most: 0.2 s of work.
MOST: Final = 20_000
#: Artifacts that one transaction indexes for a question, which others wait for.
CHUNK: Final = 2_000

_HAS_SUBSTRINGS: Final = "SELECT 1 FROM sqlite_master WHERE name = 'substrings'"
_ADD_SUBSTRINGS: Final = (
    "INSERT INTO substrings (rowid, text)"  # noqa: S608  made of constants
    f" SELECT e.id, {text_of('e')} FROM each_int(:ids) AS x"
    " JOIN entities e ON e.id = x.value"
)
_WAITING: Final = (
    "SELECT e.id, e.name, e.ident FROM entities e"
    " WHERE e.team_id = :team AND e.id >= :first ORDER BY e.id LIMIT :most"
)
_FIRST: Final = "SELECT unindexed_from FROM revisions WHERE team_id = ?"
_NOTE: Final = "UPDATE revisions SET unindexed_from = ? WHERE team_id = ?"
#: Id, name and identity of an artifact.
Row = tuple[int, str, str]


def index_new(
    tx: Transaction, known: TeamCache, artifacts: Sequence[ArtifactState]
) -> None:
    """Index the new artifacts of a transaction, or have them wait.

    Args:
        tx: The transaction; the artifacts are written.
        known: What is remembered of the team.
        artifacts: The artifacts.
    """
    if not artifacts:
        return
    if known.unindexed_from is None and len(artifacts) <= FEW:
        _index(tx, known.team_id, [(a.id, a.name, a.ident) for a in artifacts])
        return
    ids = [artifact.id for artifact in artifacts]
    if known.unindexed_from is None:
        known.unindexed_from = min(ids)
        tx.run(_NOTE, (known.unindexed_from, known.team_id))
    if max(ids) - known.unindexed_from >= MOST:
        index_waiting(tx, known.team_id, MOST)


def index_waiting(tx: Transaction, team: int, most: int) -> int:
    """Index artifacts of a team that wait, the oldest first; return how many."""
    row = tx.one(_FIRST, (team,))
    if row is None or row[0] is None:
        return 0
    rows = tx.all(_WAITING, {"team": team, "first": row[0], "most": most})
    _index(tx, team, rows)
    tx.run(_NOTE, (rows[-1][0] + 1 if len(rows) == most else None, team))
    return len(rows)


def index_all(tx: Transaction) -> None:
    """Index the artifacts of every team that wait."""
    for (team,) in tx.all("SELECT team_id FROM revisions"):
        while index_waiting(tx, team, MOST):
            pass


def index_texts(db: Database, teams: Collection[int]) -> None:
    """Index what waits of teams, a part in each transaction.

    Raises:
        StoreError: The store cannot be written.
    """
    for team in teams:
        count = CHUNK
        while count == CHUNK:
            with db.write() as tx:
                tx.lock_team(team)
                count = index_waiting(tx, team, CHUNK)


def _index(tx: Transaction, team: int, rows: Sequence[Row]) -> None:
    if not rows:
        return
    # In the order of the index, so that neighbours are written together.
    write_terms(tx, artifact_terms(team, rows))
    if tx.dialect.name == "sqlite" and tx.one(_HAS_SUBSTRINGS) is not None:
        tx.run(_ADD_SUBSTRINGS, {"ids": [row[0] for row in rows]})
