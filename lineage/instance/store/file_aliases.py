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
#: What an edge says of a path and not of the file that the instance holds.
_OF_A_PATH: Final = frozenset({"canonical", "aliases", "machine", "local_path"})
_WITH_IDS: Final = (
    "SELECT p.id FROM each_int(:ids) AS x JOIN platform_things p"
    " ON p.team_id = :team AND p.kind = 'file' AND p.id = x.value"
)
_AT_PATHS: Final = (
    "SELECT p.path, p.id FROM each_text(:paths) AS x JOIN platform_things p"
    " ON p.team_id = :team AND p.kind = 'file' AND p.path = x.value"
)


def with_file_ids(tx: Transaction, team: int, items: Sequence[Item]) -> Sequence[Item]:
    """Replace the path of a file that the instance holds by the file's id.

    So a file is one artifact by path and by id. A path on the machine of the task is
    another file.
    """
    if tx.one(_HOLDS_FILES, (team,)) is None:
        return items
    paths = {at: path for at, item in enumerate(items) if (path := _path(item[1]))}
    rows = tx.all(_AT_PATHS, {"paths": set(paths.values()), "team": team})
    ids = {row[0]: row[1] for row in rows}
    numbers = {id for at in paths if type(id := items[at][1]["id"]) is int}
    own_ids = {row[0] for row in tx.all(_WITH_IDS, {"ids": numbers, "team": team})}
    named = list(items)
    for at, path in paths.items():
        number, fact, user = items[at]
        id = fact["id"] if fact["id"] in own_ids else ids.get(path)
        if id is not None:
            name = fact.get("name") or default_name("file", path)
            kept = {k: v for k, v in fact.items() if k not in _OF_A_PATH}
            own = {"id": id, "name": name, "aliases": [path]}
            named[at] = (number, {**kept, **own}, user)
    return named


def _path(fact: FactDict) -> str | None:
    """Return the path in the instance's files that an edge names, if it does."""
    if fact["kind"] != "file":
        return None
    canonical, id = fact.get("canonical"), fact["id"]
    if canonical is not None:
        return canonical if canonical[:1] == "/" else None
    if not isinstance(id, str) or id[:1] != "/":
        return None
    return id if fact.get("local_path") is None else None
