"""Parts of which only another name says what they are parts of.

A link is another name of what it leads to. In a cache of Hugging Face all files of a
snapshot are such links, and files that did not change are shared by snapshots.

Platform objects have numbers. The instance's own say what they are parts of; of those
that another platform holds the edges say it, where the app had more of them than their
ids: a dataset's project, and the path at which a file lies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ...model.platform_places import PROJECT
from .database import TeamReader

#: A whole and a part, and the name of the part in the whole.
Links = dict[tuple[int, int], str]
#: Id, kind and identity.
Artifact = Sequence[Any]

FOLDERS: Final = (
    "SELECT a.id, a.ident FROM each_text(:idents) AS x JOIN entities a"
    " ON a.team_id = :team AND a.kind = 'folder' AND a.ident = x.value"
)
_INSIDE: Final = (
    "SELECT x.value, e.id, e.ident, l.alias FROM each_text(:idents) AS x"
    " JOIN aliases l ON l.team_id = :team"
    " AND l.alias >= x.value || '/' AND l.alias < x.value || '0'"
    " JOIN entities e ON e.team_id = :team AND e.id = l.entity_id"
    " AND e.kind IN ('file', 'folder')"
)
_ALIASES: Final = (
    "SELECT l.entity_id, l.alias FROM each_int(:ids) AS x"
    " JOIN aliases l ON l.team_id = :team AND l.entity_id = x.value"
    " AND l.alias LIKE '%://%'"
)
_PROJECTS: Final = (
    "SELECT p.id, d.id FROM each_int(:ids) AS x"
    " JOIN entities d ON d.team_id = :team AND d.id = x.value"
    " JOIN platform_things t ON t.team_id = :team AND t.kind = 'dataset'"
    " AND CAST(t.id AS TEXT) = d.ident"
    " JOIN entities p ON p.team_id = :team AND p.kind = 'project'"
    " AND p.ident = CAST(t.parent_id AS TEXT)"
)
_DATASETS: Final = (
    "SELECT p.id, d.id FROM each_int(:ids) AS x"
    " JOIN entities p ON p.team_id = :team AND p.id = x.value"
    " JOIN platform_things t ON t.team_id = :team AND t.kind = 'dataset'"
    " AND CAST(t.parent_id AS TEXT) = p.ident"
    " JOIN entities d ON d.team_id = :team AND d.kind = 'dataset'"
    " AND d.ident = CAST(t.id AS TEXT)"
)
_NAMES: Final = (
    "SELECT x.value, l.alias FROM each_int(:ids) AS x"
    " JOIN aliases l ON l.team_id = :team AND l.entity_id = x.value"
)
_BY_IDENT: Final = (
    "SELECT e.ident, e.id FROM each_text(:idents) AS x JOIN entities e"
    " ON e.team_id = :team AND e.kind = :kind AND e.ident = x.value"
)
_DATASETS_NAMED: Final = (
    "SELECT x.value, d.id FROM each_text(:names) AS x"
    " JOIN aliases l ON l.team_id = :team"
    " AND l.alias >= x.value || '/' AND l.alias < x.value || '0'"
    " JOIN entities d ON d.team_id = :team AND d.id = l.entity_id"
    " AND d.kind = 'dataset'"
)
#: A file of the platform's storage is known by its path and has its ids as names.
_PATHS_NAMED: Final = (
    "SELECT x.value, e.id FROM each_text(:names) AS x"
    " JOIN aliases l ON l.team_id = :team AND l.alias = x.value"
    " JOIN entities e ON e.team_id = :team AND e.id = l.entity_id"
    " AND e.kind = 'file' AND e.ident >= '/' AND e.ident < '0'"
)


def linked_inside(reader: TeamReader, folders: Mapping[str, int]) -> Links:
    """Find what links in folders lead to.

    Args:
        reader: Reads the team's rows.
        folders: Identities and ids of the folders.
    """
    # Only an address, which names the machine, says where a link itself lies.
    idents = [ident for ident in folders if "://" in ident]
    rows = reader.rows(_INSIDE, idents=idents) if idents else ()
    return {
        (folders[folder], part): alias[len(folder) + 1 :]
        for folder, part, ident, alias in rows
        if not ident.startswith(f"{folder}/")
    }


def linked_outside(reader: TeamReader, parts: Sequence[tuple[int, str]]) -> Links:
    """Find the folders in which links lead to files or folders.

    Args:
        reader: Reads the team's rows.
        parts: Ids and identities of the files and folders.
    """
    places = dict(parts)
    names: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for part, alias in reader.rows(_ALIASES, ids=list(places)) if places else ():
        for folder in around(alias):
            if not places[part].startswith(f"{folder}/"):
                names[folder].append((part, alias[len(folder) + 1 :]))
    rows = reader.rows(FOLDERS, idents=list(names)) if names else ()
    return {
        (whole, part): name for whole, folder in rows for part, name in names[folder]
    }


def around(ident: str) -> Iterable[str]:
    """List the folders that a path or an address lies in."""
    scheme = ident.find("://")
    start = scheme + 3 if scheme >= 0 else 1
    at = ident.rfind("/")
    while at >= start:
        yield ident[:at]
        at = ident.rfind("/", 0, at)


def objects_inside(
    reader: TeamReader, artifacts: Sequence[Artifact]
) -> set[tuple[int, int]]:
    """Return pairs of one of the artifacts and a platform object that is part of it.

    Args:
        reader: Reads the team's rows.
        artifacts: The artifacts that may be wholes.
    """
    pairs: set[tuple[int, int]] = set()
    projects = {ident: id for id, kind, ident in artifacts if kind == "project"}
    if projects:
        pairs |= set(reader.rows(_DATASETS, ids=projects.values()))
        names = {f"{PROJECT}{ident}": id for ident, id in projects.items()}
        rows = reader.rows(_DATASETS_NAMED, names=names)
        pairs |= {(names[name], dataset) for name, dataset in rows}
    paths = [id for id, kind, ident in artifacts if kind == "file" and ident[:1] == "/"]
    names_of_paths = reader.rows(_NAMES, ids=paths) if paths else []
    named = [(path, alias) for path, alias in names_of_paths if alias.isdecimal()]
    files = _artifacts(reader, "file", {alias for _, alias in named})
    return pairs | {(path, files[a]) for path, a in named if a in files}


def objects_outside(
    reader: TeamReader, artifacts: Sequence[Artifact]
) -> set[tuple[int, int]]:
    """Return pairs of a platform object and one of the artifacts that is part of it.

    Args:
        reader: Reads the team's rows.
        artifacts: The artifacts that may be parts.
    """
    pairs: set[tuple[int, int]] = set()
    datasets = [id for id, kind, _ in artifacts if kind == "dataset"]
    if datasets:
        pairs |= set(reader.rows(_PROJECTS, ids=datasets))
        named = [
            (id, alias.rpartition("/")[0].removeprefix(PROJECT))
            for id, alias in reader.rows(_NAMES, ids=datasets)
            if alias.startswith(PROJECT)
        ]
        projects = _artifacts(reader, "project", {ident for _, ident in named})
        pairs |= {(projects[p], id) for id, p in named if p in projects}
    numbers = {
        ident: id
        for id, kind, ident in artifacts
        if kind == "file" and ident.isdecimal()
    }
    rows = reader.rows(_PATHS_NAMED, names=numbers) if numbers else ()
    return pairs | {(path, numbers[number]) for number, path in rows}


def _artifacts(reader: TeamReader, kind: str, idents: set[str]) -> dict[str, int]:
    """Return the ids of artifacts by their identities."""
    rows = reader.rows(_BY_IDENT, idents=idents, kind=kind) if idents else ()
    return {row[0]: row[1] for row in rows}
