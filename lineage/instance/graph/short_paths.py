"""Finds the shortest end of a path that no other artifact of the team has."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from ..store.database import TeamReader
from ..store.search_index import MAX_TERM, NAME

#: Other artifacts with one of the names that are compared, at most.
MAX_COMPARED: Final = 5000

_WITH_NAMES: Final = (
    "SELECT DISTINCT e.id, e.name, e.ident FROM each_text(:terms) AS x"
    " JOIN terms t ON t.team_id = :team AND t.term = x.value AND t.field = :field"
    " JOIN entities e ON e.team_id = :team AND e.id = t.target LIMIT :most"
)
_SEPARATOR: Final = re.compile(r"[/\\\\]+")


def shortest_paths(
    view: TeamReader, artifacts: Mapping[int, tuple[str, str]]
) -> dict[int, str]:
    """Return the shortest unique end of the path of each artifact that has one.

    An artifact that is called otherwise than its path ends keeps its name.

    Args:
        view: The team.
        artifacts: The name and the identity of artifacts by their ids.
    """
    paths = {
        id: ident for id, (name, ident) in artifacts.items() if _is_named(ident, name)
    }
    names = {artifacts[id][0] for id in paths}
    terms = list({name.lower()[:MAX_TERM] for name in names})
    if not terms:
        return {}
    rows = view.rows(_WITH_NAMES, terms=terms, field=NAME, most=MAX_COMPARED)
    named: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for id, name, ident in rows:
        named[name].append((id, ident))
    # By the name and the end of a path: the artifacts that have both.
    with_end: dict[tuple[str, str], set[int]] = defaultdict(set)
    for name, part in named.items():
        for id, ident in part if len(part) > 1 else ():
            for end in _ends(ident):
                with_end[name, end].add(id)
    labels = {}
    for id, ident in paths.items():
        name = artifacts[id][0]
        if len(named[name]) < 2:
            labels[id] = name
            continue
        unique = (end for end in _ends(ident) if with_end[name, end] <= {id})
        labels[id] = next(unique, ident)
    return labels


def _is_named(ident: str, name: str) -> bool:
    """Whether it is a path, and the name is its end."""
    path = ident.replace("\\", "/")
    return "/" in path and path.rstrip("/").rpartition("/")[2] == name


def _ends(ident: str) -> list[str]:
    """Return the ends of a path, the shortest first."""
    parts = [part for part in _SEPARATOR.split(ident) if part]
    return ["/".join(parts[-n:]) for n in range(1, len(parts) + 1)]
