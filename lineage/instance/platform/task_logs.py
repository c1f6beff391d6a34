"""A task's log: lines are added by the task itself and read back from a time on."""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from ...model.limits import MAX_NAME, MAX_TEXT
from ..errors import RequestError
from ..params import Id, Params
from ..route import RequestContext, Route
from .objects import kept_text

#: Lines in one request, at most.
MAX_LINES: Final = 10_000

#: What a line has of its own; everything else is kept beside it.
_OWN_FIELDS: Final = frozenset({"message", "timestamp", "level", "task_id"})
_AN_ID: Final[TypeAdapter[int]] = TypeAdapter(Id)


class LogsForm(Params):
    """Lines of the log of the task that `x-task-id` names."""

    logs: list[dict[str, Any]] = Field(max_length=MAX_LINES)


def _limit(value: Any) -> Any:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:10])
    return value


class ReadForm(Params):
    """Which lines of a task's log."""

    id: Id
    sinceTime: Annotated[str, Field(max_length=64)] | None = None
    limit: Annotated[int, BeforeValidator(_limit), Field(ge=0)] | None = None


def own_task(call: RequestContext) -> dict[str, Any]:
    """Return the task that the request's `x-task-id` names."""
    given = call.request.headers.get("x-task-id", "")
    try:
        task_id = _AN_ID.validate_python(given)
    except ValidationError as error:
        raise RequestError(
            400, "the header x-task-id names no task", field="x-task-id", value=given,
            allowed="a task's id",
        ) from error  # fmt: skip
    return call.services.tasks.get(call.team_ids, task_id, field="x-task-id")


def add(call: RequestContext, body: LogsForm) -> dict[str, Any]:
    """Keep lines of a task's log."""
    task = own_task(call)
    lines = [_line(log) for log in body.logs]
    call.services.tasks.log(task["teamId"], task["id"], lines)
    return {"success": True}


def _line(log: dict[str, Any]) -> tuple[float, str, str, dict[str, Any]]:
    message = log.get("message")
    text = message if isinstance(message, str) else json.dumps(log)
    at = _moment(str(log.get("timestamp", "")))
    level = str(log.get("level", "info"))[:MAX_NAME]
    fields = {name: value for name, value in log.items() if name not in _OWN_FIELDS}
    if len(kept_text(fields)) > MAX_TEXT:
        raise RequestError(
            400, "a line's further fields are too long", field="logs",
            allowed=f"at most {MAX_TEXT} characters of JSON for each line",
        )  # fmt: skip
    return time.time() if at is None else at, level, text[:MAX_TEXT], fields


def _moment(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text[:64].replace("Z", "+00:00"))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return max(moment.timestamp(), 0.0)
    except (ValueError, OverflowError):
        return None


def read(call: RequestContext, body: ReadForm) -> list[dict[str, Any]]:
    """Return a task's log; a limit of 0 is none."""
    since = 0.0
    if body.sinceTime:
        moment = _moment(body.sinceTime)
        if moment is None:
            raise RequestError(
                400, "the time cannot be read", field="sinceTime",
                value=body.sinceTime, allowed="a time as 2026-03-30T14:28:58.816Z",
            )  # fmt: skip
        since = moment
    task = call.services.tasks.get(call.team_ids, body.id)
    lines = call.services.tasks.read_log(task["teamId"], body.id, since)
    return lines[: body.limit] if body.limit else lines


ROUTES: Final = (
    Route("tasks.logs.add", add, LogsForm, "writer"),
    Route("tasks.log.download", read, ReadForm, "reader", verb="GET", form="query"),
)
