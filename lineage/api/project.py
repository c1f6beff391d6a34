"""`api.project`: projects and their versions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from ..model.infos import PROJECT_FIELDS, ProjectInfo, VersionInfo
from .entities import Entities
from .errors import ProjectNotFound

_FIELDS = (
    "id",
    "workspaceId",
    "title",
    "description",
    "size",
    "readme",
    "type",
    "createdAt",
    "updatedAt",
    "customData",
    "groupId",
    "createdBy",
)


class VersionApi(Entities):
    """A project's versions; bound as `api.project.version`."""

    def _convert_json_info(self, info: dict[str, Any]) -> Any:
        return VersionInfo.from_json(info)

    def get_list(
        self, project_id: int, filters: list[dict[str, Any]] | None = None
    ) -> list[VersionInfo]:
        """List a project's versions; endpoint `projects.versions.list`.

        Raises:
            ApiError: The list could not be had.
        """
        body: dict[str, Any] = {"projectId": project_id}
        if filters is not None:
            body["filter"] = filters
        found: list[VersionInfo] = self.get_list_all_pages(
            "projects.versions.list", body
        )
        return found

    def get_id_by_number(self, project_id: int, version_num: int) -> int | None:
        """Find a version by its number; endpoint `projects.versions.list`.

        Returns:
            None when the project has no such version.

        Raises:
            ApiError: The list could not be had.
        """
        condition = {"field": "version", "operator": "=", "value": int(version_num)}
        found = self.get_list(project_id, [condition])
        return found[0].id if found else None


class ProjectApi(Entities):
    """Projects; bound as `api.project`."""

    InfoType = ProjectInfo

    @cached_property
    def version(self) -> VersionApi:
        """The projects' versions."""
        return VersionApi(self._api)

    @staticmethod
    def info_sequence() -> list[Any]:
        """Describe the fields of `ProjectInfo`, as the platform's SDK does."""
        return [field.descriptor for field in PROJECT_FIELDS]

    def _convert_json_info(self, info: dict[str, Any]) -> Any:
        return ProjectInfo.from_json(info)

    def get_info_by_id(
        self,
        id: int,
        expected_type: str | None = None,
        raise_error: bool = False,
        extra_fields: list[str] | None = None,
    ) -> Any:
        """Give a project; endpoint `projects.info`.

        Args:
            id: The project.
            expected_type: The type that it must have.
            raise_error: Raise when it is not there.
            extra_fields: Further fields to ask for.

        Returns:
            A `ProjectInfo`; None when there is no such project.

        Raises:
            ProjectNotFound: It is not there, and `raise_error` is set.
            TypeError: It has another type.
            ApiError: The project could not be asked for.
        """
        extra = None if extra_fields is None else {"extraFields": extra_fields}
        found = self._info_by_id("projects.info", id, extra)
        if found is None:
            if raise_error:
                raise ProjectNotFound(f"there is no project {id}", subject=id)
            return None
        info = ProjectInfo.from_json(found)
        if expected_type is not None and info.type != str(expected_type):
            raise TypeError(
                f"project {id} is of type {info.type!r}, not {str(expected_type)!r}"
            )
        return info

    def get_list(
        self,
        workspace_id: int | None = None,
        filters: list[dict[str, Any]] | None = None,
        fields: Sequence[str] = (),
        team_id: int | None = None,
    ) -> list[ProjectInfo]:
        """List projects of a workspace or a team; endpoint `projects.list`.

        Args:
            workspace_id: The workspace, or:
            filters: Conditions.
            fields: Further fields to ask for.
            team_id: the team.

        Raises:
            ValueError: Workspace and team are both given.
            ApiError: The list could not be had.
        """
        if workspace_id is not None and team_id is not None:
            raise ValueError("give workspace_id or team_id, not both")
        wanted = list(dict.fromkeys((*_FIELDS, *fields))) if fields else []
        body: dict[str, Any] = {"filter": filters or [], "fields": wanted}
        if workspace_id is not None:
            body["workspaceId"] = workspace_id
        if team_id is not None:
            body["groupId"] = team_id
        found: list[ProjectInfo] = self.get_list_all_pages("projects.list", body)
        return found
