"""Tasks: their info, start, stop, status and meta."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, ConfigDict, Field

from ..errors import RequestError
from ..pagination import page_answer
from ..params import Id, IdParams, PageParams, Params, PathText
from ..route import RequestContext, Route
from .modules import app_of_module
from .task_records import DEFAULT_WORKSPACE, STATUSES, Info, get_part, put_part

_NewName = Annotated[str, Field(max_length=1024)]


def _status(value: Any) -> Any:
    if value not in STATUSES:
        raise ValueError(f"allowed: {', '.join(STATUSES)}")
    return value


class TasksForm(PageParams):
    """Which workspace's tasks."""

    workspaceId: Id


class RunForm(Params):
    """An app to start."""

    agentId: Id | None = None
    workspaceId: Id | None = None
    description: _NewName = ""
    params: dict[str, Any] = Field(default_factory=dict)
    logLevel: _NewName = "info"
    usersIds: list[Id] = Field(default=[], max_length=1000)
    appVersion: _NewName | None = None
    isBranch: bool = False
    taskName: _NewName = "run-from-python"
    restartPolicy: _NewName = "never"
    moduleId: Id | None = None
    appId: Id | None = None


class StatusForm(Params):
    """A task's new status."""

    id: Id
    status: Annotated[str, BeforeValidator(_status)]


class MetaForm(IdParams):
    """What changes in a task's meta: every key that is given."""

    model_config = ConfigDict(extra="allow", frozen=True)


class DirectForm(Params):
    """A command for a running app."""

    taskId: Id
    command: PathText


def info(call: RequestContext, body: IdParams) -> Info:
    """Return a task.

    A client that names its own task, in `x-task-id`, may request it before its
    first edge made it known.
    """
    found = call.services.tasks.find(call.team_ids, body.id)
    if found is None and call.request.headers.get("x-task-id") == str(body.id):
        return _not_yet(call, body.id)
    return found or call.services.tasks.get(call.team_ids, body.id)


def _not_yet(call: RequestContext, id: int) -> Info:
    return {
        "id": id,
        "teamId": call.team(),
        "workspaceId": DEFAULT_WORKSPACE,
        "description": "",
        "type": "app",
        "status": "started",
        "startedAt": None,
        "finishedAt": None,
        "userId": 1,
        "meta": {"app": {}},
        "settings": {"message": {"state": {}}},
    }


def list_tasks(call: RequestContext, body: TasksForm) -> dict[str, Any]:
    """List a workspace's tasks."""
    found, total = call.services.tasks.page(
        call.team_ids, body, workspace_id=body.workspaceId
    )
    return page_answer(body, found, total)


def run_app(call: RequestContext, body: RunForm) -> list[dict[str, Any]]:
    """Start an app: nothing runs here, but a task is there to be worked with."""
    if (body.moduleId is None) == (body.appId is None):
        raise RequestError(
            400, "an app is started by moduleId or by appId", field="moduleId",
            allowed="exactly one of moduleId and appId",
        )  # fmt: skip
    app = _app(call, body)
    team_id = app["teamId"]
    info = {
        "workspaceId": body.workspaceId,
        "description": body.description,
        "agentId": body.agentId,
        "settings": {"message": {"state": body.params.get("state", {})}},
        **session_info(
            app,
            body.taskName,
            version=body.appVersion,
            is_branch=body.isBranch,
            log_level=body.logLevel,
            params=body.params,
            restart_policy=body.restartPolicy,
        ),
    }
    task = call.services.tasks.create(
        team_id, body.taskName, info, user=call.principal.user
    )
    ids = {"moduleId": app["moduleId"], "appId": app["id"]}
    return [{"taskId": task["id"], "userId": 1, **ids}]


def _app(call: RequestContext, body: RunForm) -> dict[str, Any]:
    objects = call.services.objects
    if body.appId is not None:
        return objects.get(call.team_ids, "app", body.appId)
    assert body.moduleId is not None
    return app_of_module(objects, objects.get(call.team_ids, "module", body.moduleId))


def session_info(
    app: dict[str, Any],
    name: str,
    *,
    version: str | None,
    is_branch: bool = False,
    log_level: str = "info",
    params: dict[str, Any] | None = None,
    restart_policy: str = "never",
) -> Info:
    """Return what a task that runs an app shows of the app and of its session."""
    return {
        "appId": app["id"],
        "moduleId": app["moduleId"],
        "meta": {
            "app": {
                "id": app["id"],
                "moduleId": app["moduleId"],
                "name": app["name"],
                "version": version,
                "isBranch": is_branch,
                "logLevel": log_level,
            },
            "name": name,
            "params": params or {"state": {}},
            "restartPolicy": restart_policy,
            # It opens nothing here, but apps build addresses with it.
            "sessionToken": secrets.token_urlsafe(32),
        },
    }


def stop(call: RequestContext, body: IdParams) -> dict[str, Any]:
    """Stop a task."""
    task = call.services.tasks.get(call.team_ids, body.id)
    if task["status"] not in ("finished", "error", "stopped"):
        call.services.tasks.set_status(task["teamId"], body.id, "stopped")
        task = call.services.tasks.get(call.team_ids, body.id)
    return {"id": body.id, "status": task["status"]}


def update_status(call: RequestContext, body: StatusForm) -> dict[str, Any]:
    """Change a task's status."""
    task = call.services.tasks.get(call.team_ids, body.id)
    call.services.tasks.set_status(task["teamId"], body.id, body.status)
    return {"id": body.id, "status": body.status}


def update_meta(call: RequestContext, body: MetaForm) -> dict[str, Any]:
    """Change a task's meta: given keys replace existing ones."""
    task = call.services.tasks.get(call.team_ids, body.id)
    given = dict(body.model_extra or {})
    with call.services.tasks.write() as tx:
        kept = get_part(tx, task["teamId"], body.id, "info")
        kept["meta"] = {**kept.get("meta", {}), **given}
        put_part(tx, task["teamId"], body.id, "info", kept)
    return {"id": body.id}


def direct(call: RequestContext, body: DirectForm) -> dict[str, Any]:
    """Refuse to reach a running app: this instance runs none."""
    call.services.tasks.get(call.team_ids, body.taskId, field="taskId")
    raise RequestError(
        400,
        f"the app of task {body.taskId} cannot be reached: this instance runs no apps",
        field="taskId",
    )


ROUTES: Final = (
    Route("tasks.info", info, IdParams, "reader"),
    Route("tasks.list", list_tasks, TasksForm, "reader"),
    Route("tasks.run.app", run_app, RunForm, "writer"),
    Route("tasks.stop", stop, IdParams, "writer"),
    Route("tasks.status.update", update_status, StatusForm, "writer"),
    Route("tasks.meta.update", update_meta, MetaForm, "writer"),
    Route("tasks.request.direct", direct, DirectForm, "writer"),
)
