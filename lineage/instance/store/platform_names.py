"""Names of artifacts that are platform objects of this instance."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

from .database import Transaction
from .dedup import Item
from .fact_types import FactDict
from .search_index import NAME, entity_terms, write_terms

#: Kinds of artifacts that are platform objects with names.
NAMED_KINDS: Final = ("project", "dataset", "file", "job", "app")

_HOLDS_ANY: Final = "SELECT 1 FROM platform_things WHERE team_id = ? LIMIT 1"
_BY_ID: Final = (
    "SELECT p.id, p.parent_id, p.path, p.body FROM each_int(:ids) AS x"
    " JOIN platform_things p"
    " ON p.team_id = :team AND p.kind = :kind AND p.id = x.value"
)


def with_platform_names(
    tx: Transaction, team: int, items: Sequence[Item]
) -> Sequence[Item]:
    """Add the names of the instance's own objects to edges that give their ids.

    A dataset also gets its project as `parent`, and a file its path as an alias.
    """
    if tx.one(_HOLDS_ANY, (team,)) is None:
        return items
    wanted: dict[str, set[int]] = {}
    for _, fact, _ in items:
        id = _id(fact)
        if id is not None:
            wanted.setdefault(fact["kind"], set()).add(id)
    found = {
        (kind, id): members
        for kind, ids in wanted.items()
        for id, members in _members(tx, team, kind, ids)
    }
    if not found:
        return items
    named = []
    for number, fact, user in items:
        id = _id(fact)
        members = None if id is None else found.get((fact["kind"], id))
        named.append((number, {**fact, **members} if members else fact, user))
    return named


def rename_object(
    tx: Transaction, team: int, kind: str, id: int, name: str | None
) -> None:
    """Name the artifact of a platform object as the object, if it is known."""
    if name and kind in NAMED_KINDS:
        rename_artifact(tx, team, kind, str(id), name)


def rename_artifact(
    tx: Transaction, team: int, kind: str, ident: str, name: str
) -> None:
    """Rename an artifact, if it is there; search finds it by the new name."""
    key = (team, kind, ident)
    sql = "SELECT id, name FROM entities WHERE team_id = ? AND kind = ? AND ident = ?"
    found = tx.one(sql, key)
    if found is None or found[1] == name:
        return
    tx.run(
        "UPDATE entities SET name = ? WHERE team_id = ? AND kind = ? AND ident = ?",
        (name, *key),
    )
    tx.run(
        "DELETE FROM terms WHERE team_id = ? AND target = ? AND field = ?",
        (team, found[0], NAME),
    )
    write_terms(tx, entity_terms(team, found[0], name, ident))


def _id(fact: FactDict) -> int | None:
    """Return the id by which an edge names a platform object, or None."""
    id = fact["id"]
    if fact["kind"] not in NAMED_KINDS:
        return None
    if isinstance(id, str):
        return int(id) if len(id) < 19 and id.isascii() and id.isdigit() else None
    return id if isinstance(id, int) else None


def _members(
    tx: Transaction, team: int, kind: str, ids: set[int]
) -> Iterable[tuple[int, FactDict]]:
    """Yield what each object adds to an edge."""
    rows = tx.all(_BY_ID, {"ids": sorted(ids), "team": team, "kind": kind})
    for id, parent_id, path, body in rows:
        members: FactDict = {}
        name = json.loads(body).get("name")
        if isinstance(name, str) and name:
            members["name"] = name
        if path is not None:
            members["aliases"] = [path]
        if kind == "dataset" and parent_id is not None:
            members["parent"] = {"kind": "project", "id": parent_id}
        yield id, members
