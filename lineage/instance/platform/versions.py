"""Versions of projects: reserved, committed, given up and listed."""

from __future__ import annotations

import secrets
from datetime import datetime, timezone
from typing import Any, Final

from ..errors import RequestError
from ..pagination import page_answer
from ..params import Id, Name, PageParams, Params, Text
from ..route import RequestContext, Route
from .counts import newest_versions
from .objects import PlatformObject

#: How long a reservation keeps others out: its process may have died.
RESERVED_FOR_S: Final = 600.0
_RESERVATION: Final = "project_reservation"


class VersionsForm(PageParams):
    """Which project's versions."""

    projectId: Id


class ReserveForm(Params):
    """The project to make a version of."""

    projectId: Id


class ReservationForm(Params):
    """A reservation: its version's id and its token."""

    id: Id
    commitToken: Name


class CommitForm(ReservationForm):
    """What the reserved version is."""

    projectUpdatedAt: Name | None = None
    teamFileId: Id | None = None
    title: Text | None = None
    description: Text | None = None
    previewProjectId: Id | None = None


def list_versions(call: RequestContext, body: VersionsForm) -> dict[str, Any]:
    """List a project's versions."""
    project = call.services.objects.get(call.team_ids, "project", body.projectId)
    found, total = call.services.objects.page(
        (project["teamId"],), "project_version", body, parent_id=project["id"]
    )
    return page_answer(body, found, total)


def reserve(call: RequestContext, body: ReserveForm) -> dict[str, Any]:
    """Reserve a version, unless the project is unchanged since its last one."""
    objects = call.services.objects
    project = objects.get(call.team_ids, "project", body.projectId)
    _refuse_unchanged(call, project)
    with objects.db.write() as tx:
        for open_one in objects.children(tx, project, _RESERVATION):
            if _age_s(open_one) < RESERVED_FOR_S:
                raise RequestError(
                    400,
                    f"project {project['id']} is already committing a version",
                    field="projectId",
                )
            objects.delete(tx, open_one, _RESERVATION)
        made = objects.add(
            tx,
            project["teamId"],
            _RESERVATION,
            {"projectId": project["id"], "commitToken": secrets.token_urlsafe(24)},
            id=objects.free_number(tx, project["teamId"], "project_version"),
            parent_id=project["id"],
        )
    return {"id": made["id"], "commitToken": made["commitToken"]}


def _refuse_unchanged(call: RequestContext, project: PlatformObject) -> None:
    objects = call.services.objects
    key = (project["teamId"], project["id"])
    newest = newest_versions(objects.db, [key]).get(key)
    if newest is None:
        return
    version = objects.get((key[0],), "project_version", newest["id"])
    if version["projectUpdatedAt"] == project["updatedAt"]:
        raise RequestError(
            400,
            f"project {project['id']} is unchanged since version {newest['version']}",
            field="projectId",
            details={"useExistingVersion": True, "version": newest},
        )


def commit(call: RequestContext, body: CommitForm) -> dict[str, Any]:
    """Make the reserved version."""
    objects = call.services.objects
    reservation = _reservation(call, body)
    project = objects.get((reservation["teamId"],), "project", reservation["projectId"])
    shown = version_body(
        call,
        project,
        name=body.title,
        description=body.description or "",
        file_id=body.teamFileId,
        preview_id=body.previewProjectId,
    )
    if body.projectUpdatedAt is not None:
        shown["projectUpdatedAt"] = body.projectUpdatedAt
    with objects.db.write() as tx:
        objects.delete(tx, reservation, _RESERVATION)
        objects.add(
            tx, project["teamId"], "project_version", shown, id=body.id,
            parent_id=project["id"],
        )  # fmt: skip
    return {"success": True}


def cancel(call: RequestContext, body: ReservationForm) -> dict[str, Any]:
    """Cancel a reservation."""
    reservation = _reservation(call, body)
    with call.services.objects.db.write() as tx:
        call.services.objects.delete(tx, reservation, _RESERVATION)
    return {"success": True}


def version_body(
    call: RequestContext,
    project: PlatformObject,
    *,
    name: str | None = None,
    description: str = "",
    file_id: int | None = None,
    preview_id: int | None = None,
) -> dict[str, Any]:
    """Return what is shown of a project's next version."""
    key = (project["teamId"], project["id"])
    newest = newest_versions(call.services.objects.db, [key]).get(key)
    number = (newest["version"] if newest else 0) + 1
    return {
        "projectId": project["id"],
        "createdBy": 1,
        "teamFileId": file_id,
        "version": number,
        "description": description,
        "status": "committed",
        "projectUpdatedAt": project["updatedAt"],
        "name": name or f"v{number}",
        "previewProjectId": preview_id,
    }


def _reservation(call: RequestContext, body: ReservationForm) -> PlatformObject:
    found = call.services.objects.find(call.team_ids, _RESERVATION, body.id)
    if found is None or not secrets.compare_digest(
        str(found["commitToken"]).encode(), body.commitToken.encode()
    ):
        raise RequestError(
            400, f"version {body.id} is not reserved with this token", field="id"
        )
    return found


def _age_s(reservation: PlatformObject) -> float:
    made = datetime.fromisoformat(reservation["createdAt"].replace("Z", "+00:00"))
    return (datetime.now(timezone.utc) - made).total_seconds()


ROUTES: Final = (
    Route("projects.versions.list", list_versions, VersionsForm, "reader"),
    Route("projects.versions.reserve", reserve, ReserveForm, "writer"),
    Route("projects.versions.commit", commit, CommitForm, "writer"),
    Route("projects.versions.cancel-reservation", cancel, ReservationForm, "writer"),
)
