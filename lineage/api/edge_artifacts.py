"""Artifacts as the wire names them, resolved from callers' values and facts."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..errors import DeliveryError
from ..model.kinds import KINDS, to_wire
from . import lookups
from .compatibility import SdkCompatibleApi
from .foreign_api import CallMethod


@dataclass(frozen=True, slots=True)
class WireArtifact:
    """An artifact as an edge names it."""

    type: str
    """The wire's `type`."""
    id: Any
    """The wire's `id`; left out of the edge when it is empty."""


@dataclass(frozen=True, slots=True)
class ArtifactResolver:
    """Turns callers' values and facts into wire artifacts.

    Args:
        api: The api that edges go through.
        call: Calls one of its methods.
        teams: The teams of tasks.
        task_id: The task of the edge.
    """

    api: SdkCompatibleApi
    call: CallMethod
    teams: lookups.TeamCache
    task_id: Any

    def project(
        self, project: Any, version_id: Any = None, version_num: Any = None
    ) -> WireArtifact:
        """Find a project or one of its versions.

        Raises:
            DeliveryError: The value does not name one.
            ApiError: The instance could not be reached.
        """
        if project is None and version_id is None:
            raise DeliveryError("no project: give one, or a version_id")
        if version_id is not None and version_num is not None:
            raise DeliveryError("give version_id or version_num, not both")
        if version_id is not None:
            return WireArtifact(to_wire("project", is_version=True), whole(version_id))
        found = whole(project)
        if version_num is None:
            return WireArtifact(to_wire("project"), found)
        pinned = lookups.version_id(found, whole(version_num), self.call)
        return WireArtifact(to_wire("project", is_version=True), pinned)

    def input_file(self, file: Any, model_weight: Any) -> WireArtifact:
        """Find a file by its info, its id, or its path in Team Files.

        Raises:
            DeliveryError: The value does not name one.
            ApiError: The instance could not be reached.
        """
        kind = to_wire("file", is_model=bool(model_weight))
        if isinstance(file, str) and not file.isdecimal():
            found = lookups.file_id(file, self.task_id, self.teams, self.call)
            return WireArtifact(kind, found)
        return WireArtifact(kind, whole(file))

    def from_fact(self, fact: Mapping[str, Any]) -> WireArtifact | None:
        """Resolve the artifact of an edge of a known kind; None: nothing to show.

        Raises:
            DeliveryError: It can never be found.
            ApiError: The instance could not be reached.
        """
        kind, value = fact["kind"], fact.get("id")
        if kind == "project":
            return self._recorded_project(fact)
        if kind == "file":
            return self.input_file(value, fact.get("is_model"))
        if kind == "app" and fact.get("module"):
            # The session is the task's own, under the id that the edge names.
            return WireArtifact(to_wire(kind), self.task_id)
        read = _READ_ID[KINDS[kind].id_type]
        return WireArtifact(to_wire(kind), read(value))

    def _recorded_project(self, fact: Mapping[str, Any]) -> WireArtifact | None:
        value, version_id = fact.get("id"), fact.get("version_id")
        number = None if version_id is not None else fact.get("version_num")
        if version_id is None and fact.get("snapshot") is not None:
            project = whole(value)
            made = lookups.snapshot(self.api, project, fact["snapshot"], self.call)
            return self.project(project, version_id=made)
        if version_id is None and number is None and _is_state_before(fact):
            current = lookups.current_version(whole(value), self.call)
            return None if current is None else self.project(value, version_id=current)
        return self.project(value, version_id=version_id, version_num=number)


def _is_state_before(fact: Mapping[str, Any]) -> bool:
    return bool(fact.get("updates")) and fact.get("dir") == "input"


def whole(value: Any) -> int:
    """Return the id that a caller means: an int, digits, or what has an `id`.

    Raises:
        DeliveryError: It is none of these, or no positive number.
    """
    if isinstance(value, Mapping):
        found = value.get("task_id", value.get("id", value))
    else:
        found = getattr(value, "task_id", getattr(value, "id", value))
    if isinstance(found, str) and found.strip().isdecimal():
        found = int(found)
    is_number = hasattr(found, "__index__") and not isinstance(found, bool)
    if not is_number or int(found) < 1:
        raise DeliveryError(f"{value!r} is no id", subject=value)
    return int(found)


def plain(value: Any) -> Any:
    """Return the `id` of an object or a dict, else the value as it was given."""
    if isinstance(value, Mapping):
        return value.get("id", value)
    return getattr(value, "id", value)


def folder_path(path: Any) -> str:
    """Return a folder's path in its one form: `/a/b`.

    Raises:
        DeliveryError: It is no path in Team Files.
    """
    if not isinstance(path, str):
        raise DeliveryError(f"{path!r} is no path", subject=path)
    if lookups.is_uri(path):
        raise DeliveryError(
            f"{path}: the platform records folders of Team Files only", subject=path
        )
    if ".." in path.split("/"):
        raise DeliveryError(f"{path!r} leads out of its folder", subject=path)
    return posixpath.normpath("/" + path.lstrip("/"))


#: How an id is read, by the type that the table of kinds has for it.
_READ_ID: Final[Mapping[str, Callable[[Any], int | str]]] = {
    "int": whole,
    "path": folder_path,
    "text": str,
}
