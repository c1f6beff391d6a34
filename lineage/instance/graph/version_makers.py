"""Which tasks made the versions of an artifact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...model.details import VersionMaker
from ..store.activity_ids import INPUT, STEP_BITS
from .nodes import data_key, task_nodes
from .team_graph import TeamGraph

#: Tasks that are named in one answer, at most; nearly every version has one.
MAX_MAKERS: Final = 2000
_MAKERS: Final = (
    f"SELECT DISTINCT l.node_id, l.activity >> {STEP_BITS} FROM each_int(:ids) AS x"  # noqa: S608  constant SQL
    " JOIN links l ON l.team_id = :team AND l.node_id = x.value"
    f" AND l.direction > {INPUT} WHERE l.activity > 0{{when l.since}}"
    " ORDER BY 1 DESC, 2 LIMIT :most"
)


def version_makers(view: TeamGraph, versions: Sequence[int]) -> list[VersionMaker]:
    """Name the tasks that made versions, in the order of the versions."""
    rows = view.rows(_MAKERS, ids=versions, most=MAX_MAKERS) if versions else []
    tasks = task_nodes(view, {task for _, task in rows})
    places = {version: at for at, version in enumerate(versions)}
    return [
        VersionMaker(
            version=data_key(version), task=tasks[task].key, name=tasks[task].name
        )
        for version, task in sorted(rows, key=lambda row: (places[row[0]], row[1]))
        if task in tasks
    ]
