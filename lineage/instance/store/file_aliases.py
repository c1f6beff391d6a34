"""Knows the files that this instance holds by their paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .artifact_identity import default_name
from .database import Transaction
from .dedup import Item
from .fact_types import FactDict

_HOLDS_FILES: Final = (
    "SELECT 1 FROM platform_things WHERE team_id = ? AND kind = 'file' LIMIT 1"
)
_AT_PATHS: Final = (
    "SELECT p.path, p.id FROM each_text(:paths) AS x JOIN platform_things p"
    " ON p.team_id = :team AND p.kind = 'file' AND p.path = x.value"
)


def by_their_ids(tx: Transaction, team: int, items: Sequence[Item]) -> Sequence[Item]:
    """Have edges that name a held file by its path name it by its id.

    So a file is one thing, whether an app speaks of it by path or by id. A path on
    the machine of the task is another file.
    """
    if tx.one(_HOLDS_FILES, (team,)) is None:
        return items
    places = {at: path for at, item in enumerate(items) if (path := _path(item[1]))}
    rows = tx.all(_AT_PATHS, {"paths": set(places.values()), "team": team})
    ids = {row[0]: row[1] for row in rows}
    told = list(items)
    for at, path in places.items():
        if path in ids:
            id, fact, user = items[at]
            name = fact.get("name") or default_name("file", path)
            told[at] = (id, {**fact, "id": ids[path], "name": name}, user)
    return told


def _path(fact: FactDict) -> str | None:
    """Give the path in the instance's files that an edge names, if it does."""
    id = fact["id"]
    if fact["kind"] != "file" or not isinstance(id, str) or id[:1] != "/":
        return None
    return id if fact.get("local_path") is None else None
