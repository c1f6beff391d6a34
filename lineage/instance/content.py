"""The content of a version of a file: where its bytes are, and what can be shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from ..model.addresses import local_path
from ..model.details import DataDetail

#: Bytes shown, at most.
MAX_BYTES: Final = 8 << 20
#: Bytes of a table of which the first rows are shown, at most.
MAX_TABLE_BYTES: Final = 512 << 20

Preview = Literal["text", "image", "table"]

IMAGES: Final = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
_TEXTS: Final = frozenset(
    {".txt", ".md", ".csv", ".tsv", ".json", ".jsonl", ".yaml", ".yml", ".toml", ".log",
     ".py", ".ini", ".cfg", ".xml"}
)  # fmt: skip
_TABLES: Final = frozenset({".parquet", ".pq"})


def preview_kind(detail: DataDetail) -> Preview | None:
    """Return as what a version can be shown, by its name; None where it cannot."""
    if detail.node.kind not in ("file", "model_weight"):
        return None
    suffix = suffix_of(detail)
    if suffix in IMAGES:
        return "image"
    if suffix in _TABLES:
        return "table"
    return "text" if suffix in _TEXTS else None


def suffix_of(detail: DataDetail) -> str:
    """Return the ending of a version's path, in lower case."""
    return Path(detail.path or str(detail.node.id)).suffix.lower()


def find_content(
    detail: DataDetail, find_kept: Callable[[str], Path | None], *, is_local: bool
) -> Path | None:
    """Find the version's bytes: kept here, or in the file that was recorded.

    Args:
        detail: The version.
        find_kept: Finds what the instance itself keeps, by its digest in hexadecimal.
        is_local: Whether the caller may see files of this machine: its own user may,
            the callers of a served instance never.
    """
    digest = detail.node.digest
    limit = MAX_TABLE_BYTES if preview_kind(detail) == "table" else MAX_BYTES
    if digest is None or (detail.node.size or 0) > limit:
        return None
    kept = find_kept(digest.removeprefix("sha256:"))
    # Whatever machine the path is of: only a file of this very content is shown.
    named = local_path(detail.node.id)
    if kept is not None or not (is_local and named):
        return kept
    path = Path(named)
    is_there = path.is_file() and path.stat().st_size == detail.node.size
    return path if is_there else None
