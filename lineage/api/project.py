"""`api.project`: projects and their versions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from ..model.platform_types import PROJECT_FIELDS, ProjectInfo
from .errors import ExpectedProjectTypeMismatch, ProjectNotFound
from .pagination import PaginatedResource
from .project_version import VersionApi
from .resource import decoded, free_name, name_filter, single

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


#: What a project that is found by its name is shown with.
_LISTED = (
    "id", "name", "description", "size", "readme", "workspaceId", "imagesCount",
    "datasetsCount", "createdAt", "updatedAt", "type", "referenceImageUrl",
    "customData", "backupArchive", "teamId", "importSettings", "embeddingsEnabled",
    "embeddingsUpdatedAt", "embeddingsInProgress",
)  # fmt: skip
#: Types of projects that can be made read-only.
_LOCKABLE = ("images", "videos")


def _check(info: ProjectInfo | None, key: Any, expected_type: Any) -> None:
    if info is None:
        raise ProjectNotFound(f"there is no project {key!r}", subject=key)
    if expected_type is not None and info.type != str(expected_type):
        raise ExpectedProjectTypeMismatch(
            f"project {key!r} is of type {info.type!r}, not {str(expected_type)!r}",
            subject=key,
        )


def _view_settings(
    settings: dict[str, Any], tags: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return a project's settings of views in the form of the SDK's meta."""
    tag_id = settings.get("groupImagesByTagId")
    names = [tag["name"] for tag in tags if tag.get("id") == tag_id is not None]
    view = {
        "enabled": settings.get("groupImages", False),
        "tagName": names[0] if names else None,
        "tagId": tag_id,
        "isSynced": settings.get("groupImagesSync", False),
    }
    optional = {key: settings.get(key) for key in ("labelingInterface", "spectrogram")}
    given = {key: value for key, value in optional.items() if value is not None}
    return {"multiView": view, **given}


class ProjectApi(PaginatedResource):
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
        """Return a project; endpoint `projects.info`.

        Args:
            id: The project.
            expected_type: The type that it must have; looked at with `raise_error`.
            raise_error: Raise when it is not there, or of another type.
            extra_fields: Further fields to return.

        Returns:
            A `ProjectInfo`; None when there is no such project.

        Raises:
            ProjectNotFound: It is not there, and `raise_error` is set.
            ExpectedProjectTypeMismatch: It has another type, and `raise_error` is set.
            ApiError: The project could not be fetched.
        """
        extra = None if extra_fields is None else {"extraFields": extra_fields}
        found = self._info_by_id("projects.info", id, extra)
        info = None if found is None else ProjectInfo.from_json(found)
        if raise_error:
            _check(info, id, expected_type)
        return info

    def get_info_by_name(
        self,
        parent_id: int,
        name: str,
        expected_type: str | None = None,
        raise_error: bool | None = False,
    ) -> Any:
        """Find a project by its name; endpoint `projects.list`.

        Args:
            parent_id: Its workspace.
            name: Its name.
            expected_type: The type that it must have; looked at with `raise_error`.
            raise_error: Raise when it is not there, or of another type.

        Returns:
            A `ProjectInfo`; None when there is no such project.

        Raises:
            ProjectNotFound: It is not there, and `raise_error` is set.
            ExpectedProjectTypeMismatch: It has another type, and `raise_error` is set.
            RuntimeError: Several have this name.
            ApiError: The list could not be fetched.
        """
        info = single(self.get_list(parent_id, name_filter(name), _LISTED), name)
        if raise_error:
            _check(info, name, expected_type)
        return info

    def exists(self, parent_id: int, name: str) -> bool:
        """Whether a workspace has a project of this name; endpoint `projects.list`.

        Args:
            parent_id: The id of the workspace.
            name: The name that is looked for.

        Raises:
            RuntimeError: Several have this name.
            ApiError: The list could not be fetched.
        """
        return self.get_info_by_name(parent_id, name) is not None

    def get_free_name(self, parent_id: int, name: str) -> str:
        """Return a name that no project of a workspace has; endpoint `projects.list`.

        Args:
            parent_id: The id of the workspace.
            name: The name to begin with; a number is added where it is taken.

        Returns:
            `name`, or `name_001`, `name_002` …

        Raises:
            ApiError: The list could not be fetched.
        """
        return free_name(name, lambda free: self.exists(parent_id, free))

    def create(
        self,
        workspace_id: int,
        name: str,
        type: Any = "images",
        description: str | None = "",
        change_name_if_conflict: bool | None = False,
        readme: str | None = None,
        settings: dict[str, Any] | None = None,
        custom_data: dict[str, Any] | None = None,
        read_only: bool | None = None,
    ) -> ProjectInfo:
        """Make a project; endpoint `projects.add`.

        Args:
            workspace_id: Where to make it.
            name: Its name.
            type: `images`, `videos`, `volumes`, `point_clouds` …
            description: A few words.
            change_name_if_conflict: Take a free name (see `get_free_name`).
            readme: Its page, in Markdown.
            settings: Its settings.
            custom_data: Whatever an app keeps with it.
            read_only: Let nobody change images or videos.

        Raises:
            ApiError: It could not be made.
        """
        kind = str(type)
        body: dict[str, Any] = {
            "name": self.get_free_name(workspace_id, name)
            if change_name_if_conflict
            else name,
            "workspaceId": workspace_id,
            "description": description,
            "type": kind,
        }
        chosen = dict(settings) if settings is not None else {}
        if read_only and kind in _LOCKABLE:
            advanced = chosen.get("advancedSettings") or {}
            chosen["advancedSettings"] = {**advanced, "isReadOnlyProject": True}
        optional = {"readme": readme, "settings": chosen or settings}
        optional["customData"] = custom_data
        body.update({key: one for key, one in optional.items() if one is not None})
        response = self._api.post("projects.add", body)
        return ProjectInfo.from_json(decoded("projects.add", response))

    def get_meta(self, id: int, with_settings: bool = False) -> dict[str, Any]:
        """Return a project's classes and tags; endpoint `projects.meta`.

        Args:
            id: The project.
            with_settings: Also how its views are set, as `projectSettings`; by
                `projects.info`.

        Raises:
            ApiError: They could not be fetched.
        """
        meta: dict[str, Any] = self._call("projects.meta", {"id": id})
        if with_settings:
            settings = self._call("projects.info", {"id": id}).get("settings") or {}
            meta["projectSettings"] = _view_settings(settings, meta.get("tags") or [])
        return meta

    def update_meta(self, id: int, meta: Any) -> Any:
        """Replace a project's classes and tags; endpoint `projects.meta.update`.

        Args:
            id: The project.
            meta: A dict as `get_meta` returns it, or the SDK's `ProjectMeta`.

        Returns:
            The new meta as the platform has it.

        Raises:
            ApiError: They could not be replaced.
        """
        to_json = getattr(meta, "to_json", None)
        body = {"id": id, "meta": to_json() if callable(to_json) else meta}
        return self._call("projects.meta.update", body)

    def edit_info(
        self,
        id: int,
        name: str | None = None,
        description: str | None = None,
        readme: str | None = None,
        custom_data: dict[Any, Any] | None = None,
        project_type: str | None = None,
    ) -> ProjectInfo:
        """Change what is shown of a project; endpoint `projects.editInfo`.

        Args:
            id: The project.
            name: Its new name.
            description: A few words.
            readme: Its page, in Markdown.
            custom_data: Whatever an app keeps with it.
            project_type: `point_cloud_episodes`, for a project of `point_clouds`.

        Raises:
            ValueError: Nothing is to be changed, or the type cannot be changed so.
            ApiError: It could not be changed.
        """
        kind = None if project_type is None else str(project_type)
        given = {"name": name, "description": description, "readme": readme,
                 "customData": custom_data, "type": kind}  # fmt: skip
        changes = {key: value for key, value in given.items() if value is not None}
        if not changes:
            raise ValueError("give one of name, description, readme, custom_data, "
                             "project_type")  # fmt: skip
        if kind is not None:
            self._check_type_change(id, kind)
        return ProjectInfo.from_json(
            self._call("projects.editInfo", {"id": id, **changes})
        )

    def _check_type_change(self, id: int, wanted: str) -> None:
        info = self.get_info_by_id(id, raise_error=True)
        if (info.type, wanted) != ("point_clouds", "point_cloud_episodes"):
            raise ValueError(f"project {id} is of type {info.type}: only point_clouds "
                             "become point_cloud_episodes")  # fmt: skip

    def get_stats(self, id: int) -> dict[str, Any]:
        """Count a project's items, objects and tags; endpoint `projects.stats`.

        Args:
            id: The project.

        Raises:
            ApiError: They could not be fetched.
        """
        found: dict[str, Any] = self._call("projects.stats", {"id": id})
        return found

    def remove(self, id: int) -> None:
        """Move a project into the archive; endpoint `projects.archive`.

        Args:
            id: The project.

        Raises:
            ApiError: It could not be moved.
        """
        self._api.post("projects.archive", {"id": id})

    def remove_permanently(
        self,
        ids: int | list[int],
        batch_size: int = 50,
        progress_cb: Callable[[int], object] | None = None,
    ) -> list[dict[str, Any]]:
        """Remove archived projects for good; endpoint `projects.remove.permanently`.

        Args:
            ids: A project, or several of one team, each archived by `remove`.
            batch_size: How many a request names; 1 to 50.
            progress_cb: Called with how many a request has removed.

        Returns:
            The answer to each request.

        Raises:
            ApiError: One is not archived, or the token is no administrator's.
        """
        return self._remove_in_batches(
            "projects.remove.permanently", ids, batch_size, progress_cb,
            lambda batch: {"projects": batch, "preserveProjectCard": False},
        )  # fmt: skip

    def get_or_create(
        self,
        workspace_id: int,
        name: str,
        type: Any = "images",
        description: str | None = "",
    ) -> ProjectInfo:
        """Find a project by its name, else make it.

        Endpoints `projects.list`, `projects.add`.

        Args:
            workspace_id: The id of the workspace.
            name: Its name.
            type: The type of a new one.
            description: The description of a new one.

        Raises:
            RuntimeError: Several have this name.
            ApiError: It could be neither found nor made.
        """
        found: ProjectInfo | None = self.get_info_by_name(workspace_id, name)
        if found is not None:
            return found
        return self.create(workspace_id, name, type, description)

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
            fields: Further fields to return.
            team_id: the team.

        Raises:
            ValueError: Workspace and team are both given.
            ApiError: The list could not be fetched.
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
