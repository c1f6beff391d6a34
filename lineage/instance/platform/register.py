"""Creation of platform objects, so that apps can be tried locally."""

from __future__ import annotations

import base64
import re
from typing import Annotated, Any, Final

from pydantic import Field

from ..errors import RequestError, not_found
from ..params import Id, Name, Params, PathText, Text
from ..route import RequestContext, Route
from .files import clean_path, file_body
from .modules import app_of_module, newest_release
from .objects import PlatformObject, PlatformObjects, now_text
from .projects import PREVIEW_URL, touch_project, with_counts
from .task_records import DEFAULT_WORKSPACE, STATUSES, Info
from .tasks import session_info
from .versions import version_body

PROJECT_TYPES: Final = (
    "images", "videos", "volumes", "point_clouds", "point_cloud_episodes", "meshes",
    "audio",
)  # fmt: skip

_StatusName = Annotated[str, Field(pattern=f"^({'|'.join(STATUSES)})$")]


class _NewObject(Params):
    id: Id | None = None
    """The object's id; the next free one when left out."""
    team_id: Id | None = None
    """The team it is for; the token's when left out."""


class ProjectForm(_NewObject):
    """A new project."""

    name: Name
    type: Annotated[str, Field(pattern=f"^({'|'.join(PROJECT_TYPES)})$")] = "images"
    workspace_id: Id = DEFAULT_WORKSPACE
    description: Text = ""
    custom_data: dict[str, Any] = Field(default_factory=dict)


class VersionForm(_NewObject):
    """A new version of a project."""

    project_id: Id
    name: Name | None = None
    description: Text = ""


class DatasetForm(_NewObject):
    """A new dataset."""

    project_id: Id
    name: Name
    parent_id: Id | None = None
    description: Text = ""
    items_count: int = Field(default=0, ge=0, le=2**53)


class FileForm(_NewObject):
    """A new file of Team Files, with its bytes as text or base64."""

    path: PathText
    text: str | None = None
    base64: str | None = None


class JobForm(_NewObject):
    """A new labeling job."""

    name: Name
    project_id: Id | None = None
    dataset_id: Id | None = None
    description: Text = ""


class ModuleForm(_NewObject):
    """A new app module."""

    name: Name
    slug: Name | None = None
    version: Name = "v1"
    config: dict[str, Any] = Field(default_factory=dict)
    readme: Text = ""
    files: dict[str, str] = Field(default_factory=dict)
    """Texts of the module's files, by path."""


class TaskForm(_NewObject):
    """A new task."""

    name: Name
    workspace_id: Id = DEFAULT_WORKSPACE
    description: Text = ""
    status: _StatusName = "started"
    module_id: Id | None = None
    """The app module that it runs."""


def project(call: RequestContext, body: ProjectForm) -> PlatformObject:
    """Create a project."""
    made = _add(
        call, "project", body,
        {
            "name": body.name,
            "description": body.description,
            "type": body.type,
            "workspaceId": body.workspace_id,
            "size": "0",
            "readme": "",
            "referenceImageUrl": PREVIEW_URL,
            "customData": body.custom_data,
            "backupArchive": {},
            "settings": {},
            "importSettings": {},
            "createdBy": 1,
        },
        parent_id=body.workspace_id,
    )  # fmt: skip
    return with_counts(call, made)


def project_version(call: RequestContext, body: VersionForm) -> PlatformObject:
    """Create a version of a project, numbered after its last one."""
    objects, parent = call.services.objects, _project(call, body)
    shown = version_body(call, parent, name=body.name, description=body.description)
    return _store(
        objects, parent["teamId"], "project_version", body.id, shown,
        parent_id=parent["id"],
    )  # fmt: skip


def dataset(call: RequestContext, body: DatasetForm) -> PlatformObject:
    """Create a dataset in a project."""
    objects, parent = call.services.objects, _project(call, body)
    if body.parent_id is not None:
        outer = objects.get((parent["teamId"],), "dataset", body.parent_id)
        if outer["projectId"] != parent["id"]:
            raise not_found("dataset", body.parent_id, field="parent_id")
    shown = {
        "name": body.name,
        "description": body.description,
        "size": "0",
        "projectId": parent["id"],
        "workspaceId": parent.get("workspaceId"),
        "parentId": body.parent_id,
        "itemsCount": body.items_count,
        "imagesCount": body.items_count,
        "referenceImageUrl": PREVIEW_URL,
        "customData": {},
        "createdBy": 1,
    }
    made = _store(
        objects, parent["teamId"], "dataset", body.id, shown, parent_id=parent["id"]
    )
    with objects.db.write() as tx:
        touch_project(objects, tx, made)
    return made


def file(call: RequestContext, body: FileForm) -> PlatformObject:
    """Create a file with its bytes."""
    path = clean_path(body.path)
    if path.endswith("/"):
        raise RequestError(400, "the path names no file", field="path", value=path,
                      allowed="a path that ends in a file's name")  # fmt: skip
    blob = call.services.blobs.put([_content(body)])
    return _store(
        call.services.objects, call.team(body.team_id, field="team_id"), "file",
        body.id, file_body(path, blob), path=path, digest=blob.digest,
    )  # fmt: skip


def _content(body: FileForm) -> bytes:
    if body.text is not None and body.base64 is not None:
        raise RequestError(400, "the bytes are given twice", field="base64",
                      allowed="text or base64")  # fmt: skip
    if body.base64 is None:
        return (body.text or "").encode()
    try:
        return base64.b64decode(body.base64, validate=True)
    except ValueError as error:
        raise RequestError(400, "the bytes are no base64", field="base64",
                      value=body.base64, allowed="base64") from error  # fmt: skip


def job(call: RequestContext, body: JobForm) -> PlatformObject:
    """Create a labeling job."""
    empty: list[Any] = []
    shown = {
        "name": body.name,
        "description": body.description,
        "projectId": body.project_id,
        "datasetId": body.dataset_id,
        "status": "pending",
        "meta": {
            "classes": empty,
            "projectTags": empty,
            "imageTags": empty,
            "range": {"start": None, "end": None},
        },
    }
    return _add(call, "job", body, shown)


def module(call: RequestContext, body: ModuleForm) -> PlatformObject:
    """Create an app module."""
    slug = body.slug or re.sub(r"[^a-z0-9]+", "-", body.name.lower()).strip("-")
    shown = {
        "slug": slug or "module",
        "name": body.name,
        "type": "app",
        "config": {"name": body.name, **body.config},
        "readme": body.readme,
        "repositoryModuleUrl": None,
        "repo": None,
        "meta": {"releases": [{"version": body.version, "createdAt": now_text()}]},
        "files": body.files,
    }
    return _add(call, "module", body, shown)


def task(call: RequestContext, body: TaskForm) -> Info:
    """Create a task."""
    team_id = call.team(body.team_id, field="team_id")
    if body.id is not None and call.services.tasks.find((team_id,), body.id):
        raise RequestError(409, f"there is a task {body.id} already", field="id")
    info: Info = {"workspaceId": body.workspace_id, "description": body.description}
    if body.module_id is not None:
        objects = call.services.objects
        module = objects.find((team_id,), "module", body.module_id)
        if module is None:
            raise not_found("module", body.module_id, field="module_id")
        app = app_of_module(objects, module)
        info |= session_info(app, body.name, version=newest_release(module))
    return call.services.tasks.create(
        team_id, body.name, info, id=body.id, status=body.status,
        user=call.principal.user,
    )  # fmt: skip


def _project(call: RequestContext, body: VersionForm | DatasetForm) -> PlatformObject:
    team_id = call.team(body.team_id, field="team_id")
    teams = call.team_ids if body.team_id is None else (team_id,)
    found = call.services.objects.find(teams, "project", body.project_id)
    if found is None:
        raise not_found("project", body.project_id, field="project_id")
    return found


def _add(
    call: RequestContext,
    kind: str,
    body: _NewObject,
    shown: dict[str, Any],
    **place: Any,
) -> PlatformObject:
    team_id = call.team(body.team_id, field="team_id")
    return _store(call.services.objects, team_id, kind, body.id, shown, **place)


def _store(
    objects: PlatformObjects,
    team_id: int,
    kind: str,
    id: int | None,
    shown: dict[str, Any],
    **place: Any,
) -> PlatformObject:
    with objects.db.write() as tx:
        return objects.add(tx, team_id, kind, shown, id=id, **place)


ROUTES: Final = tuple(
    Route(f"lineage.register.{name}", handler, model, "writer")
    for name, handler, model in (
        ("project", project, ProjectForm),
        ("project-version", project_version, VersionForm),
        ("dataset", dataset, DatasetForm),
        ("file", file, FileForm),
        ("job", job, JobForm),
        ("module", module, ModuleForm),
        ("task", task, TaskForm),
    )
)
