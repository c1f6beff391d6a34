"""The platform's edges: one at a time, resent by clients on any doubt."""

from __future__ import annotations

import hashlib
import json
import time
from json.encoder import encode_basestring_ascii
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from ...model.ingest import BatchAnswer
from ...model.kinds import KINDS, WIRE_TYPES, Direction, from_wire, to_wire
from ..errors import RequestError
from ..http import JSON_HEADERS, InstanceResponse
from ..params import Id, Params, PathText
from ..route import Answer, RequestContext, Route, WriteRequest


def _task_node(value: Any) -> Any:
    if value != "task":
        raise ValueError("the node that an edge belongs to is always a task")
    return value


def _wire_type(value: Any) -> Any:
    if value not in WIRE_TYPES:
        raise ValueError(f"allowed: {', '.join(WIRE_TYPES)}")
    return value


def _data_id(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError("an id is a whole number, or text")
    return value


class TaskNode(Params):
    """The task that an edge belongs to."""

    type: Annotated[str, BeforeValidator(_task_node)] = "task"
    id: Id


class EdgeForm(Params):
    """One edge, as the platform's client sends it."""

    teamId: Id
    node: TaskNode
    type: Annotated[str, BeforeValidator(_wire_type)]
    id: Annotated[int | PathText, BeforeValidator(_data_id)] | None = None
    meta: dict[str, Any] | None = None


#: Kinds whose ids are numbers only; a file may be named by its path.
_NUMBERED: Final = frozenset(
    row.name for row in KINDS.values() if row.id_type == "int" and row.name != "file"
)
_encode: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_VERSION: Final = to_wire("project", is_version=True)


def add_input(call: RequestContext, body: EdgeForm) -> Answer:
    """Record that a task used an artifact."""
    return _store(call, _prepare(call, body, "input"))


def add_output(call: RequestContext, body: EdgeForm) -> Answer:
    """Record that a task produced an artifact."""
    return _store(call, _prepare(call, body, "output"))


def prepare_input(call: RequestContext, body: EdgeForm) -> WriteRequest | None:
    """Prepare an input, which shares its commit with edges of other requests."""
    return None if _needs_store(body) else _prepare(call, body, "input")


def prepare_output(call: RequestContext, body: EdgeForm) -> WriteRequest | None:
    """Prepare an output, which shares its commit with edges of other requests."""
    return None if _needs_store(body) else _prepare(call, body, "output")


def _needs_store(body: EdgeForm) -> bool:
    return body.type == _VERSION


def _prepare(
    call: RequestContext, body: EdgeForm, direction: Direction
) -> WriteRequest:
    team_id = call.team(body.teamId)
    fact = edge_fact(call, body, direction, team_id)

    def finish(answer: BatchAnswer) -> InstanceResponse:
        if answer.refused:
            refused = answer.refused[0]
            raise RequestError(
                400, refused.message, field=refused.field, allowed="see the message"
            )
        text = f'{{"success":true,"uid":"{fact["uid"]}"}}'
        return InstanceResponse(200, text.encode(), JSON_HEADERS)

    return WriteRequest(team_id, [fact], call.principal.user, finish)


def _store(call: RequestContext, prepared: WriteRequest) -> Answer:
    store = call.services.store
    return prepared.finish(
        store.ingest(prepared.team_id, prepared.facts, user=prepared.user)
    )


def edge_fact(
    call: RequestContext, body: EdgeForm, direction: Direction, team_id: int
) -> dict[str, Any]:
    """Put an edge of the platform into the one form of facts.

    Its uid is a digest of its content, so that a resent edge is stored once.
    """
    kind, is_version, is_model = from_wire(body.type)
    artifact, version_id = _identity(call, body, kind, is_version, team_id)
    fact: dict[str, Any] = {
        "f": "edge",
        "task": f"platform:{body.node.id}",
        "task_id": body.node.id,
        "at": time.time(),
        "dir": direction,
        "kind": kind,
        "id": artifact,
    }
    if is_model:
        fact["is_model"] = True
    if version_id is not None:
        fact["version_id"] = version_id
    if body.meta:
        fact["meta"] = body.meta
    fact["uid"] = _uid(team_id, body, direction, artifact)
    return fact


def _identity(
    call: RequestContext, body: EdgeForm, kind: str, is_version: bool, team_id: int
) -> tuple[int | str, int | None]:
    if body.id is None or body.id == "":
        raise RequestError(
            400, f"a {body.type} has an id", field="id", allowed="an id of the artifact"
        )
    artifact = body.id
    if isinstance(artifact, str) and artifact.isascii() and artifact.isdigit():
        artifact = int(artifact)
    if isinstance(artifact, str) and kind in _NUMBERED:
        raise RequestError(
            400, f"a {body.type} has a number", field="id", value=artifact,
            allowed="a whole number, or one as text",
        )  # fmt: skip
    if isinstance(artifact, int) and not 0 <= artifact < 2**63:
        raise RequestError(400, "the id is out of range", field="id", value=artifact,
                      allowed="0 to 9223372036854775807")  # fmt: skip
    if not is_version:
        return artifact, None
    assert isinstance(artifact, int)
    project = call.services.objects.project_of_version(team_id, artifact)
    # Clients name a pinned version by its own id alone; where its project was
    # never registered, the version stands for it.
    return (f"version-{artifact}" if project is None else project), artifact


def _uid(team_id: int, body: EdgeForm, direction: str, artifact: int | str) -> str:
    # The JSON array of the six, put together: to encode it costs as much as to check
    # the request.
    named = artifact if isinstance(artifact, int) else encode_basestring_ascii(artifact)
    meta = "null" if body.meta is None else _encode(body.meta)
    text = f'[{team_id},{body.node.id},"{direction}","{body.type}",{named},{meta}]'
    return "wire:" + hashlib.sha256(text.encode()).hexdigest()[:40]


ROUTES = (
    Route(
        "workflow.node.add-input",
        add_input,
        EdgeForm,
        "writer",
        prepare=prepare_input,
    ),
    Route(
        "workflow.node.add-output",
        add_output,
        EdgeForm,
        "writer",
        prepare=prepare_output,
    ),
)
