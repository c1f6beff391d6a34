"""Finds what the names in a selector stand for in one team."""

from __future__ import annotations

from typing import Final

from ...model.selector import NameSelector, Text
from ..store.artifact_identity import identity
from ..store.search_index import MAX_TERM
from .latest_versions import newest_versions
from .team_graph import NodeRef, TeamGraph, task_ref

#: Artifacts that one name may stand for.
MAX_MATCHES: Final = 1000

_BY_TERM: Final = (
    "SELECT DISTINCT t.target FROM terms t"
    " WHERE t.team_id = :team AND t.term = :term LIMIT :most"
)
_TASKS_NAMED: Final = (
    "SELECT t.id FROM each_int(:ids) AS x"
    " JOIN tasks t ON t.team_id = :team AND t.id = x.value"
    " WHERE lower(t.name) = :name"
)


def find_named(view: TeamGraph, named: NameSelector) -> set[NodeRef]:
    """Return the nodes of an artifact that a selector names by its kind."""
    if named.kind == "data":
        return _by_number(view, int(named.value))
    if named.kind in ("task", "app"):
        return _find_task(view, named.value, named.version)
    kind = "file" if named.kind == "model_weight" else named.kind
    entities = _entities(view, kind, named.value, named.kind == "model_weight")
    return _versions(view, entities, named.version)


def find_text(view: TeamGraph, text: Text) -> set[NodeRef]:
    """Return the nodes of tasks and artifacts that bear a name, whole or by its end."""
    tx, team = view.tx, view.team_id
    names = {"team": team, "term": text.text.lower()[:MAX_TERM], "most": MAX_MATCHES}
    targets = [row[0] for row in tx.all(_BY_TERM, names)]
    refs = find_tasks(view, text.text)
    entities = [target for target in targets if target > 0]
    return refs | _versions(view, _with_name(view, entities, text.text), None)


def _find_task(view: TeamGraph, value: str, team: str | None) -> set[NodeRef]:
    """Return the task that `task:12` or `task:12@5` means; see `Sight.task_keys`."""
    if team is not None and team != str(view.team_id):
        return set()
    refs = find_tasks(view, value)
    if team is None and value.isdecimal() and len(value) < 19:
        own = view.task_keys({int(value)})[int(value)]
        return refs if own == f"task:{int(value)}" else {s for s in refs if s >= 0}
    return refs


def find_tasks(view: TeamGraph, value: str) -> set[NodeRef]:
    """Return the node of the task with a number, or of those with a name."""
    tx, team = view.tx, view.team_id
    if value.isdecimal() and len(value) < 19:
        sql = "SELECT id FROM tasks WHERE team_id = ? AND number = ?"
        rows = tx.all(sql, (team, int(value)))
        if rows:
            return {task_ref(row[0]) for row in rows} | _unknown_task(view, value)
        return _unknown_task(view, value)
    names = {"team": team, "term": value.lower()[:MAX_TERM], "most": MAX_MATCHES}
    ids = [-row[0] for row in tx.all(_BY_TERM, names) if row[0] < 0]
    found = tx.all(_TASKS_NAMED, {"ids": ids, "team": team, "name": value.lower()})
    return {task_ref(row[0]) for row in found}


def _unknown_task(view: TeamGraph, value: str) -> set[NodeRef]:
    """Return the node of a task that was only named, by others."""
    rows = view.tx.all(
        "SELECT n.id FROM entities e JOIN nodes n"
        " ON n.team_id = e.team_id AND n.entity_id = e.id"
        " WHERE e.team_id = ? AND e.kind = 'task' AND e.ident = ?"
        " AND n.task_id IS NULL",
        (view.team_id, str(int(value))),
    )
    return {row[0] for row in rows}


def _by_number(view: TeamGraph, number: int) -> set[NodeRef]:
    if number >= 1 << 63:
        return set()
    sql = "SELECT id, task_id FROM nodes WHERE team_id = ? AND id = ?"
    row = view.tx.one(sql, (view.team_id, number))
    if row is None:
        return set()
    return {row[0] if row[1] is None else task_ref(row[1])}


def _entities(view: TeamGraph, kind: str, value: str, is_model: bool) -> list[int]:
    tx, team = view.tx, view.team_id
    model = " AND is_model = 1" if is_model else ""
    row = tx.one(
        "SELECT id FROM entities WHERE team_id = ? AND kind = ? AND ident = ?" + model,  # noqa: S608  made of constants
        (team, kind, identity(kind, value)),
    )
    if row is not None:
        return [row[0]]
    tail = value.removeprefix("./").lower()
    names = {"team": team, "term": tail[:MAX_TERM], "most": MAX_MATCHES}
    ids = [row[0] for row in tx.all(_BY_TERM, names) if row[0] > 0]
    kept = tx.all(
        "SELECT e.id FROM each_int(:ids) AS x"  # noqa: S608  made of constants
        " JOIN entities e ON e.team_id = :team AND e.id = x.value"
        " WHERE e.kind = :kind" + model,
        {"ids": ids, "team": team, "kind": kind},
    )
    return _with_name(view, [row[0] for row in kept], tail)


def _with_name(view: TeamGraph, ids: list[int], text: str) -> list[int]:
    """Keep the artifacts whose name or path is the text, or ends with it."""
    wanted = text.lower()
    rows = view.tx.all(
        "SELECT e.id, e.name, e.ident FROM each_int(:ids) AS x"
        " JOIN entities e ON e.team_id = :team AND e.id = x.value",
        {"ids": ids, "team": view.team_id},
    )
    return [
        id
        for id, name, ident in rows
        if wanted in (name.lower(), ident.lower())
        or ident.lower().endswith("/" + wanted)
    ]


def _versions(
    view: TeamGraph, entities: list[int], version: str | None
) -> set[NodeRef]:
    rows = view.tx.all(
        "SELECT n.id, n.task_id, n.label, n.digest, n.entity_id"
        " FROM each_int(:ids) AS x"
        " JOIN entities e ON e.team_id = :team AND e.id = x.value"
        " JOIN nodes n ON n.team_id = e.team_id AND n.entity_id = e.id",
        {"ids": entities, "team": view.team_id},
    )
    newest = newest_versions(view, entities) if version == "latest" else {}
    return {
        id if task is None else task_ref(task)
        for id, task, label, digest, entity in rows
        if (version == "latest" and entity in newest and newest[entity].node == id)
        or _is_version(version, label, digest)
    }


def _is_version(version: str | None, label: str | None, digest: str | None) -> bool:
    if version is None:
        return True
    if label is not None and label.lstrip("v") == version.lstrip("v"):
        return True
    wanted = version.removeprefix("sha256:")
    return digest is not None and len(wanted) >= 6 and digest[7:].startswith(wanted)
