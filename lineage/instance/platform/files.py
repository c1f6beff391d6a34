"""Team Files: real bytes under paths, and folders that follow from the paths."""

from __future__ import annotations

import mimetypes
import posixpath
from typing import Any, Final

from pydantic import Field

from ..blobs import Blob, send_file
from ..errors import RequestError, not_found
from ..http import InstanceResponse
from ..multipart import MultipartPart, read_parts
from ..params import Id, IdParams, Params, PathText
from ..route import RequestContext, Route
from .objects import PlatformObject

#: Files uploaded in one request, at most.
MAX_FILES: Final = 1000


class FilesForm(Params):
    """Which file, or which folder's files."""

    teamId: Id
    path: PathText
    recursive: bool | None = True


class PathForm(Params):
    """One file or folder."""

    teamId: Id
    path: PathText


class PathsForm(Params):
    """Several files or folders."""

    teamId: Id
    paths: list[PathText] = Field(max_length=10_000)


class UploadForm(Params):
    """Where uploaded files go: `path`, when the body is bare bytes."""

    teamId: Id
    path: PathText | None = None


class AgentForm(Params):
    """A folder on an agent's machine."""

    id: Id
    teamId: Id | None = None
    path: PathText


def clean_path(text: str, *, field: str = "path") -> str:
    """Return a path of Team Files in its one form.

    Raises:
        RequestError: It leads out of Team Files, or holds control characters.
    """
    if any(ord(character) < 32 for character in text) or ".." in text.split("/"):
        raise RequestError(
            400,
            "the path leads out of Team Files or holds control characters",
            field=field,
            value=text,
            allowed="an absolute path without `..`",
        )
    clean = posixpath.normpath("/" + text.strip("/"))
    return clean + "/" if text.endswith("/") and clean != "/" else clean


def list_files(call: RequestContext, body: FilesForm) -> list[PlatformObject]:
    """List a file, or the files below a folder."""
    team_id, path = call.team(body.teamId), clean_path(body.path)
    objects = call.services.objects
    exact = objects.at_path((team_id,), "file", path.rstrip("/") or "/")
    if exact is not None:
        return [exact]
    folder = path.rstrip("/") + "/"
    if body.recursive is not False:
        return objects.listing((team_id,), "file", prefix=folder)
    files, inner = objects.below(team_id, folder)
    level = {name: _folder(f"{folder}{name}/", team_id) for name in inner}
    level |= {str(file["path"])[len(folder) :]: file for file in files}
    return [level[name] for name in sorted(level)]


def _folder(path: str, team_id: int) -> PlatformObject:
    name = posixpath.basename(path.rstrip("/"))
    return {"id": None, "teamId": team_id, "name": name, "path": path, "isDir": True}


def file_info(call: RequestContext, body: IdParams) -> PlatformObject:
    """Return a file."""
    return call.services.objects.get(call.team_ids, "file", body.id)


def upload(
    call: RequestContext, body: UploadForm
) -> list[PlatformObject] | PlatformObject:
    """Keep one file: a form's, or the body's bytes under `path`."""
    team_id = call.team(body.teamId)
    if body.path is None:
        return _upload_form(call, team_id)[0]
    raw = call.request.body
    blobs = call.services.blobs
    blob = blobs.put([raw]) if isinstance(raw, bytes) else blobs.put_stream(raw)
    return _keep(call, team_id, [(_file_path(body.path), blob)])[0]


def bulk_upload(call: RequestContext, body: UploadForm) -> list[PlatformObject]:
    """Keep the files of a form, all or none."""
    return _upload_form(call, call.team(body.teamId))


def _upload_form(call: RequestContext, team_id: int) -> list[PlatformObject]:
    files: list[tuple[str, Blob]] = []
    name, folder = "", "/"
    for part in read_parts(call.request):
        if part.name == "name":
            name = part.text(limit=4096)
        elif part.name == "path":
            folder = part.text(limit=4096)
        elif part.name == "file":
            if len(files) >= MAX_FILES:
                raise RequestError(413, f"more than {MAX_FILES} files in one request")
            path = _part_path(folder, name, part)
            files.append((path, call.services.blobs.put_stream(part.stream)))
            name = ""
    if not files:
        raise RequestError(
            400, "the form holds no file", field="file", allowed="a file"
        )
    return _keep(call, team_id, files)


def _part_path(folder: str, name: str, part: MultipartPart) -> str:
    given = name or part.filename or ""
    if not given or "/" in given:
        raise RequestError(
            400, "a file has a name without slashes", field="name", value=given,
            allowed="a file name",
        )  # fmt: skip
    if folder.endswith("/") or not folder:
        return _file_path(folder + given)
    return _file_path(folder)


def _file_path(text: str) -> str:
    path = clean_path(text)
    if path.endswith("/") or len(path) > 4096:
        raise RequestError(
            400, "the path names no file", field="path", value=text,
            allowed="a path of at most 4096 characters that ends in a file's name",
        )  # fmt: skip
    return path


def _keep(
    call: RequestContext, team_id: int, files: list[tuple[str, Blob]]
) -> list[PlatformObject]:
    with call.services.objects.db.write() as tx:
        return [
            call.services.objects.add(
                tx,
                team_id,
                "file",
                file_body(path, blob),
                path=path,
                digest=blob.digest,
            )
            for path, blob in files
        ]


def file_body(path: str, blob: Blob) -> PlatformObject:
    """Return what a file's endpoint shows of it."""
    name = posixpath.basename(path)
    return {
        "userId": None,
        "name": name,
        "hash": blob.hash,
        "path": path,
        "storagePath": f"/files{path}",
        "fullStorageUrl": f"/files{path}",
        "isDir": False,
        "meta": {
            "mime": mimetypes.guess_type(name)[0] or "application/octet-stream",
            "ext": posixpath.splitext(name)[1].lstrip("."),
            "size": blob.size,
        },
        "digest": blob.digest,
    }


def download(call: RequestContext, body: PathForm) -> InstanceResponse:
    """Send a file's bytes, or the range of them that is requested."""
    team_id, path = call.team(body.teamId), clean_path(body.path)
    file = call.services.objects.at_path((team_id,), "file", path)
    if file is None:
        raise not_found("file", path, field="path")
    place = call.services.blobs.path(file["digest"])
    headers = {"x-content-checksum-sha256": str(file["hash"])}
    return send_file(
        place, range_header=call.request.headers.get("range"), headers=headers
    )


def remove(call: RequestContext, body: PathForm) -> dict[str, Any]:
    """Remove a file, or all files below a folder."""
    return _remove(call, body.teamId, [body.path])


def bulk_remove(call: RequestContext, body: PathsForm) -> dict[str, Any]:
    """Remove several files or folders, all or none."""
    return _remove(call, body.teamId, body.paths)


def _remove(call: RequestContext, team: int, paths: list[str]) -> dict[str, Any]:
    team_id, objects = call.team(team), call.services.objects
    clean = [clean_path(path) for path in paths]
    with objects.db.write() as tx:
        gone = sum(
            objects.remove(tx, team_id, "file", path.rstrip("/"))
            + objects.remove_below(tx, team_id, path.rstrip("/") + "/")
            for path in clean
        )
    return {"removed": gone}


def agent_files(call: RequestContext, body: AgentForm) -> list[PlatformObject]:
    """List an agent's folder: this instance has no agents, so nothing is there."""
    call.team(body.teamId)
    return []


ROUTES: Final = (
    Route("file-storage.list", list_files, FilesForm, "reader"),
    Route("file-storage.info", file_info, IdParams, "reader"),
    Route("file-storage.upload", upload, UploadForm, "writer", form="raw"),
    Route("file-storage.bulk.upload", bulk_upload, UploadForm, "writer", form="raw"),
    Route("file-storage.download", download, PathForm, "reader"),
    Route("file-storage.remove", remove, PathForm, "writer"),
    Route("file-storage.bulk.remove", bulk_remove, PathsForm, "writer"),
    Route("agents.storage.list", agent_files, AgentForm, "reader"),
)
