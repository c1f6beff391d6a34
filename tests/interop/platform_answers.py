"""Answers as the platform gives them, for both clients."""

from __future__ import annotations

from typing import Any

from api_recorder import Recorder, page

MODULE = {
    "id": 83, "slug": "a/b", "name": "App", "type": "app", "config": {}, "repo": "g",
    "createdAt": "x", "updatedAt": "y", "meta": {"releases": [{"version": "v1"}]},
}  # fmt: skip
APP = {"id": 4, "moduleId": 83, "name": "App", "createdBy": 1}
SESSION = {"id": 9, "createdBy": 1, "meta": {"name": "a", "app": {"id": 4}}}
PROJECT = {
    "id": 2, "name": "P", "type": "images", "itemsCount": 1, "workspaceId": 3,
    "referenceImageUrl": "http://h/image-converter/x", "teamId": 5, "settings": {},
}  # fmt: skip
VERSION = dict.fromkeys(
    ("projectId", "createdBy", "teamFileId", "description", "status", "createdAt",
     "updatedAt", "projectUpdatedAt", "teamId", "name", "previewProjectId"), 1
)  # fmt: skip
FILE = {
    "id": 31, "path": "/a/b.txt", "name": "b.txt", "teamId": 9, "userId": 1,
    "storagePath": "/s", "hash": None, "isDir": False,
    "meta": {"size": 7, "mime": "text/plain", "ext": "txt"},
}  # fmt: skip

JOB = {
    "id": 12, "name": "J", "teamId": 5, "projectId": 2, "status": "pending",
    "meta": {"classes": [{"name": "cat"}], "projectTags": [{"title": "t"}],
             "imageTags": [{"name": "good", "positive": True}],
             "range": {"start": 1, "end": None}},
}  # fmt: skip


def list_files(request: Any) -> list[Any]:
    """List nothing below a path that is free."""
    return [] if "/free" in request.json["path"] else [FILE]


ANSWERS: dict[str, Any] = {
    "instance.version": {"version": "6.18.3"},
    "tasks.info": {"id": 77, "teamId": 5, "status": "finished"},
    "projects.versions.list": page({**VERSION, "id": 900, "version": 4}),
    "file-storage.list": list_files,
    "jobs.info": JOB,
    "jobs.list": page(JOB),
    "projects.meta": {"classes": [], "tags": []},
    "projects.meta.update": {"classes": [], "tags": []},
    "projects.stats": {"images": {}},
    "projects.editInfo": PROJECT,
    "projects.remove.permanently": {"success": True},
    "datasets.remove.permanently": {"success": True},
    "projects.versions.reserve": {"id": 5, "commitToken": "c"},
    "projects.versions.commit": {"success": True},
    "projects.versions.cancel-reservation": {"success": True},
    "file-storage.info": FILE,
    "file-storage.bulk.upload": [FILE],
    "file-storage.download": b"content",
    "apps.list": page(APP),
    "apps.info": APP,
    "apps.tasks.list": page(SESSION),
    "ecosystem.info": MODULE,
    "ecosystem.list": page(MODULE),
    "ecosystem.file.download": b"content",
    "instance.get-render-previews-session-token": b"token",
    "GetTaskContext": {"team": {"id": 1}, "workspace": {"id": 2}},
    "tasks.stop": {"status": "stopped"},
    "tasks.request.direct": {"status": "ready", "running": True},
    "tasks.data.get": {"result": {"a": 1}},
    "tasks.log.download": [],
    "tasks.run.app": [{"taskId": 9, "userId": 1, "moduleId": 83, "appId": 4}],
    "tasks.list": page({"id": 1}),
    "images.internal.hashes.list": [],
    "projects.info": PROJECT,
    "projects.list": page(PROJECT),
    "projects.add": PROJECT,
    "datasets.add": {"id": 6, "itemsCount": 2},
    "datasets.info": {"id": 6, "itemsCount": 2},
    "datasets.list": page({"id": 6, "itemsCount": 2}),
}


def serve() -> Recorder:
    """Open a server that answers like the platform."""
    recorder = Recorder()
    for method, answer in ANSWERS.items():
        recorder.on(method, answer)
    return recorder
