"""Finds what the names in a selector stand for in one team."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from ...model.addresses import (
    canonical_address,
    is_address,
    local_file,
    local_path,
)
from ...model.selector import NameSelector, Text
from ...patterns import pattern
from ..store.artifact_identity import identity
from ..store.search_index import MAX_TERM
from .latest_versions import newest_versions
from .team_graph import NodeRef, TeamGraph, task_ref

#: Artifacts, or tasks, that one name may stand for.
MAX_MATCHES: Final = 1000
#: Hexadecimal digits by which content is named, at least.
MIN_DIGEST: Final = 6

_BY_IDENT: Final = (
    "SELECT e.id FROM each_text(:idents) AS x JOIN entities e"
    " ON e.team_id = :team AND e.kind = :kind AND e.ident = x.value"
    " WHERE :model = 0 OR e.is_model = 1"
)
#: The index of texts has artifacts, and tasks below zero.
_NAMED: Final = """
SELECT e.id, e.name, e.ident, e.kind, e.is_model, f.is_alias FROM (
    SELECT * FROM (
        SELECT DISTINCT t.target AS id, 0 AS is_alias FROM each_text(:terms) AS x
        JOIN terms t ON t.team_id = :team AND t.term = x.value AND t.target > 0
        LIMIT :most) AS by_term
    UNION ALL
    SELECT * FROM (
        SELECT a.entity_id AS id, 1 AS is_alias FROM each_text(:aliases) AS x
        JOIN aliases a ON a.team_id = :team AND a.alias = x.value
        LIMIT :most) AS by_alias
) AS f JOIN entities e ON e.team_id = :team AND e.id = f.id
"""
_BY_DIGEST: Final = (
    "SELECT n.id FROM nodes n WHERE n.team_id = :team AND n.task_id IS NULL"
    " AND n.digest >= :low AND n.digest < :high LIMIT :most"
)
_TASKS_NAMED: Final = (
    "SELECT t.id, t.started_at, t.created_at FROM (SELECT DISTINCT i.target"
    " FROM each_text(:terms) AS x"
    " JOIN terms i ON i.team_id = :team AND i.term = x.value AND i.target < 0"
    " LIMIT :most) AS f JOIN tasks t ON t.team_id = :team AND t.id = -f.target"
    " WHERE lower(t.name) IN (SELECT y.value FROM each_text(:names) AS y)"
)
_HEX: Final = pattern(rf"(?:sha256:)?([0-9a-f]{{{MIN_DIGEST},64}})")
_NTH: Final = pattern(r"-\d+|last|latest|first")


def find_named(view: TeamGraph, named: NameSelector) -> set[NodeRef]:
    """Return the nodes of an artifact that a selector names by its kind."""
    if named.kind == "data":
        return _by_number(view, int(named.value))
    if named.kind == "sha256":
        return find_digest(view, named.value)
    if named.kind in ("task", "app"):
        return _find_task(view, named.value, named.version)
    kind = "file" if named.kind == "model_weight" else named.kind
    entities = _entities(view, kind, named.value, named.kind == "model_weight")
    return _versions(view, entities, named.version)


def find_text(view: TeamGraph, text: Text) -> set[NodeRef]:
    """Return the nodes with a name, a path that ends so, or content with a digest."""
    if text.version is not None:
        # A name may itself end like a version: `me@2.csv` was tried before.
        found = find_text(view, Text(f"{text.text}@{text.version}"))
        if found:
            return found
    tasks = find_tasks(view, text.text, text.version)
    entities = [row[0] for row in _with_name(view, text.text)]
    found = tasks | _versions(view, entities, text.version)
    if found or text.version is not None:
        return found
    return find_digest(view, text.text) or _find_run(view, text.text)


def _find_run(view: TeamGraph, key: str) -> set[NodeRef]:
    """Return the task whose own key this is, as `task.key` has it in the app."""
    sql = "SELECT task_id FROM runs WHERE team_id = ? AND run = ?"
    return {task_ref(row[0]) for row in view.tx.all(sql, (view.team_id, key))}


def find_digest(view: TeamGraph, text: str) -> set[NodeRef]:
    """Return the versions whose content has a digest that starts with some digits."""
    match = _HEX.fullmatch(text.lower())
    if match is None:
        return set()
    low = f"sha256:{match[1]}"
    rows = view.rows(_BY_DIGEST, low=low, high=low + "g", most=MAX_MATCHES)
    return {row[0] for row in rows}


def _find_task(view: TeamGraph, value: str, pinned: str | None) -> set[NodeRef]:
    """Return what `task:12`, `task:12@5` or `task:Train@last` means.

    A number after the `@` is a team; see `TeamGraph.task_keys`.
    """
    if pinned is not None and _NTH.fullmatch(pinned):
        return find_tasks(view, value, pinned)
    if pinned is not None and pinned != str(view.team_id):
        return set()
    refs = find_tasks(view, value, None)
    if pinned is None and _is_number(value):
        own = view.task_keys({int(value)})[int(value)]
        return refs if own == f"task:{int(value)}" else {s for s in refs if s >= 0}
    return refs


def find_tasks(view: TeamGraph, value: str, nth: str | None) -> set[NodeRef]:
    """Return the task with a number, or those with a name, or one of these.

    Args:
        view: The team's graph.
        value: A number or a name.
        nth: `last`, `first`, or `-2` for the last but one; None for all.
    """
    tx, team = view.tx, view.team_id
    if _is_number(value) and nth is None:
        sql = "SELECT id FROM tasks WHERE team_id = ? AND number = ?"
        rows = tx.all(sql, (team, int(value)))
        return {task_ref(row[0]) for row in rows} | _unknown_task(view, value)
    forms = _forms(value)
    names = {form.lower() for form in forms}
    terms = {_as_term(form) for form in forms}
    found = view.rows(_TASKS_NAMED, terms=terms, names=names, most=MAX_MATCHES)
    if nth is None:
        return {task_ref(row[0]) for row in found}
    ordered = sorted(found, key=lambda row: (row[1] or row[2], row[0]))
    chosen = _nth([row[0] for row in ordered], nth)
    return set() if chosen is None else {task_ref(chosen)}


def _nth(ordered: list[int], nth: str) -> int | None:
    """Return the element of a list, oldest first, that `last` or `-2` means."""
    if not _NTH.fullmatch(nth):
        return None
    index = 0 if nth == "first" else int(nth) if nth[0] == "-" else -1
    return ordered[index] if -len(ordered) <= index < len(ordered) else None


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) < 19


def _unknown_task(view: TeamGraph, value: str) -> set[NodeRef]:
    """Return the node of a task that others name and that sent no fact itself."""
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
    """Return the artifacts of a kind with an id or path, else with such a name."""
    idents = list({identity(kind, form) for form in _forms(value)})
    rows = view.rows(_BY_IDENT, idents=idents, kind=kind, model=int(is_model))
    if rows:
        return [row[0] for row in rows]
    return [
        id
        for id, its_kind, its_model in _with_name(view, value)
        if its_kind == kind and (its_model or not is_model)
    ]


def _as_term(text: str) -> str:
    """Return the index term of a name or the end of a path.

    Terms start at words, so leading signs are skipped unless there is no word.
    """
    lowered = text.removeprefix("./").lower()
    word = re.search(r"[^\W_]", lowered)
    whole = lowered[:MAX_TERM]
    if word is None or not lowered.startswith(("/", ".", "_")):
        return whole
    return lowered[word.start() : word.start() + MAX_TERM]


def _forms(text: str) -> set[str]:
    """Return the spellings that mean the same name: composed or not, both slashes."""
    forms = {unicodedata.normalize(form, text) for form in ("NFC", "NFD")} | {text}
    return (
        forms
        | {form.replace("\\", "/") for form in forms}
        | {form.replace("/", "\\") for form in forms if "://" not in form}
    )


def _comparable(text: str) -> str:
    return unicodedata.normalize("NFC", text).lower().replace("\\", "/")


def _spellings(text: str) -> set[str]:
    """Return a name, and for an address also the one by which its artifact is known."""
    if ":" not in text or not is_address(text):
        return {text}
    return {text, canonical_address(text), canonical_address(text, is_folder=True)}


def _with_name(view: TeamGraph, text: str) -> list[tuple[int, str, int]]:
    """Return the artifacts whose name or path is the text, or ends with it.

    Those that were known by it as another name as well. Each with its kind, and whether
    it is a model.
    """
    spellings = _spellings(text)
    path = local_file(text) if ":" in text else None
    looked_up = spellings if path is None else {*spellings, path}
    forms = {form for spelling in looked_up for form in _forms(spelling)}
    terms = {_as_term(form) for form in forms}
    rows = view.rows(_NAMED, terms=terms, aliases=forms, most=MAX_MATCHES)
    wanted = {_comparable(form.removeprefix("./")) for form in spellings}
    ends = tuple(form if form.startswith("/") else "/" + form for form in wanted)
    found = [
        (id, kind, is_model)
        for id, name, ident, kind, is_model, is_alias in rows
        if is_alias
        or not wanted.isdisjoint((_comparable(name), _comparable(ident)))
        or _comparable(ident).endswith(ends)
        # An address without its host means the place on any machine, as a whole.
        or (path is not None and local_path(ident) == path)
    ]
    return list(dict.fromkeys(found))


def _versions(
    view: TeamGraph, entities: list[int], version: str | None
) -> set[NodeRef]:
    """Return the versions of artifacts: all, or the one that is named."""
    rows = view.rows(
        "SELECT n.id, n.task_id, n.label, n.digest, n.entity_id, n.created_at"
        " FROM each_int(:ids) AS x"
        " JOIN entities e ON e.team_id = :team AND e.id = x.value"
        " JOIN nodes n ON n.team_id = e.team_id AND n.entity_id = e.id",
        ids=entities,
    )
    if version is not None and _NTH.fullmatch(version):
        rows = _nth_versions(view, rows, version)
        version = None
    return {
        id if task is None else task_ref(task)
        for id, task, label, digest, *_ in rows
        if _is_version(version, label, digest)
    }


def _nth_versions(
    view: TeamGraph, rows: list[tuple[int, ...]], nth: str
) -> list[tuple[int, ...]]:
    """Keep of each artifact the current version, the first, or the last but n."""
    by_entity: dict[int, list[tuple[int, ...]]] = {}
    for row in rows:
        by_entity.setdefault(row[4], []).append(row)
    current = newest_versions(view, by_entity)
    kept = []
    for entity, part in by_entity.items():
        last = current[entity].node if entity in current else None
        part.sort(key=lambda row: (row[0] == last, row[5], row[0]))
        chosen = _nth([row[0] for row in part], nth)
        kept += [row for row in part if row[0] == chosen]
    return kept


def _is_version(version: str | None, label: str | None, digest: str | None) -> bool:
    if version is None:
        return True
    # `state 2` of a project is written without the blank: `project:7@state2`.
    wanted = version.lstrip("v").replace(" ", "")
    if label is not None and label.lstrip("v").replace(" ", "") == wanted:
        return True
    wanted = version.removeprefix("sha256:")
    is_long = len(wanted) >= MIN_DIGEST
    return digest is not None and is_long and digest[7:].startswith(wanted)
