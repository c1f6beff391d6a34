"""Projects, their versions and datasets, and labeling jobs."""

from __future__ import annotations

from typing import Any, Final

from ..pagination import page_answer
from ..params import Id, IdParams, ListFilter, PageParams, Params
from ..route import RequestContext, Route
from .counts import count_items, newest_versions
from .objects import PlatformObject


class ProjectsForm(PageParams):
    """Whose projects to list: of a workspace, or of a team (`groupId`)."""

    workspaceId: Id | None = None
    groupId: Id | None = None


class VersionsForm(PageParams):
    """Which project's versions."""

    projectId: Id


class DatasetsForm(PageParams):
    """Which project's datasets; those inside others too when recursive."""

    projectId: Id
    recursive: bool | None = False
    parentId: Id | None = None


class EditForm(Params):
    """What changes in a project."""

    id: Id
    name: str | None = None
    description: str | None = None
    readme: str | None = None
    customData: dict[str, Any] | None = None


def project_info(call: RequestContext, body: IdParams) -> PlatformObject:
    """Return a project."""
    return with_counts(
        call, call.services.objects.get(call.team_ids, "project", body.id)
    )


def with_counts(call: RequestContext, project: PlatformObject) -> PlatformObject:
    """Add what follows from a project's datasets and versions."""
    return _with_counts(call, [project])[0]


def _with_counts(
    call: RequestContext, projects: list[PlatformObject]
) -> list[PlatformObject]:
    db, places = call.services.objects.db, [(p["teamId"], p["id"]) for p in projects]
    datasets, versions = count_items(db, places), newest_versions(db, places)
    return [
        {
            **project,
            "datasetsCount": datasets.get(place, (0, 0))[0],
            "itemsCount": datasets.get(place, (0, 0))[1],
            "imagesCount": datasets.get(place, (0, 0))[1],
            "version": versions.get(place),
        }
        for project, place in zip(projects, places, strict=True)
    ]


def list_projects(call: RequestContext, body: ProjectsForm) -> dict[str, Any]:
    """List the projects of a workspace, a team, or all that may be seen."""
    teams = call.team_ids if body.groupId is None else (
        call.team(body.groupId, field="groupId"),
    )  # fmt: skip
    found, total = call.services.objects.page(
        teams, "project", body, parent_id=body.workspaceId
    )
    return page_answer(body, _with_counts(call, found), total)


def edit_project(call: RequestContext, body: EditForm) -> PlatformObject:
    """Change a project's description."""
    objects = call.services.objects
    project = objects.get(call.team_ids, "project", body.id)
    given = body.model_dump(exclude={"id"}, exclude_none=True)
    with objects.db.write() as tx:
        changed = objects.change(tx, project, "project", given)
    return with_counts(call, changed)


def list_versions(call: RequestContext, body: VersionsForm) -> dict[str, Any]:
    """List a project's versions."""
    project = call.services.objects.get(call.team_ids, "project", body.projectId)
    found, total = call.services.objects.page(
        (project["teamId"],), "project_version", body, parent_id=project["id"]
    )
    return page_answer(body, found, total)


def dataset_info(call: RequestContext, body: IdParams) -> PlatformObject:
    """Return a dataset."""
    return call.services.objects.get(call.team_ids, "dataset", body.id)


def list_datasets(call: RequestContext, body: DatasetsForm) -> dict[str, Any]:
    """List a project's datasets."""
    project = call.services.objects.get(call.team_ids, "project", body.projectId)
    inside = ListFilter(field="parentId", value=body.parentId)
    query = body if body.recursive else body.model_copy(
        update={"filter": [*(body.filter or ()), inside]}
    )  # fmt: skip
    found, total = call.services.objects.page(
        (project["teamId"],), "dataset", query, parent_id=project["id"]
    )
    return page_answer(body, found, total)


def job_info(call: RequestContext, body: IdParams) -> PlatformObject:
    """Return a labeling job."""
    return call.services.objects.get(call.team_ids, "job", body.id)


ROUTES: Final = (
    Route("projects.info", project_info, IdParams, "reader"),
    Route("projects.list", list_projects, ProjectsForm, "reader"),
    Route("projects.editInfo", edit_project, EditForm, "writer"),
    Route("projects.versions.list", list_versions, VersionsForm, "reader"),
    Route("datasets.info", dataset_info, IdParams, "reader"),
    Route("datasets.list", list_datasets, DatasetsForm, "reader"),
    Route("jobs.info", job_info, IdParams, "reader"),
)
