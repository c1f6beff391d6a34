"""Snapshots: a project version to be made when the fact is sent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A request for a project version, made by `lineage.snapshot`."""

    description: str


def snapshot(description: str = "") -> Snapshot:
    """Ask for a new version of the project, for `version=`.

    It is made when the fact is sent, never in the decorated call. Where no version
    can be made, the current one is taken, else the project itself.

    Args:
        description: What the version is to be called.
    """
    return Snapshot(description)
