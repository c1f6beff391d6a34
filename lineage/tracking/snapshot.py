"""Which version of a project: one to be made at delivery, or one by its id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any, Final

from ..errors import SourceError
from ..model.limits import MAX_NAME
from ..recording.json_text import member, shorten
from .coercion import LARGEST_ID, ArtifactRef
from .sources import is_digits

#: What can name a version: a revision, an etag, a run's id, a date.
_NAMES: Final = (str, Real)
_NAME_TYPES: Final = ("date", "datetime", "Timestamp", "datetime64", "UUID")


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


def version_text(version: Any, target: ArtifactRef, mask: Callable[[str], str]) -> str:
    """Return the members of a project's version.

    Raises:
        SourceError: It is neither a number, a VersionInfo, the platform's dict nor a
            snapshot.
    """
    if version is None or version == VersionId(None):
        return member("version_id", target.version_id) + member(
            "version_num", target.version_num
        )
    if isinstance(version, Snapshot):
        return member("snapshot", shorten(mask(version.description), MAX_NAME))
    is_id, value = _version_value(version)
    number = _number(value)
    if number is None:
        raise SourceError(
            f"{'version_id' if is_id else 'version'}: expected a number, a VersionInfo,"
            f" a dict with id or lineage.snapshot(…), got {type(value).__name__}",
            subject=version,
        )
    return member("version_id" if is_id else "version_num", number)


def named_version(version: Any, mask: Callable[[str], str]) -> str:
    """Return the member for what the app calls the version of anything but a project.

    Raises:
        SourceError: It is no text, number, date or the like.
    """
    if version is None:
        return ""
    is_name = isinstance(version, _NAMES) or type(version).__name__ in _NAME_TYPES
    if isinstance(version, bool) or not is_name:
        raise SourceError(
            "version: expected text, a number, a date or a UUID, got "
            f"{type(version).__name__}",
            subject=version,
        )
    name = version.isoformat() if hasattr(version, "isoformat") else str(version)
    return member("version", shorten(mask(name), MAX_NAME) or None)


def _version_value(version: Any) -> tuple[bool, Any]:
    """Return whether a version is said by its id, and the id or the number."""
    if isinstance(version, VersionId):
        is_info = isinstance(version.id, dict) or hasattr(version.id, "id")
        return True, _version_value(version.id)[1] if is_info else version.id
    if isinstance(version, dict):
        has_id = version.get("id") is not None
        return has_id, version["id"] if has_id else version.get("version")
    if type(version).__name__ == "VersionInfo":
        return True, version.id
    return False, version


def _number(version: Any) -> int | None:
    if isinstance(version, str):
        return int(version) if is_digits(version) else None
    if isinstance(version, bool) or not hasattr(type(version), "__index__"):
        return None
    number = int(version)
    return number if 0 < number <= LARGEST_ID else None
