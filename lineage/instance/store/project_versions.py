"""The id and the number of a project's version, as the instance has registered both.

Some apps name a version by its id, others by its number within the project. Once the
instance knows which is which, an edge that names one says the other as well. It makes
no difference whether the version or the edge comes first: an edge is completed as it is
read, and the timelines of a project are made again when a version is registered.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final

from .artifact_rows import ArtifactState
from .database import Transaction
from .evidence import VersionEvidence, pinned_tokens

_REGISTERED: Final = (
    "SELECT t.parent_id, t.id, t.body FROM each_int(:projects) AS x"
    " JOIN platform_things t ON t.team_id = :team AND t.kind = 'project_version'"
    " AND t.parent_id = x.value"
)
_NAMED: Final = (
    "SELECT DISTINCT e.id FROM each_text(:idents) AS x JOIN entities e"
    " ON e.team_id = :team AND e.kind = 'project' AND e.ident = x.value"
    " JOIN version_tokens t ON t.team_id = :team AND t.entity_id = e.id"
    " AND t.token IN (SELECT y.value FROM each_text(:tokens) AS y)"
)
#: A version: its project's identity and its id or number.
_Key = tuple[str, int]


class RegisteredVersions:
    """What a team has registered of the versions of some projects.

    Args:
        rows: Project, id and number of each.
    """

    def __init__(self, rows: Iterable[tuple[str, int, int]]) -> None:
        known = list(rows)
        # A number that was given twice does not say which version it is.
        count = Counter((project, number) for project, _, number in known)
        known = [row for row in known if count[row[0], row[2]] == 1]
        self._numbers: dict[_Key, int] = {(p, id): number for p, id, number in known}
        self._ids: dict[_Key, int] = {(p, number): id for p, id, number in known}

    def complete(self, project: str, known: VersionEvidence) -> VersionEvidence:
        """Add the number of the version that an edge names by its id, and the reverse.

        An edge that names both is left as it is.
        """
        id, number = known.version_id, known.number
        if number is None and id is not None:
            number = self._numbers.get((project, id))
        elif id is None and number is not None:
            id = self._ids.get((project, number))
        if (id, number) == (known.version_id, known.number):
            return known
        tokens = {*known.tokens, *pinned_tokens(id, number)}
        return replace(
            known, tokens=tuple(sorted(tokens)), version_id=id, number=number
        )


def registered_versions(
    tx: Transaction, team: int, artifacts: Iterable[ArtifactState]
) -> RegisteredVersions:
    """Read what is registered of those artifacts that are projects."""
    projects = {
        int(one.ident)
        for one in artifacts
        if one.kind == "project" and one.ident.isdecimal() and len(one.ident) < 19
    }
    if not projects:
        return RegisteredVersions(())
    rows = tx.all(_REGISTERED, {"projects": projects, "team": team})
    found = ((str(row[0]), int(row[1]), json.loads(row[2])) for row in rows)
    return RegisteredVersions(
        (project, id, body["version"])
        for project, id, body in found
        if isinstance(body.get("version"), int)
    )


def named_projects(
    tx: Transaction, team: int, project: int, tokens: Collection[str]
) -> list[int]:
    """Return the project's artifact, if an edge names one of its versions so."""
    names = {"team": team, "idents": [str(project)], "tokens": tokens}
    return [int(row[0]) for row in tx.all(_NAMED, names)]
