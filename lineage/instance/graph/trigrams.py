"""Finds artifacts by a text inside their names and paths."""

from __future__ import annotations

from typing import Final

from .team_graph import TeamGraph

#: Artifacts that the index gives, of all teams, and that one search looks at.
MAX_MET: Final = 5000
MAX_FOUND: Final = 500
#: Newest artifacts that are read through where there is no index.
MAX_SCANNED: Final = 5000
#: Threes of letters that are looked up; enough to leave few artifacts.
MAX_TRIGRAMS: Final = 16

_HAS_INDEX: Final = "SELECT 1 FROM sqlite_master WHERE name = 'substrings'"
_INDEXED: Final = (
    "SELECT e.id FROM (SELECT rowid AS id FROM substrings"
    " WHERE substrings MATCH :threes ORDER BY rowid DESC LIMIT :met) AS s"
    " CROSS JOIN entities e ON e.id = s.id WHERE e.team_id = :team LIMIT :most"
)
# Each block of ids has entries of its own; a block is read whole or not at all.
_THREES: Final = (
    "SELECT f.id FROM generate_series("
    "CAST(:last AS BIGINT) >> 16, CAST(:first AS BIGINT) >> 16, -1) AS b(at)"
    " CROSS JOIN LATERAL (SELECT e.id FROM entities e WHERE e.team_id = :team"
    " AND lineage_threes(e.team_id, e.id, e.ident, e.name) @> ARRAY("
    "SELECT lineage_three(:team, b.at << 16, x.value) FROM each_text(:threes) AS x)"
    " ORDER BY e.id DESC) AS f LIMIT :most"
)
_ENDS: Final = "SELECT MIN(id), MAX(id) FROM entities WHERE team_id = :team"
_SCAN: Final = (
    "SELECT e.id FROM entities e WHERE e.team_id = :team AND e.id > :first"
    " AND (lower(e.ident) LIKE :text ESCAPE '!' OR lower(e.name) LIKE :text ESCAPE '!')"
    " ORDER BY e.id DESC LIMIT :most"
)


def matching_artifacts(view: TeamGraph, words: list[str]) -> list[int]:
    """Return artifacts that may have every word somewhere, the newest first.

    Where there is an index, it is asked; it may give a few that have the words'
    letters in another order. Else (words of two letters, an old SQLite) the newest
    artifacts are read through.
    """
    threes = _trigrams(words)
    if threes and view.tx.dialect.name == "postgresql":
        first, last = view.rows(_ENDS)[0]
        ends = {"first": first or 0, "last": last or 0}
        rows = view.rows(_THREES, **ends, threes=threes, most=MAX_FOUND)
    elif threes and view.tx.one(_HAS_INDEX):
        match = " AND ".join('"' + part.replace('"', '""') + '"' for part in threes)
        rows = view.rows(_INDEXED, threes=match, met=MAX_MET, most=MAX_FOUND)
    else:
        rows = _scan(view, max(words, key=len))
    return [row[0] for row in rows]


def _trigrams(words: list[str]) -> list[str]:
    threes = [word[at : at + 3] for word in words for at in range(len(word) - 2)]
    return list(dict.fromkeys(threes))[:MAX_TRIGRAMS]


def _scan(view: TeamGraph, word: str) -> list[tuple[int]]:
    if len(word) < 2:
        return []
    newest = view.rows("SELECT MAX(id) FROM entities WHERE team_id = :team")[0][0]
    sign = word.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    first = (newest or 0) - MAX_SCANNED
    return view.rows(_SCAN, first=first, text=f"%{sign}%", most=MAX_FOUND)
