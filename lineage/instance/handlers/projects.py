"""Projects, their versions and datasets, and labeling jobs."""

from __future__ import annotations

from typing import Any, Final

from ..forms import Filter, Form, Id, IdForm, PageForm
from ..objects import Thing
from ..paging import page_answer
from ..route import Call, Route
from ..tallies import count_items, newest_versions


class ProjectsForm(PageForm):
    """Whose projects to list: of a workspace, or of a team (`groupId`)."""

    workspaceId: Id | None = None
    groupId: Id | None = None


class VersionsForm(PageForm):
    """Which project's versions."""

    projectId: Id


class DatasetsForm(PageForm):
    """Which project's datasets; those inside others too when recursive."""

    projectId: Id
    recursive: bool | None = False
    parentId: Id | None = None


class EditForm(Form):
    """What changes in a project."""

    id: Id
    name: str | None = None
    description: str | None = None
    readme: str | None = None
    customData: dict[str, Any] | None = None


def project_info(call: Call, body: IdForm) -> Thing:
    """Tell of a project."""
    return with_counts(
        call, call.services.objects.get(call.team_ids, "project", body.id)
    )


def with_counts(call: Call, project: Thing) -> Thing:
    """Add what follows from a project's datasets and versions."""
    return _with_counts(call, [project])[0]


def _with_counts(call: Call, projects: list[Thing]) -> list[Thing]:
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


def list_projects(call: Call, body: ProjectsForm) -> dict[str, Any]:
    """List the projects of a workspace, a team, or all that may be seen."""
    teams = call.team_ids if body.groupId is None else (
        call.team(body.groupId, field="groupId"),
    )  # fmt: skip
    found, total = call.services.objects.page(
        teams, "project", body, parent_id=body.workspaceId
    )
    return page_answer(body, _with_counts(call, found), total)


def edit_project(call: Call, body: EditForm) -> Thing:
    """Change what a project says of itself."""
    objects = call.services.objects
    project = objects.get(call.team_ids, "project", body.id)
    said = body.model_dump(exclude={"id"}, exclude_none=True)
    with objects.db.write() as tx:
        changed = objects.change(tx, project, "project", said)
    return with_counts(call, changed)


def list_versions(call: Call, body: VersionsForm) -> dict[str, Any]:
    """List a project's versions."""
    project = call.services.objects.get(call.team_ids, "project", body.projectId)
    found, total = call.services.objects.page(
        (project["teamId"],), "project_version", body, parent_id=project["id"]
    )
    return page_answer(body, found, total)


def dataset_info(call: Call, body: IdForm) -> Thing:
    """Tell of a dataset."""
    return call.services.objects.get(call.team_ids, "dataset", body.id)


def list_datasets(call: Call, body: DatasetsForm) -> dict[str, Any]:
    """List a project's datasets."""
    project = call.services.objects.get(call.team_ids, "project", body.projectId)
    inside = Filter(field="parentId", value=body.parentId)
    told = body if body.recursive else body.model_copy(
        update={"filter": [*(body.filter or ()), inside]}
    )  # fmt: skip
    found, total = call.services.objects.page(
        (project["teamId"],), "dataset", told, parent_id=project["id"]
    )
    return page_answer(body, found, total)


def job_info(call: Call, body: IdForm) -> Thing:
    """Tell of a labeling job."""
    return call.services.objects.get(call.team_ids, "job", body.id)


ROUTES: Final = (
    Route("projects.info", project_info, IdForm, "reader"),
    Route("projects.list", list_projects, ProjectsForm, "reader"),
    Route("projects.editInfo", edit_project, EditForm, "writer"),
    Route("projects.versions.list", list_versions, VersionsForm, "reader"),
    Route("datasets.info", dataset_info, IdForm, "reader"),
    Route("datasets.list", list_datasets, DatasetsForm, "reader"),
    Route("jobs.info", job_info, IdForm, "reader"),
)
