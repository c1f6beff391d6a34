"""Counts and newest versions, derived from a project's datasets and versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ..store.database import Database
from ..store.sql_values import json_columns, json_path, of_json

#: A project: its team and its id.
ProjectKey = tuple[int, int]

_ROWS: Final = (
    "platform_things x WHERE x.kind = :kind"
    " AND x.team_id IN (SELECT t.value FROM each_int(:teams) AS t)"
    " AND x.parent_id IN (SELECT p.value FROM each_int(:projects) AS p)"
)


def count_items(
    db: Database, projects: Sequence[ProjectKey]
) -> dict[ProjectKey, tuple[int, int]]:
    """Count the datasets of projects, and the items in them."""
    rows, items, params = _rows(db, "dataset", "itemsCount", projects)
    sql = (
        f"SELECT r.team_id, r.parent_id, COUNT(*), SUM({items}) FROM {rows}"  # noqa: S608  made of constants
        " GROUP BY r.team_id, r.parent_id"
    )
    with db.read() as tx:
        found = tx.all(sql, params)
    return {(team, id): (count, int(sum or 0)) for team, id, count, sum in found}


def newest_versions(
    db: Database, projects: Sequence[ProjectKey]
) -> dict[ProjectKey, dict[str, int]]:
    """Return the id and the number of each project's newest version."""
    rows, number, params = _rows(db, "project_version", "version", projects)
    sql = (
        "SELECT n.team_id, n.parent_id, n.id, n.number FROM (SELECT r.team_id,"  # noqa: S608  made of constants
        f" r.parent_id, r.id, {number} AS number, ROW_NUMBER() OVER (PARTITION BY"
        f" r.team_id, r.parent_id ORDER BY {number} DESC, r.id) AS place FROM {rows})"
        " AS n WHERE n.place = 1"
    )
    with db.read() as tx:
        found = tx.all(sql, params)
    return {
        (team, project): {"id": id, "version": int(number)}
        for team, project, id, number in found
    }


def _rows(
    db: Database, kind: str, field: str, projects: Sequence[ProjectKey]
) -> tuple[str, str, dict[str, Any]]:
    """Return SQL for a kind of objects in projects, and a number of each body."""
    engine = db.dialect.name
    column = json_columns(engine, "x.body", "path", "v")
    rows = f"(SELECT x.team_id, x.parent_id, x.id, {column} FROM {_ROWS}) AS r"  # noqa: S608  made of constants
    params = {
        "kind": kind,
        "teams": sorted({team for team, _ in projects}),
        "projects": [id for _, id in projects],
        "path": json_path(engine, [field]),
    }
    return rows, of_json(engine, "r.v").number, params
