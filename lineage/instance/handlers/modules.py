"""App modules of the ecosystem, the apps made of them, and their sessions."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Annotated, Any, Final

from pydantic import Field

from ..forms import Form, Id, IdForm, Name, PageForm
from ..message import InstanceResponse
from ..objects import Objects, Thing
from ..paging import page
from ..problems import Refusal
from ..route import Call, Route

_RUNNING: Final = ("queued", "consumed", "started", "deployed")


class ModuleForm(Form):
    """A module by its id or slug."""

    id: Id | None = None
    slug: Name | None = None
    version: str | None = None


class ModulesForm(PageForm):
    """Which modules."""

    search: Annotated[str, Field(max_length=1024)] | None = None
    categories: list[str] | None = Field(default=None, max_length=100)
    categoriesOperation: str = "or"


class AppsForm(PageForm):
    """Which team's apps."""

    teamId: Id
    onlyRunning: bool | None = False
    showDisabled: bool | None = False
    repositoryKey: str | None = None


class SessionsForm(PageForm):
    """Which app's sessions."""

    teamId: Id
    appId: Id


class DownloadForm(Form):
    """A file of a module, or all of it as an archive."""

    moduleId: Id | None = None
    appId: Id | None = None
    version: str | None = None
    filePath: Annotated[str, Field(max_length=4096)] | None = None
    fileKey: Annotated[str, Field(max_length=4096)] | None = None
    isArchive: bool = False


def app_of_module(objects: Objects, module: Thing) -> Thing:
    """Give the team's app of a module, made when it is started first."""
    teams = (module["teamId"],)
    for app in objects.listing(teams, "app", parent_id=module["id"]):
        return app
    body = {
        "createdBy": 1,
        "moduleId": module["id"],
        "disabled": False,
        "userLogin": None,
        "config": module["config"],
        "name": module["name"],
        "slug": module["slug"],
        "isShared": False,
        "repo": module.get("repo"),
    }
    with objects.db.write() as tx:
        return objects.add(tx, module["teamId"], "app", body, parent_id=module["id"])


def module_info(call: Call, body: ModuleForm) -> Thing:
    """Tell of a module."""
    objects = call.services.objects
    if body.id is not None:
        return _shown(objects.get(call.team_ids, "module", body.id))
    if body.slug is None:
        raise Refusal(400, "a module is named by id or slug", field="id",
                      allowed="id or slug")  # fmt: skip
    found = [m for m in objects.listing(call.team_ids, "module")
             if m["slug"] == body.slug]  # fmt: skip
    if not found:
        raise Refusal(404, f"no module {body.slug[:80]} is known", field="slug")
    return _shown(found[0])


def _shown(module: Thing) -> Thing:
    return {name: value for name, value in module.items() if name != "files"}


def list_modules(call: Call, body: ModulesForm) -> dict[str, Any]:
    """List modules, of all categories told or of any."""
    found = [_shown(m) for m in call.services.objects.listing(call.team_ids, "module")]
    if body.search:
        wanted = body.search.lower()
        found = [m for m in found if wanted in str(m["name"]).lower()]
    if body.categories:
        told = set(body.categories)
        is_all = body.categoriesOperation == "and"
        found = [m for m in found if _has(m, told, is_all=is_all)]
    return page(found, body)


def _has(module: Thing, told: set[str], *, is_all: bool) -> bool:
    has = set(module["config"].get("categories", ()))
    return told <= has if is_all else bool(told & has)


def app_info(call: Call, body: IdForm) -> Thing:
    """Tell of an app, with its sessions."""
    app = call.services.objects.get(call.team_ids, "app", body.id)
    return {**app, "tasks": _sessions(call, app)}


def _sessions(call: Call, app: Thing) -> list[Thing]:
    tasks = call.services.tasks.listing((app["teamId"],))
    return [task for task in tasks if task.get("appId") == app["id"]]


def list_apps(call: Call, body: AppsForm) -> dict[str, Any]:
    """List a team's apps, each with its sessions."""
    team_id = call.team(body.teamId)
    tasks = call.services.tasks.listing((team_id,))
    apps = []
    for app in call.services.objects.listing((team_id,), "app"):
        of_app = [task for task in tasks if task.get("appId") == app["id"]]
        running = [task for task in of_app if task["status"] in _RUNNING]
        if running or not body.onlyRunning:
            apps.append({**app, "tasks": running if body.onlyRunning else of_app})
    return page(apps, body)


def list_sessions(call: Call, body: SessionsForm) -> dict[str, Any]:
    """List an app's sessions."""
    team_id = call.team(body.teamId)
    app = call.services.objects.get((team_id,), "app", body.appId)
    return page(_sessions(call, app), body)


def download(call: Call, body: DownloadForm) -> InstanceResponse:
    """Send a file of a module, or all of them packed."""
    objects = call.services.objects
    module_id = body.moduleId
    if module_id is None:
        if body.appId is None:
            raise Refusal(400, "a module is named by moduleId or appId",
                          field="moduleId", allowed="moduleId or appId")  # fmt: skip
        module_id = objects.get(call.team_ids, "app", body.appId)["moduleId"]
    module = objects.get(call.team_ids, "module", module_id)
    files: dict[str, str] = {
        "config.json": json.dumps(module["config"]),
        "README.md": str(module.get("readme") or ""),
        **module.get("files", {}),
    }
    return _bytes(_archive(files) if body.isArchive else _one(files, body))


def _one(files: dict[str, str], body: DownloadForm) -> bytes:
    if body.filePath is None and body.fileKey is None:
        raise Refusal(400, "a file is named by filePath or fileKey", field="filePath",
                      allowed="filePath or fileKey")  # fmt: skip
    name = (body.filePath or body.fileKey or "").lstrip("/")
    if name not in files:
        raise Refusal(404, f"the module has no file {name[:80]!r}", field="filePath")
    return files[name].encode()


def _archive(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


def _bytes(content: bytes) -> InstanceResponse:
    headers = {
        "content-type": "application/octet-stream",
        "content-length": str(len(content)),
    }
    return InstanceResponse(200, content, headers)


ROUTES: Final = (
    Route("apps.info", app_info, IdForm, "reader"),
    Route("apps.list", list_apps, AppsForm, "reader"),
    Route("apps.tasks.list", list_sessions, SessionsForm, "reader"),
    Route("ecosystem.info", module_info, ModuleForm, "reader"),
    Route("ecosystem.list", list_modules, ModulesForm, "reader"),
    Route("ecosystem.file.download", download, DownloadForm, "reader"),
)
