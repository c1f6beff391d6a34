"""The platform's objects as named tuples.

Unknown keys are ignored, and missing ones become None, as far as the platform's
own answers leave them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin

from ..settings import Settings
from .json_fields import rows, to_json, values

_POINT_CLOUD_TYPES = ("point_clouds", "point_cloud_episodes", "meshes")
#: The platform's own picture for objects without a two-dimensional preview.
_POINT_CLOUD_PREVIEW = (
    "https://user-images.githubusercontent.com/12828725/"
    "199022135-4161917c-05f8-4681-9dc1-b5e10ee8bb0f.png"
)


class AppInfo(NamedTuple):
    """An app that was added to a team."""

    id: int
    created_by_id: int
    module_id: int
    disabled: bool
    user_login: str
    config: dict[str, Any]
    name: str
    slug: str
    is_shared: bool
    tasks: list[dict[str, Any]]
    repo: str
    team_id: int

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AppInfo:
        """Read the platform's object."""
        return cls(*values(APP_FIELDS, data))

    def to_json(self) -> dict[str, Any]:
        """Write it as the platform has it."""
        return to_json(APP_FIELDS, self)


class SessionInfo(NamedTuple):
    """A run of an app."""

    task_id: int
    user_id: int
    module_id: int
    app_id: int
    details: dict[str, Any]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SessionInfo:
        """Read a session or a started task.

        Raises:
            KeyError: A key is missing.
        """
        if "meta" not in data:
            started = (data[key] for key in ("taskId", "userId", "moduleId", "appId"))
            task_id, user_id, module_id, app_id = started
            return cls(task_id, user_id, module_id, app_id, {})
        app = data["meta"]["app"]
        return cls(
            data["id"], data["createdBy"], data["moduleId"], app["id"], dict(data)
        )


class ProjectInfo(NamedTuple):
    """A project."""

    id: int
    name: str
    description: str
    size: str
    readme: str
    workspace_id: int
    images_count: int
    items_count: int
    datasets_count: int
    created_at: str
    updated_at: str
    type: str
    reference_image_url: str | None
    custom_data: dict[str, Any]
    backup_archive: dict[str, Any]
    team_id: int
    settings: dict[str, Any]
    import_settings: dict[str, Any]
    version: dict[str, Any] | None
    created_by_id: int
    embeddings_enabled: bool | None = None
    embeddings_updated_at: str | None = None
    embeddings_in_progress: bool | None = None
    local_entities_count: int | None = None
    remote_entities_count: int | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ProjectInfo:
        """Read the platform's object."""
        made = cls(*values(PROJECT_FIELDS, data))
        if made.items_count is None:
            return made._replace(items_count=made.images_count)
        return made

    def to_json(self) -> dict[str, Any]:
        """Write it as the platform has it."""
        return to_json(PROJECT_FIELDS, self)

    @property
    def url(self) -> str:
        """The project's page; absolute in development."""
        return _absolute(f"projects/{self.id}/datasets")

    @property
    def image_preview_url(self) -> str | None:
        """A small picture of it; None when it has none."""
        if self.type in _POINT_CLOUD_TYPES:
            return _POINT_CLOUD_PREVIEW
        return _preview(self.reference_image_url)


class DatasetInfo(NamedTuple):
    """A dataset."""

    id: int
    name: str
    description: str
    size: str
    project_id: int
    images_count: int
    items_count: int
    created_at: str
    updated_at: str
    reference_image_url: str | None
    team_id: int
    workspace_id: int
    parent_id: int | None
    custom_data: dict[str, Any]
    created_by: int

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> DatasetInfo:
        """Read the platform's object."""
        made = cls(*values(DATASET_FIELDS, data))
        if made.items_count is None:
            return made._replace(items_count=made.images_count)
        return made

    def to_json(self) -> dict[str, Any]:
        """Write it as the platform has it."""
        return to_json(DATASET_FIELDS, self)

    @property
    def image_preview_url(self) -> str | None:
        """A small picture of it; None when it has none."""
        return _preview(self.reference_image_url)


class FileInfo(NamedTuple):
    """A file in Team Files."""

    team_id: int
    id: int
    user_id: int
    name: str
    hash: str
    path: str
    storage_path: str
    mime: str | None
    ext: str | None
    sizeb: int
    created_at: str
    updated_at: str
    full_storage_url: str
    is_dir: bool | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FileInfo:
        """Read the platform's object."""
        return cls(*values(FILE_FIELDS, data))

    def to_json(self) -> dict[str, Any]:
        """Write it as the platform has it."""
        return to_json(FILE_FIELDS, self)


class VersionInfo(NamedTuple):
    """A version of a project."""

    id: int
    project_id: int
    created_by_id: int
    team_file_id: int | None
    version: int
    description: str | None
    status: str
    created_at: str
    updated_at: str
    project_updated_at: str | None
    team_id: int
    name: str | None
    preview_project_id: int | None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> VersionInfo:
        """Read the platform's object."""
        return cls(*values(VERSION_FIELDS, data))

    def to_json(self) -> dict[str, Any]:
        """Write it as the platform has it."""
        return to_json(VERSION_FIELDS, self)


class LabelingJobInfo(NamedTuple):
    """A labeling job."""

    id: int
    name: str
    readme: str | None
    description: str | None
    team_id: int
    workspace_id: int | None
    workspace_name: str | None
    project_id: int | None
    project_name: str | None
    dataset_id: int | None
    dataset_name: str | None
    created_by_id: int | None
    created_by_login: str | None
    assigned_to_id: int | None
    assigned_to_login: str | None
    reviewer_id: int | None
    reviewer_login: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    status: str
    disabled: bool | None
    labeling_queue_id: int | None
    labeling_exam_id: int | None
    images_count: int | None
    finished_images_count: int | None
    rejected_images_count: int | None
    accepted_images_count: int | None
    progress_images_count: int | None
    classes_to_label: list[str]
    tags_to_label: list[str]
    images_range: tuple[int | None, int | None]
    objects_limit_per_image: int | None
    tags_limit_per_image: int | None
    filter_images_by_tags: list[dict[str, Any]]
    include_images_with_tags: list[str]
    exclude_images_with_tags: list[str]
    entities: list[dict[str, Any]] | None
    priority: int | None
    guide_id: int | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LabelingJobInfo:
        """Read the platform's object."""
        made = cls(*values(JOB_FIELDS, data))
        limits: Any = made.images_range or {}
        tags: Any = made.filter_images_by_tags or []
        return made._replace(
            classes_to_label=_titles(made.classes_to_label),
            tags_to_label=_titles(made.tags_to_label),
            images_range=(limits.get("start"), limits.get("end")),
            filter_images_by_tags=tags,
            include_images_with_tags=_titles(t for t in tags if t.get("positive")),
            exclude_images_with_tags=_titles(t for t in tags if not t.get("positive")),
        )


def _titles(entries: Any) -> list[str]:
    """Return the names of classes or tags, which the platform calls either way."""
    return [entry.get("name", entry.get("title")) for entry in entries or ()]


APP_FIELDS = rows(AppInfo._fields, created_by_id="createdBy")
PROJECT_FIELDS = rows(ProjectInfo._fields, created_by_id="createdBy")
DATASET_FIELDS = rows(DatasetInfo._fields)
VERSION_FIELDS = rows(VersionInfo._fields, created_by_id="createdBy")
FILE_FIELDS = rows(
    FileInfo._fields, mime="meta.mime", ext="meta.ext", sizeb="meta.size"
)
JOB_FIELDS = rows(
    LabelingJobInfo._fields, workspace_name="workspaceTitle",
    project_name="projectTitle", dataset_name="datasetTitle",
    created_by_id="createdBy", created_by_login="managerLogin",
    assigned_to_id="userId", assigned_to_login="labelerLogin",
    classes_to_label="meta.classes", tags_to_label="meta.projectTags",
    images_range="meta.range", objects_limit_per_image="meta.imageFiguresLimit",
    tags_limit_per_image="meta.imageTagsLimit",
    filter_images_by_tags="meta.imageTags", guide_id="meta.guide",
)  # fmt: skip


def _preview(url: str | None) -> str | None:
    if not url:
        return None
    small = "/previews/x200,jpeg,q70/image-converter"
    return _absolute(url).replace("/image-converter", small)


def _absolute(url: str) -> str:
    """In development, links are opened from outside of the instance."""
    settings = Settings.from_environ()
    if settings.env == "production" or not settings.server_address:
        return url
    return urljoin(settings.server_address.rstrip("/") + "/", url)
