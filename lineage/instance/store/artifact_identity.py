"""How an artifact of a fact is known in the store: its kind, identity and name."""

from __future__ import annotations

from typing import Any, Final

from ...model.kinds import KINDS
from ...patterns import pattern

#: Kinds to whose state productions add, as images to a dataset.
CONTAINERS: Final = frozenset(row.name for row in KINDS.values() if row.is_container)
#: Kinds that one task works on in place, in whichever of its steps.
EDITED: Final = frozenset(row.name for row in KINDS.values() if row.is_edited)
#: Kinds of which the platform numbers versions itself.
NUMBERED: Final = frozenset(
    row.name for row in KINDS.values() if row.wire_version is not None
)
TASK_KINDS: Final = frozenset(row.name for row in KINDS.values() if row.is_task)

_SLASHES = pattern(r"/{2,}")
_PATH_KINDS = frozenset({"file", "folder"})

ArtifactKey = tuple[str, str]


def identity(kind: str, id: int | str, local_path: str | None = None) -> str:
    """Return the one text by which an artifact without a canonical name is known.

    Numbers are the same artifact as text and as number; paths lose doubled and
    trailing slashes; a local file is known by its absolute path.
    """
    text = str(id) if local_path is None else local_path
    if kind not in _PATH_KINDS or ("//" not in text and text[-1:] != "/"):
        return text
    if "://" in text:
        return text
    text = _SLASHES.sub("/", text)
    return text.rstrip("/") or "/"


def artifact_key(fact: dict[str, Any]) -> ArtifactKey:
    """Return the kind and the identity of the artifact that an edge names."""
    kind = fact["kind"]
    if kind in TASK_KINDS:
        return "task", str(fact["id"])
    canonical = fact.get("canonical")
    if canonical is not None:
        return kind, canonical
    return kind, identity(kind, fact["id"], fact.get("local_path"))


def ordinal_label(kind: str, ordinal: int) -> str:
    """Name a version by its place among an artifact's.

    A project's state is no `v2` by that: the platform numbers the project's versions.
    """
    return f"state {ordinal}" if kind in NUMBERED else f"v{ordinal}"


def default_name(kind: str, ident: str) -> str:
    """Name an artifact that nobody named."""
    if kind in _PATH_KINDS and not ident.isdecimal():
        return ident.rstrip("/").rpartition("/")[2] or ident
    return f"{kind} {ident}"
