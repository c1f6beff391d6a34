"""Projects, their versions and datasets, and labeling jobs."""

from __future__ import annotations

from typing import Any, Final

from ..forms import Form, Id, IdForm, PageForm
from ..objects import Thing
from ..paging import page
from ..route import Call, Route


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
    objects = call.services.objects
    team_ids = (project["teamId"],)
    datasets = objects.listing(team_ids, "dataset", parent_id=project["id"])
    versions = objects.listing(team_ids, "project_version", parent_id=project["id"])
    items = sum(int(d.get("itemsCount") or 0) for d in datasets)
    newest = max(versions, key=lambda v: int(v["version"]), default=None)
    return {
        **project,
        "datasetsCount": len(datasets),
        "itemsCount": items,
        "imagesCount": items,
        "version": newest and {"id": newest["id"], "version": newest["version"]},
    }


def list_projects(call: Call, body: ProjectsForm) -> dict[str, Any]:
    """List the projects of a workspace, a team, or all that may be seen."""
    teams = call.team_ids if body.groupId is None else (
        call.team(body.groupId, field="groupId"),
    )  # fmt: skip
    found = call.services.objects.listing(teams, "project")
    if body.workspaceId is not None:
        found = [p for p in found if p.get("workspaceId") == body.workspaceId]
    answer = page(found, body)
    answer["entities"] = [with_counts(call, p) for p in answer["entities"]]
    return answer


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
    found = call.services.objects.listing(
        (project["teamId"],), "project_version", parent_id=project["id"]
    )
    return page(found, body)


def dataset_info(call: Call, body: IdForm) -> Thing:
    """Tell of a dataset."""
    return call.services.objects.get(call.team_ids, "dataset", body.id)


def list_datasets(call: Call, body: DatasetsForm) -> dict[str, Any]:
    """List a project's datasets."""
    project = call.services.objects.get(call.team_ids, "project", body.projectId)
    found = call.services.objects.listing(
        (project["teamId"],), "dataset", parent_id=project["id"]
    )
    if not body.recursive:
        found = [d for d in found if d.get("parentId") == body.parentId]
    return page(found, body)


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
