"""Questions for what a version holds: the files of a folder, the rows of a table."""

from __future__ import annotations

from typing import Annotated, Literal

from .messages import Field
from .parameters import Answer, Question, Selector


class FilesParams(Question):
    """Which part of a folder's manifest to list."""

    endpoint = "lineage.data.files"

    key: Selector
    first: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """How many files to leave out."""
    most: Annotated[int, Field(ge=1, le=1000)] = 100
    changed_only: bool = False
    """Only files that differ from the version before."""


class FolderFile(Answer):
    """A file of a folder."""

    name: str
    """Relative to the folder."""
    size: int
    digest: str | None = None
    change: Literal["added", "removed", "changed"] | None = None
    """Against the version before; a removed file is one of that version."""


class FolderFiles(Answer):
    """A part of a folder's manifest, by name."""

    files: list[FolderFile]
    total: int
    """Files that the whole list has, with removed ones."""
    file_count: int
    """Files in the folder, also where the manifest does not name all of them."""
    bytes: int
    is_complete: bool = True
    """Whether the manifest names every file."""
    before: str | None = None
    """The key of the version that it is compared with."""


class RowsParams(Question):
    """Which table to show the first rows of."""

    endpoint = "lineage.data.rows"

    key: Selector


class TableColumn(Answer):
    """A column of a table, as the file itself names it."""

    name: str
    type: str


class TableRows(Answer):
    """The schema of a table, and its first rows as text."""

    columns: list[TableColumn] = Field(default_factory=list)
    columns_total: int = 0
    rows: list[list[str]] = Field(default_factory=list)
    rows_total: int | None = None
    note: str | None = None
    """Why there are no rows, and what to do."""
