"""What a thing of a fact is called in the store: kind, identity, version, name."""

from __future__ import annotations

import re
from typing import Any, Final

from ...model.kinds import KINDS

#: Kinds whose states are made by the tasks that write to them.
CONTAINERS: Final = frozenset(row.name for row in KINDS.values() if row.is_container)
TASK_KINDS: Final = frozenset(row.name for row in KINDS.values() if row.is_task)

_SLASHES = re.compile(r"/{2,}")
_PATH_KINDS = frozenset({"file", "folder"})


def identity(kind: str, id: int | str, local_path: str | None = None) -> str:
    """Give the one text by which a thing of a kind is known.

    Numbers are the same thing as text and as number; paths lose doubled and
    trailing slashes; a local file is known by its absolute path.
    """
    text = str(id) if local_path is None else local_path
    if kind not in _PATH_KINDS or "/" not in text or "://" in text:
        return text
    text = _SLASHES.sub("/", text)
    return text.rstrip("/") or "/"


def default_name(kind: str, ident: str) -> str:
    """Name a thing that nobody named."""
    if kind in _PATH_KINDS and not ident.isdecimal():
        return ident.rstrip("/").rpartition("/")[2] or ident
    return f"{kind} {ident}"


def pinned_version(fact: dict[str, Any]) -> str | None:
    """Give the version that a fact names, if it does; '' for kinds without."""
    if fact.get("version_id") is not None:
        return f"v{fact['version_id']}"
    if fact.get("version_num") is not None:
        return f"n{fact['version_num']}"
    stat = fact.get("stat")
    if stat is not None and stat.digest is not None:
        digest: str = stat.digest
        return digest
    return None if fact["kind"] in CONTAINERS else ""


def state_version(task_id: int) -> str:
    """Give the version of a container that a task made."""
    return f"t{task_id}"


def version_label(version: str, ordinal: int, num: int | None, kind: str) -> str | None:
    """Give what is shown of a version."""
    if num is not None:
        return f"v{num}"
    if version.startswith("sha256:"):
        return version[7:15]
    if version.startswith("v"):
        return f"#{version[1:]}"
    return f"v{ordinal}" if kind in CONTAINERS else None
