"""Archived projects and datasets, and their removal for good.

What was archived is in no list and has no endpoint of its own, but it is kept, so
that only what was archived can be removed for good. The graph keeps its history.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from ..errors import RequestError, not_found
from ..params import Id, IdParams, Params, Text
from ..route import RequestContext, Route
from ..store.database import Transaction
from .objects import PlatformObject, PlatformObjects, archived
from .projects import touch_project

#: How many projects or datasets one request removes, as on the platform.
MAX_REMOVED: Final = 50


def _item(value: Any) -> Any:
    return value if isinstance(value, dict) else {"id": value}


class RemovedItem(Params):
    """A project or dataset to remove; for a project, where a copy of its data is."""

    id: Id
    archiveUrl: Text | None = None
    annotationsArchiveUrl: Text | None = None


Removed = Annotated[RemovedItem, BeforeValidator(_item)]


class RemoveProjectsForm(Params):
    """Which projects to remove for good."""

    projects: list[Removed] = Field(min_length=1, max_length=MAX_REMOVED)


class RemoveDatasetsForm(Params):
    """Which datasets to remove for good."""

    datasets: list[Removed] = Field(min_length=1, max_length=MAX_REMOVED)


class RemoveWorkspacesForm(Params):
    """Which workspaces to remove for good."""

    workspacesIds: list[Id] = Field(min_length=1, max_length=MAX_REMOVED)


def archive_project(call: RequestContext, body: IdParams) -> dict[str, Any]:
    """Archive a project with its datasets."""
    objects = call.services.objects
    project = objects.get(call.team_ids, "project", body.id)
    with objects.db.write() as tx:
        _archive_project(objects, tx, project)
    return {"success": True}


def _archive_project(
    objects: PlatformObjects, tx: Transaction, project: PlatformObject
) -> None:
    for dataset in objects.children(tx, project, "dataset"):
        objects.archive(tx, dataset, "dataset")
    objects.archive(tx, project, "project")


def archive_dataset(call: RequestContext, body: IdParams) -> dict[str, Any]:
    """Archive a dataset."""
    objects = call.services.objects
    dataset = objects.get(call.team_ids, "dataset", body.id)
    with objects.db.write() as tx:
        objects.archive(tx, dataset, "dataset")
        touch_project(objects, tx, dataset)
    return {"success": True}


def archive_workspace(call: RequestContext, body: IdParams) -> dict[str, Any]:
    """Archive the projects of a workspace, which is there as long as one lies in it."""
    objects, team = call.services.objects, call.team()
    with objects.db.write() as tx:
        for project in objects.listing((team,), "project", parent_id=body.id):
            _archive_project(objects, tx, project)
    return {"success": True}


def remove_projects(call: RequestContext, body: RemoveProjectsForm) -> dict[str, Any]:
    """Remove archived projects; of one with a link to a copy, remove the data only."""
    objects = call.services.objects
    copied = [item for item in body.projects if item.archiveUrl is not None]
    emptied = [
        (objects.get(call.team_ids, "project", item.id), item) for item in copied
    ]
    removed = _archived_objects(
        call, "project", (item.id for item in body.projects if item.archiveUrl is None)
    )
    _require_one_team("projects", [*removed, *(project for project, _ in emptied)])
    with objects.db.write() as tx:
        for project, item in emptied:
            _remove_datasets_of(objects, tx, project, "dataset")
            links = item.model_dump(exclude={"id"}, exclude_none=True)
            objects.change(tx, project, "project", {"backupArchive": links})
        for project in removed:
            _remove_project(objects, tx, project)
    return {"success": True}


def remove_datasets(call: RequestContext, body: RemoveDatasetsForm) -> dict[str, Any]:
    """Remove archived datasets."""
    objects = call.services.objects
    removed = _archived_objects(call, "dataset", (item.id for item in body.datasets))
    _require_one_team("datasets", removed)
    with objects.db.write() as tx:
        for dataset in removed:
            objects.delete(tx, dataset, archived("dataset"))
    return {"success": True}


def remove_workspaces(
    call: RequestContext, body: RemoveWorkspacesForm
) -> dict[str, Any]:
    """Remove the archived projects of workspaces in which no other ones lie."""
    objects, team = call.services.objects, call.team()
    for id in body.workspacesIds:
        if objects.listing((team,), "project", parent_id=id):
            raise _not_archived("workspace", id)
    with objects.db.write() as tx:
        for id in body.workspacesIds:
            for project in objects.listing((team,), archived("project"), parent_id=id):
                _remove_project(objects, tx, project)
    return {"success": True}


def _archived_objects(
    call: RequestContext, kind: str, ids: Iterable[int]
) -> list[PlatformObject]:
    """Return archived objects.

    Raises:
        RequestError: One is not archived, or not known.
    """
    objects, found = call.services.objects, []
    for id in dict.fromkeys(ids):
        one = objects.find(call.team_ids, archived(kind), id)
        if one is None and objects.find(call.team_ids, kind, id) is not None:
            raise _not_archived(kind, id)
        if one is None:
            raise not_found(f"archived {kind}", id)
        found.append(one)
    return found


def _not_archived(kind: str, id: int) -> RequestError:
    return RequestError(
        400,
        f"{kind} {id} is not archived: archive it first ({kind}s.archive)",
        field=f"{kind}s",
    )


def _require_one_team(field: str, found: list[PlatformObject]) -> None:
    if len({one["teamId"] for one in found}) > 1:
        raise RequestError(
            400, f"the {field} belong to several teams", field=field,
            allowed=f"{field} of one team in each request",
        )  # fmt: skip


def _remove_project(
    objects: PlatformObjects, tx: Transaction, project: PlatformObject
) -> None:
    _remove_datasets_of(objects, tx, project, archived("dataset"))
    objects.delete(tx, project, "project_meta")
    objects.delete(tx, project, archived("project"))


def _remove_datasets_of(
    objects: PlatformObjects, tx: Transaction, project: PlatformObject, kind: str
) -> None:
    for dataset in objects.children(tx, project, kind):
        objects.delete(tx, dataset, kind)


ROUTES: Final = (
    Route("projects.archive", archive_project, IdParams, "writer"),
    Route("datasets.archive", archive_dataset, IdParams, "writer"),
    Route("workspaces.archive", archive_workspace, IdParams, "writer"),
    Route("projects.remove.permanently", remove_projects, RemoveProjectsForm, "admin"),
    Route("datasets.remove.permanently", remove_datasets, RemoveDatasetsForm, "admin"),
    Route(
        "workspaces.remove.permanently", remove_workspaces, RemoveWorkspacesForm,
        "admin",
    ),
)  # fmt: skip
