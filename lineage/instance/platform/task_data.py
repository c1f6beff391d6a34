"""What apps keep with their task: fields of its page, its output, its content."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field

from ..errors import RequestError
from ..pagination import lookup
from ..params import Id, Name, Params
from ..route import RequestContext, Route
from .task_records import get_part, put_part

#: Parts of a field's path, at most.
MAX_DEPTH: Final = 32


class Change(Params):
    """One field's new value."""

    field: Name
    payload: Any = None
    append: bool | None = False
    recursive: bool | None = False


class SetForm(Params):
    """Fields to set."""

    taskId: Id
    fields: list[Change] = Field(max_length=10_000)


class GetForm(Params):
    """Fields to give."""

    taskId: Id
    fields: list[Name] = Field(max_length=10_000)


class OutputForm(Params):
    """What the task's card shows as its result."""

    taskId: Id
    output: dict[str, Any]


class Content(Params):
    """A running app's new content."""

    data: list[Any] | dict[str, Any] | None = None
    state: dict[str, Any] | None = None


class ContentForm(Params):
    """What changes in a running app's content."""

    taskId: Id
    payload: Content


def set_fields(call: RequestContext, body: SetForm) -> dict[str, Any]:
    """Set fields, all or none."""
    task = call.services.tasks.get(call.team_ids, body.taskId, field="taskId")
    with call.services.tasks.write() as tx:
        kept = get_part(tx, task["teamId"], body.taskId, "fields")
        for change in body.fields:
            _set(kept, change)
        put_part(tx, task["teamId"], body.taskId, "fields", kept)
    return {"success": True}


def _set(kept: dict[str, Any], change: Change) -> None:
    *way, last = change.field.split(".")
    if len(way) >= MAX_DEPTH:
        raise RequestError(
            400, "the field lies too deep", field="fields.field", value=change.field,
            allowed=f"at most {MAX_DEPTH} names joined by dots",
        )  # fmt: skip
    place = kept
    for name in way:
        inner = place.get(name)
        if not isinstance(inner, dict):
            inner = place[name] = {}
        place = inner
    place[last] = _joined(place.get(last), change)


def _joined(old: Any, change: Change) -> Any:
    new = change.payload
    if change.append and isinstance(old, list):
        return [*old, *new] if isinstance(new, list) else [*old, new]
    if change.append and isinstance(old, str) and isinstance(new, str):
        return old + new
    if (change.append or change.recursive) and isinstance(old, dict):
        return {**old, **new} if isinstance(new, dict) else new
    return new


def get_fields(call: RequestContext, body: GetForm) -> dict[str, Any]:
    """Return fields; one that was never set is left out."""
    task = call.services.tasks.get(call.team_ids, body.taskId, field="taskId")
    kept = call.services.tasks.part(task["teamId"], body.taskId, "fields")
    found = {name: lookup(kept, name) for name in body.fields}
    return {"result": {k: v for k, v in found.items() if v is not None or k in kept}}


def set_output(call: RequestContext, body: OutputForm) -> dict[str, Any]:
    """Set what the task's card shows as its result."""
    task = call.services.tasks.get(call.team_ids, body.taskId, field="taskId")
    with call.services.tasks.write() as tx:
        kept = get_part(tx, task["teamId"], body.taskId, "info")
        kept["meta"] = {**kept.get("meta", {}), "output": body.output}
        put_part(tx, task["teamId"], body.taskId, "info", kept)
    return {"taskId": body.taskId, "output": body.output}


def set_content(call: RequestContext, body: ContentForm) -> dict[str, Any]:
    """Keep a running app's new content beside its fields."""
    task = call.services.tasks.get(call.team_ids, body.taskId, field="taskId")
    given = body.payload.model_dump(exclude_none=True)
    with call.services.tasks.write() as tx:
        kept = get_part(tx, task["teamId"], body.taskId, "content")
        if "state" in given:
            kept["state"] = {**kept.get("state", {}), **given["state"]}
        if "data" in given:
            kept["data"] = given["data"]
        put_part(tx, task["teamId"], body.taskId, "content", kept)
    return {"success": True}


ROUTES: Final = (
    Route("tasks.data.set", set_fields, SetForm, "writer"),
    Route("tasks.data.get", get_fields, GetForm, "reader"),
    Route("tasks.output.set", set_output, OutputForm, "writer"),
    Route("tasks.app-v2.data.set", set_content, ContentForm, "writer"),
)
