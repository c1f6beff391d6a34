"""Projects, their datasets, and labeling jobs."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field

from ..errors import RequestError
from ..pagination import page_answer
from ..params import Id, IdParams, ListFilter, Name, PageParams, Params
from ..route import RequestContext, Route
from ..store.database import Transaction
from .counts import count_items, newest_versions
from .objects import PlatformObject, PlatformObjects

#: The picture of projects and datasets, which the SDK expects all of them to have.
PREVIEW_URL: Final = "/favicon.svg"


class ProjectsForm(PageParams):
    """Whose projects to list: of a workspace, or of a team (`groupId`)."""

    workspaceId: Id | None = None
    groupId: Id | None = None


class DatasetsForm(PageParams):
    """Which project's datasets; those inside others too when recursive."""

    projectId: Id
    recursive: bool | None = False
    parentId: Id | None = None
    extraFields: list[Name] | None = Field(default=None, max_length=100)


class DatasetForm(IdParams):
    """A dataset, and further fields to return."""

    extraFields: list[Name] | None = Field(default=None, max_length=100)


class MetaForm(IdParams):
    """A project's new classes and tags."""

    meta: dict[str, Any]


class SettingsForm(IdParams):
    """A project's new settings."""

    settings: dict[str, Any]


class ImagesForm(PageParams):
    """Which dataset's images."""

    datasetId: Id | None = None
    projectId: Id | None = None


class JobsForm(PageParams):
    """Which team's labeling jobs."""

    teamId: Id
    showDisabled: bool | None = False


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
            "referenceImageUrl": project.get("referenceImageUrl") or PREVIEW_URL,
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


def project_meta(call: RequestContext, body: IdParams) -> PlatformObject:
    """Return a project's classes and tags."""
    project = call.services.objects.get(call.team_ids, "project", body.id)
    kept = call.services.objects.find((project["teamId"],), "project_meta", body.id)
    empty = {"classes": [], "tags": [], "projectType": project["type"]}
    return empty if kept is None else dict(kept["meta"])


def update_meta(call: RequestContext, body: MetaForm) -> PlatformObject:
    """Replace a project's classes and tags; new ones get ids."""
    objects = call.services.objects
    project = objects.get(call.team_ids, "project", body.id)
    meta = {"projectType": project["type"], **body.meta}
    for name in ("classes", "tags"):
        meta[name] = _numbered(meta.get(name) or [], name)
    with objects.db.write() as tx:
        kept = objects.find((project["teamId"],), "project_meta", body.id)
        if kept is None:
            objects.add(
                tx, project["teamId"], "project_meta", {"meta": meta}, id=body.id
            )
        else:
            objects.change(tx, kept, "project_meta", {"meta": meta})
        objects.change(tx, project, "project", {})
    return meta


def _numbered(entries: Any, name: str) -> list[Any]:
    """Number each class or tag without an id by the next free one."""
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise RequestError(
            400, f"{name} are objects", field=f"meta.{name}", value=entries,
            allowed="an array of objects",
        )  # fmt: skip
    taken = [entry["id"] for entry in entries if isinstance(entry.get("id"), int)]
    number = max(taken, default=0)
    shown = []
    for entry in entries:
        has_id = isinstance(entry.get("id"), int)
        number += 0 if has_id else 1
        shown.append(entry if has_id else {**entry, "id": number})
    return shown


def update_settings(call: RequestContext, body: SettingsForm) -> PlatformObject:
    """Replace a project's settings."""
    objects = call.services.objects
    project = objects.get(call.team_ids, "project", body.id)
    with objects.db.write() as tx:
        changed = objects.change(tx, project, "project", {"settings": body.settings})
    return with_counts(call, changed)


def project_stats(call: RequestContext, body: IdParams) -> PlatformObject:
    """Count a project's items; objects and tags on them are not kept here."""
    project = project_info(call, body)
    objects = call.services.objects
    with objects.db.read() as tx:
        datasets = objects.children(tx, project, "dataset")
    listed = [
        {"id": one["id"], "name": one["name"], "imagesCount": one["itemsCount"]}
        for one in datasets
    ]
    total = project["itemsCount"]
    marked = {"imagesMarked": 0, "imagesNotMarked": total}
    return {
        "images": {"total": {"imagesInDataset": total, **marked}, "datasets": listed},
        "imageTags": {"total": {**marked}, "items": []},
        "objects": {"total": {"objectsInDataset": 0}, "items": []},
        "objectTags": {"total": {}, "items": []},
    }


def touch_project(
    objects: PlatformObjects, tx: Transaction, dataset: PlatformObject
) -> None:
    """Note that a project has changed, as one of its datasets has."""
    project = objects.find((dataset["teamId"],), "project", dataset["projectId"])
    if project is not None:
        objects.change(tx, project, "project", {})


def list_images(call: RequestContext, body: ImagesForm) -> dict[str, Any]:
    """List images of a dataset or a project: this instance keeps none."""
    objects = call.services.objects
    if body.datasetId is not None:
        objects.get(call.team_ids, "dataset", body.datasetId)
    elif body.projectId is not None:
        objects.get(call.team_ids, "project", body.projectId)
    return page_answer(body, [], 0)


def dataset_info(call: RequestContext, body: DatasetForm) -> PlatformObject:
    """Return a dataset, with what apps keep with it."""
    found = call.services.objects.get(call.team_ids, "dataset", body.id)
    is_kept = bool(found.get("customData")) or "customData" in (body.extraFields or ())
    return shown_dataset(found, is_kept)


def shown_dataset(dataset: PlatformObject, with_custom_data: bool) -> PlatformObject:
    """Return a dataset as a listing shows it: the SDK uses it as a key of a dict.

    So what apps keep with it, which is a dict, is in a list on request only.
    """
    shown = {**dataset, "referenceImageUrl": dataset.get("referenceImageUrl") or
             PREVIEW_URL}  # fmt: skip
    if not with_custom_data:
        shown.pop("customData", None)
    return shown


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
    is_kept = "customData" in (body.extraFields or ())
    shown = [shown_dataset(dataset, is_kept) for dataset in found]
    return page_answer(body, shown, total)


def list_jobs(call: RequestContext, body: JobsForm) -> dict[str, Any]:
    """List a team's labeling jobs."""
    found, total = call.services.objects.page((call.team(body.teamId),), "job", body)
    return page_answer(body, found, total)


def job_info(call: RequestContext, body: IdParams) -> PlatformObject:
    """Return a labeling job."""
    return call.services.objects.get(call.team_ids, "job", body.id)


ROUTES: Final = (
    Route("projects.info", project_info, IdParams, "reader"),
    Route("projects.list", list_projects, ProjectsForm, "reader"),
    Route("projects.editInfo", edit_project, EditForm, "writer"),
    Route("projects.meta", project_meta, IdParams, "reader"),
    Route("projects.meta.update", update_meta, MetaForm, "writer"),
    Route("projects.settings.update", update_settings, SettingsForm, "writer"),
    Route("projects.stats", project_stats, IdParams, "reader"),
    Route("images.list", list_images, ImagesForm, "reader"),
    Route("datasets.info", dataset_info, DatasetForm, "reader"),
    Route("jobs.list", list_jobs, JobsForm, "reader"),
    Route("datasets.list", list_datasets, DatasetsForm, "reader"),
    Route("jobs.info", job_info, IdParams, "reader"),
)
