"""Parts of folders that lie elsewhere, and to which links in the folders lead.

A link is another name of what it leads to. In a cache of Hugging Face all files of a
snapshot are such links, and files that did not change are shared by snapshots.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from .database import TeamReader

#: A whole and a part, and the name of the part in the whole.
Links = dict[tuple[int, int], str]

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
