"""A platform that records what it is sent, and keeps what apps upload and create."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from api_recorder import Recorder, Reply, Request, page
from requests_toolbelt.multipart.decoder import MultipartDecoder

TEAM = 5
#: The parts of one file in an upload.
_TRIPLE = ["name", "path", "file"]


class StoringPlatform(Recorder):
    """Projects, datasets and Team Files as the platform answers for them.

    Ids that apps get are the next numbers after those that are there already.
    """

    def __init__(self) -> None:
        super().__init__()
        self.projects: dict[int, dict[str, Any]] = {}
        self.datasets: dict[int, dict[str, Any]] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        answers: dict[str, Callable[[Request], Any]] = {
            "projects.add": self._add_project,
            "projects.info": lambda r: self._found(self.projects, r.json["id"]),
            "projects.list": lambda r: self._listed(self.projects, r, "workspaceId"),
            "datasets.add": self._add_dataset,
            "datasets.info": lambda r: self._found(self.datasets, r.json["id"]),
            "datasets.list": lambda r: self._listed(self.datasets, r, "projectId"),
            "file-storage.bulk.upload": self._upload,
            "file-storage.list": self._list_files,
            "file-storage.info": self._file_info,
            "file-storage.download": lambda r: self.contents[r.json["path"]],
        }
        for method, answer in answers.items():
            self.on(method, answer)

    def add_project(self, id: int, **more: Any) -> None:
        """Keep a project from the start."""
        self.projects[id] = {
            "id": id, "name": f"Project {id}", "type": "images", "workspaceId": 3,
            "teamId": TEAM, "itemsCount": 0, "settings": {}, "version": None,
            "referenceImageUrl": f"{self.address}/image-converter/x", **more,
        }  # fmt: skip

    def add_dataset(self, id: int, project_id: int, name: str) -> None:
        """Keep a dataset from the start."""
        self.datasets[id] = {
            "id": id, "name": name, "projectId": project_id, "parentId": None,
            "itemsCount": 0, "teamId": TEAM, "workspaceId": 3,
        }  # fmt: skip

    def add_file(self, path: str, content: bytes, id: int | None = None) -> Any:
        """Keep a file from the start; return it as the platform shows it."""
        name, digest = path.rpartition("/")[2], hashlib.sha256(content).hexdigest()
        number = id or max((file["id"] for file in self.files.values()), default=0) + 1
        meta = {"size": len(content), "mime": "text/plain", "ext": name.split(".")[-1]}
        self.contents[path] = content
        self.files[path] = {
            "id": number, "path": path, "name": name, "teamId": TEAM, "userId": 1,
            "storagePath": f"/storage/{number}", "hash": digest, "isDir": False,
            "meta": meta, "fullStorageUrl": f"{self.address}/files/{number}",
        }  # fmt: skip
        return self.files[path]

    def _add_project(self, request: Request) -> Any:
        body, number = request.json, max(self.projects, default=0) + 1
        self.add_project(number, **body)
        return self.projects[number]

    def _add_dataset(self, request: Request) -> Any:
        body, number = request.json, max(self.datasets, default=0) + 1
        self.add_dataset(number, body["projectId"], body["name"])
        return self.datasets[number]

    def _found(self, objects: dict[int, dict[str, Any]], id: Any) -> Any:
        return objects.get(int(id)) or _missing(id)

    def _listed(self, objects: dict[int, Any], request: Request, parent: str) -> Any:
        """Return a page of the children, filtered by what the filters equal."""
        body = request.json
        wanted = {one["field"]: one["value"] for one in body.get("filter", ())}
        wanted[parent] = body.get(parent)
        return page(
            *[o for o in objects.values() if all(o[k] == v for k, v in wanted.items())]
        )

    def _upload(self, request: Request) -> Any:
        """Read the triples `name`, `path` and `file`; answer in their order."""
        assert parse_qs(request.query)["teamId"] == [str(TEAM)]
        parts = MultipartDecoder(request.body, request.headers["Content-Type"]).parts
        made = []
        for name, folder, file in zip(
            parts[::3], parts[1::3], parts[2::3], strict=True
        ):
            assert [_name_of(part) for part in (name, folder, file)] == _TRIPLE
            assert folder.text.endswith("/")
            made.append(self.add_file(folder.text + name.text, file.content))
        return made

    def _list_files(self, request: Request) -> Any:
        """List by prefix, as the platform: a file's own path lists the file."""
        path = request.json["path"]
        return [file for own, file in self.files.items() if own.startswith(path)]

    def _file_info(self, request: Request) -> Any:
        id = int(request.json["id"])
        found = [file for file in self.files.values() if file["id"] == id]
        return found[0] if found else _missing(id)


def _name_of(part: Any) -> str:
    return str(part.headers[b"Content-Disposition"]).split('name="')[1].split('"')[0]


def _missing(id: Any) -> Reply:
    body = {"error": "NOT_FOUND", "details": {"message": f"there is no {id}"}}
    return Reply(404, json.dumps(body).encode())
