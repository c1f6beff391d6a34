"""Lists the files of a version of a folder, and how they differ from those before."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ...errors import NotFoundError
from ...model.contents import FilesParams, FolderFile, FolderFiles
from .compare import has_changed
from .details import find_data
from .nodes import data_key
from .query_session import GraphReader
from .team_graph import TeamGraph

_MANIFEST: Final = (
    "SELECT m.digest, m.files, m.bytes, m.is_complete, m.entries FROM nodes n"
    " JOIN manifests m ON m.team_id = n.team_id AND m.digest = n.manifest"
    " WHERE n.team_id = :team AND n.id = :node"
)
_BEFORE: Final = (
    "SELECT o.id, m.entries FROM nodes n"
    " JOIN nodes o ON o.team_id = n.team_id AND o.entity_id = n.entity_id"
    " JOIN manifests m ON m.team_id = o.team_id AND m.digest = o.manifest"
    " WHERE n.team_id = :team AND n.id = :node AND o.id <> n.id"
    " AND o.manifest <> n.manifest"
    " AND COALESCE(o.made_at, o.created_at) <= COALESCE(n.made_at, n.created_at)"
    " ORDER BY COALESCE(o.made_at, o.created_at) DESC, o.id DESC LIMIT 1"
)
#: Size, digest and time of change of each file, by name.
_Entries = Mapping[str, tuple[Any, ...]]


def folder_files(
    reader: GraphReader, team_ids: Sequence[int], params: FilesParams
) -> FolderFiles:
    """List a part of the manifest of a version.

    Raises:
        SelectorError: The selector cannot be read, or means several artifacts.
        NotFoundError: There is no such version, or no manifest of it was recorded.
    """
    with reader.views(team_ids) as views:
        view, node = find_data(views, params.key)
        return _files(view, node, params)


def _files(view: TeamGraph, node: int, params: FilesParams) -> FolderFiles:
    rows = view.rows(_MANIFEST, node=node)
    if not rows:
        raise NotFoundError(
            f"no files of {params.key!r} were recorded: it is no folder, or it was"
            " too large to list",
            subject=params.key,
        )
    _, count, size, is_complete, entries = rows[0]
    before = view.rows(_BEFORE, node=node)
    ours = _by_name(entries)
    theirs = _by_name(before[0][1]) if before else None
    listed = _compared(ours, theirs)
    if params.changed_only:
        listed = [file for file in listed if file.change is not None]
    return FolderFiles(
        files=listed[params.first : params.first + params.most],
        total=len(listed),
        file_count=count,
        bytes=size,
        is_complete=bool(is_complete),
        before=data_key(before[0][0]) if before else None,
    )


def _by_name(entries: str) -> _Entries:
    return {name: tuple(rest) for name, *rest in json.loads(entries)}


def _compared(ours: _Entries, theirs: _Entries | None) -> list[FolderFile]:
    """Return the files of a folder and those that the version before had, by name."""
    before = {} if theirs is None else theirs
    files = []
    for name in sorted(ours.keys() | before.keys()):
        size, digest, *_ = ours.get(name) or before[name]
        file = FolderFile(name=name, size=size, digest=digest)
        if name not in ours:
            file.change = "removed"
        elif theirs is not None and name not in theirs:
            file.change = "added"
        elif theirs is not None and has_changed(ours[name], theirs[name]):
            file.change = "changed"
        files.append(file)
    return files
