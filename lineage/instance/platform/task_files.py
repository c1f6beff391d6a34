"""Files of a task, sent once each: bytes that are there already go by their hash."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import Field, RootModel

from ...errors import logger
from ..blobs import Blob, from_hash
from ..errors import RequestError
from ..multipart import read_parts
from ..params import Id, NoParams, Params, PathText
from ..route import RequestContext, Route
from .files import clean_path
from .task_logs import own_task

_Hash = Annotated[str, Field(max_length=200)]


class KnownFile(Params):
    """A name for bytes that are there already."""

    name: PathText
    hash: _Hash


class ByHashForm(Params):
    """Files by their hashes."""

    taskId: Id
    files: list[KnownFile] = Field(max_length=10_000)


class Hashes(RootModel[Annotated[list[_Hash], Field(max_length=10_000)]]):
    """Hashes, as a bare array."""


def list_hashes(call: RequestContext, body: Hashes) -> list[str]:
    """Return which of the hashes stand for bytes that the team has."""
    digests = {hash: from_hash(hash) for hash in body.root}
    known = call.services.objects.known_digests(
        call.team_ids, [digest for digest in digests.values() if digest]
    )
    return [hash for hash, digest in digests.items() if digest in known]


def add_by_hash(call: RequestContext, body: ByHashForm) -> dict[str, Any]:
    """Name bytes that are there already as files of a task, all or none."""
    task = call.services.tasks.get(call.team_ids, body.taskId, field="taskId")
    digests = [from_hash(file.hash) or "" for file in body.files]
    known = call.services.objects.known_digests((task["teamId"],), digests)
    for file, digest in zip(body.files, digests, strict=True):
        if digest not in known:
            raise RequestError(
                404,
                "no bytes of that hash are kept",
                field="files.hash",
                value=file.hash,
            )
    rows = [
        (file.name, Blob(digest, call.services.blobs.path(digest).stat().st_size))
        for file, digest in zip(body.files, digests, strict=True)
    ]
    return _keep(call, task, rows)


def upload(call: RequestContext, body: NoParams) -> dict[str, Any]:
    """Keep the files of a form for the task that `x-task-id` names."""
    task = own_task(call)
    names: dict[str, dict[str, Any]] = {}
    rows: list[tuple[str, Blob]] = []
    for part in read_parts(call.request):
        index, _, suffix = part.name.partition("-")
        if suffix != "file":
            names[index] = _description(part.text())
            continue
        blob = call.services.blobs.put_stream(part.stream)
        fields = names.get(index, {})
        if fields.get("hash") not in (None, blob.hash):
            raise RequestError(
                400, "the bytes of a file are not those of its hash",
                field=f"{index}.hash", allowed=blob.hash,
            )  # fmt: skip
        rows.append((str(fields.get("fullpath") or part.filename or index), blob))
    if not rows:
        raise RequestError(
            400, "the form holds no file", field="file", allowed="a file"
        )
    return _keep(call, task, rows)


def _description(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        logger.debug("a part of a form is no JSON: %s", error)
        value = None
    if not isinstance(value, dict):
        raise RequestError(
            400, "a file is described by an object", field="fullpath", value=value,
            allowed='{"fullpath": …, "hash": …}',
        )  # fmt: skip
    return value


def _keep(
    call: RequestContext, task: dict[str, Any], rows: Sequence[tuple[str, Blob]]
) -> dict[str, Any]:
    clean = [(clean_path(name, field="name"), blob) for name, blob in rows]
    with call.services.tasks.write() as tx:
        for name, blob in clean:
            tx.run(
                "INSERT INTO task_files (team_id, task_id, name, digest, size)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT (team_id, task_id, name)"
                " DO UPDATE SET digest = excluded.digest, size = excluded.size",
                (task["teamId"], task["id"], name, blob.digest, blob.size),
            )
    return {"files": [{"name": name, "hash": blob.hash} for name, blob in clean]}


ROUTES: Final = (
    Route("images.internal.hashes.list", list_hashes, Hashes, "reader"),
    Route("tasks.files.bulk.add-by-hash", add_by_hash, ByHashForm, "writer"),
    Route("tasks.files.bulk.upload", upload, NoParams, "writer", form="raw"),
)
