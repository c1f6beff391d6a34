"""Copies of files that only a folder's manifest shows.

Who produces a folder need not declare its files. A file that nobody made, with bytes
that such a folder holds, is a copy of the folder's file: it comes from the version of
the folder with which that file came.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, NamedTuple

from .database import TeamReader, Transaction
from .leftovers import Leftovers, State, states_of

#: Contents below this size are equal by chance.
TRIVIAL_SIZE: Final = 8
COLUMNS: Final = ("team_id", "file", "manifest")
_MAKERS: Final = (
    "SELECT f.id, m.id, m.entity_id FROM each_int(:ids) AS x"
    " JOIN nodes f ON f.team_id = :team AND f.id = x.value"
    " JOIN manifest_files i ON i.team_id = :team AND i.file = f.digest"
    " JOIN nodes m ON m.team_id = :team AND m.manifest = i.manifest"
    " WHERE f.is_made = 0 AND m.is_made = 1 AND m.created_at <= f.created_at"
    " AND (f.size IS NULL OR f.size >= :trivial)"
)
_LISTED: Final = (
    "SELECT DISTINCT m.manifest, l.entries FROM each_int(:ids) AS x"
    " JOIN nodes m ON m.team_id = :team AND m.id = x.value"
    " JOIN manifests l ON l.team_id = :team AND l.digest = m.manifest"
)
_COPIES: Final = (
    "SELECT f.id FROM each_text(:digests) AS x"
    " JOIN nodes f ON f.team_id = :team AND f.digest = x.value WHERE f.is_made = 0"
)


class Copy(NamedTuple):
    """A found file, and the version of a folder that it was copied from."""

    made: int
    found: int
    at: float


def index_rows(
    team: int, manifest: str, entries: Iterable[Sequence[Any]]
) -> list[tuple[int, str, str]]:
    """Return the rows by which a manifest is found that has a file's bytes."""
    digests = {e[2] for e in entries if e[2] is not None and e[1] >= TRIVIAL_SIZE}
    return [(team, digest, manifest) for digest in sorted(digests)]


def index_stored(tx: Transaction, team: int) -> None:
    """Index the manifests that a team has."""
    last = ""
    while True:
        rows = tx.all(
            "SELECT digest, entries FROM manifests WHERE team_id = ? AND digest > ?"
            " ORDER BY digest LIMIT 100",
            (team, last),
        )
        if not rows:
            return
        last = rows[-1][0]
        made = [r for d, text in rows for r in index_rows(team, d, json.loads(text))]
        tx.insert_many("manifest_files", COLUMNS, made, or_ignore=True)


def member_copies(
    reader: TeamReader, nodes: Collection[int], *, is_up: bool
) -> list[Copy]:
    """Return copies of files in produced folders.

    Args:
        reader: Reads the team's rows.
        nodes: The copies; versions of produced folders where it is not `is_up`.
        is_up: Which side the nodes are.
    """
    wanted = nodes if is_up else _copies_of(reader, nodes)
    rows = reader.rows(_MAKERS, ids=wanted, trivial=TRIVIAL_SIZE) if wanted else ()
    makers: dict[tuple[int, int], set[int]] = defaultdict(set)
    for found, made, folder in rows:
        makers[found, folder].add(made)
    states = states_of(reader, {folder for _, folder in makers})
    files = {
        state.id: state
        for part in states_of(reader, {found for found, _ in makers}, by_id=True)
        .values()
        for state in part
    }  # fmt: skip
    pairs = [
        (_until_last(states[folder], made), files[found])
        for (found, folder), made in makers.items()
        if files[found].entity != folder
    ]
    leftovers = Leftovers(reader, pairs)
    return [
        Copy(first.id, file.id, max(first.at, file.at))
        for wholes, file in pairs
        for first in leftovers.first_with_bytes(wholes, file)
        if first.is_made and (is_up or first.id in nodes)
    ]


def _copies_of(reader: TeamReader, nodes: Collection[int]) -> set[int]:
    """Return the files that nobody made with bytes that folders hold."""
    digests = {
        digest
        for manifest, text in reader.rows(_LISTED, ids=nodes)
        for _, digest, _ in index_rows(0, manifest, json.loads(text))
    }
    return (
        {row[0] for row in reader.rows(_COPIES, digests=digests)} if digests else set()
    )


def _until_last(wholes: Sequence[State], chosen: Collection[int]) -> Sequence[State]:
    last = max(place for place, one in enumerate(wholes) if one.id in chosen)
    return wholes[: last + 1]
