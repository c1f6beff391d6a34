"""Which version of a project: one to be made at delivery, or one by its id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A request for a project version, made by `lineage.snapshot`."""

    description: str


@dataclass(frozen=True, slots=True)
class VersionId:
    """A version by its own id: the option `version_id=`."""

    id: Any


def snapshot(description: str = "") -> Snapshot:
    """Ask for a new version of the project, for `version=`.

    It is made when the fact is sent, never in the decorated call. A project that is
    unchanged since its last version has that version. Where none can be made, the
    project itself is recorded, with one warning.

    Args:
        description: What the version is to be called.
    """
    return Snapshot(description)
