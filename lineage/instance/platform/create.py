"""Creation of projects and datasets by the platform's own endpoints."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from ..params import Id, Name, Params, Text
from ..route import RequestContext, Route
from . import projects, register
from .objects import PlatformObject


class AddProjectForm(Params):
    """A new project, in the platform's words."""

    workspaceId: Id
    name: Name
    type: Annotated[str, Field(pattern=f"^({'|'.join(register.PROJECT_TYPES)})$")] = (
        "images"
    )
    description: Text | None = None
    readme: Text | None = None
    settings: dict[str, Any] | None = None
    customData: dict[str, Any] | None = None


class AddDatasetForm(Params):
    """A new dataset, in the platform's words."""

    projectId: Id
    name: Name
    description: Text | None = None
    parentId: Id | None = None
    customData: dict[str, Any] | None = None


def add_project(call: RequestContext, body: AddProjectForm) -> PlatformObject:
    """Make a project in the token's team."""
    form = register.ProjectForm(
        name=body.name,
        type=body.type,
        workspace_id=body.workspaceId,
        description=body.description or "",
        custom_data=body.customData or {},
    )
    made = register.project(call, form)
    given = body.model_dump(include={"readme", "settings"}, exclude_none=True)
    return projects.with_counts(call, _changed(call, made, "project", given))


def add_dataset(call: RequestContext, body: AddDatasetForm) -> PlatformObject:
    """Make a dataset in a project."""
    form = register.DatasetForm(
        project_id=body.projectId,
        name=body.name,
        parent_id=body.parentId,
        description=body.description or "",
    )
    made = register.dataset(call, form)
    given = body.model_dump(include={"customData"}, exclude_none=True)
    changed = _changed(call, made, "dataset", given)
    return projects.shown_dataset(changed, bool(changed.get("customData")))


def _changed(
    call: RequestContext, made: PlatformObject, kind: str, given: dict[str, Any]
) -> PlatformObject:
    if not given:
        return made
    objects = call.services.objects
    kept = objects.get((made["teamId"],), kind, made["id"])
    with objects.db.write() as tx:
        return objects.change(tx, kept, kind, given)


ROUTES: Final = (
    Route("projects.add", add_project, AddProjectForm, "writer"),
    Route("datasets.add", add_dataset, AddDatasetForm, "writer"),
)
