"""The list of artifacts, one row for each, sorted and searched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ...model.lists import ArtifactsPage, ArtifactsParams, ArtifactSummary
from ..store.activity_ids import INPUT
from .nodes import artifact_nodes
from .pages import checked_after
from .query_session import GraphReader
from .team_graph import TeamGraph

#: What a sort compares; the id decides between equals.
_ORDERS: Final = {
    "changed": "COALESCE(e.latest_at, 0)",
    "name": "lower(e.name)",
    "versions": "e.versions",
}
_PAGE: Final = (
    "SELECT e.id, e.latest_id, e.versions, {order} FROM entities e{where}"
    " ORDER BY {order} {way}, e.id {way} LIMIT :most"
)
_RUNS: Final = (
    "SELECT n.entity_id, e.direction, COUNT(DISTINCT e.task_id)"
    " FROM each_int(:ids) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.entity_id = x.value"
    " JOIN edges e ON e.team_id = n.team_id AND e.node_id = n.id"
    " GROUP BY n.entity_id, e.direction"
)
#: Sort value, id, current version, number of versions, place of the team.
_Row = tuple[Any, int, int, int, int]


def list_artifacts(
    reader: GraphReader, team_ids: Sequence[int], params: ArtifactsParams
) -> ArtifactsPage:
    """Answer `lineage.artifacts.list`."""
    size, start = params.limit, checked_after(params.after)
    is_down = params.sort.startswith("-")
    order = _ORDERS[params.sort.removeprefix("-")]
    where, names = _conditions(params)
    rows: list[_Row] = []
    total = 0
    with reader.views(team_ids) as views:
        for at, view in enumerate(views):
            names.update(team=view.team_id, most=start + size + 1)
            count = view.tx.one("SELECT COUNT(*) FROM entities e" + where, names)  # noqa: S608  made of constants
            total += count[0] if count else 0
            sql = _PAGE.format(
                order=order, where=where, way="DESC" if is_down else "ASC"
            )
            rows += [
                (value, id, latest, versions, at)
                for id, latest, versions, value in view.tx.all(sql, names)
            ]
        rows.sort(key=lambda row: row[:2], reverse=is_down)
        page = rows[start : start + size]
        artifacts = _summaries(views, page)
    more = str(start + size) if len(rows) > start + size else None
    return ArtifactsPage(artifacts=artifacts, next=more, total=total)


def _conditions(params: ArtifactsParams) -> tuple[str, dict[str, Any]]:
    # An artifact of the kind `task` is a task that was named as an input.
    where = " WHERE e.team_id = :team AND e.latest_id IS NOT NULL AND e.kind <> 'task'"
    names: dict[str, Any] = {}
    if params.kinds:
        kinds = set(params.kinds)
        names["kinds"] = sorted(kinds - {"model_weight"})
        named = "e.kind IN (SELECT k.value FROM each_text(:kinds) AS k)"
        if "file" in kinds and "model_weight" not in kinds:
            named += " AND NOT (e.kind = 'file' AND e.is_model = 1)"
        if "model_weight" in kinds:
            named = f"({named}) OR (e.kind = 'file' AND e.is_model = 1)"
        where += f" AND ({named})"
    if params.text and params.text.strip():
        text = params.text.strip().lower()
        text = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        where += (
            " AND (lower(e.name) LIKE :text ESCAPE '!'"
            " OR lower(e.ident) LIKE :text ESCAPE '!')"
        )
        names["text"] = f"%{text}%"
    return where, names


def _summaries(
    views: Sequence[TeamGraph], page: Sequence[_Row]
) -> list[ArtifactSummary]:
    rows: dict[tuple[int, int], ArtifactSummary] = {}
    for at, view in enumerate(views):
        own = [row for row in page if row[4] == at]
        ids = [row[1] for row in own]
        found = view.tx.all(_RUNS, {"ids": ids, "team": view.team_id}) if ids else []
        counts = {(id, direction): count for id, direction, count in found}
        nodes = artifact_nodes(view, {row[2] for row in own})
        for _, id, latest, versions, _ in own:
            rows[at, id] = ArtifactSummary(
                node=nodes[latest],
                versions=versions,
                used_by=counts.get((id, INPUT), 0),
                produced_by=counts.get((id, 1), 0),
            )
    return [rows[row[4], row[1]] for row in page]
