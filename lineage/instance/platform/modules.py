"""App modules of the ecosystem, the apps made of them, and their sessions."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Annotated, Any, Final

from pydantic import Field

from ..errors import RequestError
from ..http import InstanceResponse
from ..pagination import page_answer
from ..params import Id, IdParams, Name, PageParams, Params
from ..route import RequestContext, Route
from .objects import PlatformObject, PlatformObjects

_RUNNING: Final = ("queued", "consumed", "started", "deployed")
_IS_RUNNING: Final = (
    " AND EXISTS (SELECT 1 FROM task_parts p JOIN tasks t ON t.team_id = p.team_id"
    " AND t.number = p.task_id WHERE p.team_id = x.team_id AND p.app_id = x.id"
    " AND t.status IN (SELECT s.value FROM each_text(:running) AS s))"
)
#: How many of the given texts a list in a module's or app's config holds.
_COUNT_LISTED: Final = {
    "sqlite": "(SELECT COUNT(DISTINCT c.value)"
    " FROM json_each(x.body, '$.config.{field}') AS c WHERE c.type = 'text'"
    " AND c.value IN (SELECT w.value FROM each_text(:{name}) AS w))",
    "postgresql": "(SELECT COUNT(DISTINCT c.value) FROM jsonb_path_query("
    "CAST(x.body AS jsonb), 'strict $.config.{field}[*]', '{{}}', true) AS c(value)"
    " WHERE jsonb_typeof(c.value) = 'string' AND c.value #>> '{{}}' IN"
    " (SELECT w.value FROM each_text(:{name}) AS w))",
}
#: Whether a member of an app says that it comes from a repository.
_IS_REPOSITORY: Final = {
    "sqlite": "json_extract(x.body, '$.{field}') = :repository",
    "postgresql": "CAST(x.body AS jsonb) ->> '{field}' = :repository",
}


class ModuleForm(Params):
    """A module by its id or slug."""

    id: Id | None = None
    slug: Name | None = None
    version: str | None = None


class ModulesForm(PageParams):
    """Which modules."""

    search: Annotated[str, Field(max_length=1024)] | None = None
    categories: list[str] | None = Field(default=None, max_length=100)
    categoriesOperation: str = "or"


class AppsForm(PageParams):
    """Which team's apps."""

    teamId: Id
    onlyRunning: bool | None = False
    showDisabled: bool | None = False
    repositoryKey: Annotated[str, Field(max_length=4096)] | None = None
    integratedInto: list[str] | None = Field(default=None, max_length=100)
    sessionTags: list[str] | None = Field(default=None, max_length=100)
    forceAllSessions: bool | None = True


class SessionsForm(PageParams):
    """Which app's sessions."""

    teamId: Id
    appId: Id


class DownloadForm(Params):
    """A file of a module, or all of it as an archive."""

    moduleId: Id | None = None
    appId: Id | None = None
    version: str | None = None
    filePath: Annotated[str, Field(max_length=4096)] | None = None
    fileKey: Annotated[str, Field(max_length=4096)] | None = None
    isArchive: bool = False


def app_of_module(objects: PlatformObjects, module: PlatformObject) -> PlatformObject:
    """Return the team's app of a module, made when it is started first."""
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


def newest_release(module: PlatformObject) -> str | None:
    """Return a module's newest release, or None."""
    releases = _releases(module)
    return releases[0] if releases else None


def _releases(module: PlatformObject) -> list[str]:
    listed = (module.get("meta") or {}).get("releases") or []
    return [str(release.get("version")) for release in listed]


def module_info(call: RequestContext, body: ModuleForm) -> PlatformObject:
    """Return a module, and check that it has the release that is named."""
    found = _module(call, body)
    releases = _releases(found)
    if body.version and body.version not in releases:
        raise RequestError(
            404, f"module {found['id']} has no release {body.version[:80]!r}",
            field="version", allowed=", ".join(releases) or "none",
        )  # fmt: skip
    return _shown(found)


def _module(call: RequestContext, body: ModuleForm) -> PlatformObject:
    objects = call.services.objects
    if body.id is not None:
        return objects.get(call.team_ids, "module", body.id)
    if body.slug is None:
        raise RequestError(
            400, "a module is named by id or slug", field="id", allowed="id or slug"
        )
    found = objects.named(call.team_ids, "module", slug=body.slug)
    if found is None:
        raise RequestError(404, f"no module {body.slug[:80]} is known", field="slug")
    return found


def _shown(module: PlatformObject) -> PlatformObject:
    return {name: value for name, value in module.items() if name != "files"}


def list_modules(call: RequestContext, body: ModulesForm) -> dict[str, Any]:
    """List modules, that have all the given categories, or any."""
    objects = call.services.objects
    only, params = "", dict[str, Any]()
    if body.search:
        sign = body.search.lower()
        for special in "!%_":
            sign = sign.replace(special, f"!{special}")
        only += " AND x.name_lower LIKE :search ESCAPE '!'"
        params["search"] = f"%{sign}%"
    if body.categories:
        wanted = set(body.categories)
        is_all = body.categoriesOperation == "and"
        only += f" AND {_count_listed(objects, 'categories')} >= :least"
        params |= {"categories": wanted, "least": len(wanted) if is_all else 1}
    found, total = objects.page(call.team_ids, "module", body, only=(only, params))
    return page_answer(body, [_shown(module) for module in found], total)


def app_info(call: RequestContext, body: IdParams) -> PlatformObject:
    """Return an app, with its sessions."""
    app = call.services.objects.get(call.team_ids, "app", body.id)
    tasks = call.services.tasks.of_apps(app["teamId"], [app["id"]])
    return {**app, "tasks": tasks.get(app["id"], [])}


def list_apps(call: RequestContext, body: AppsForm) -> dict[str, Any]:
    """List a team's apps, each with its sessions: all, or those that run."""
    team_id, services = call.team(body.teamId), call.services
    only = _condition(services.objects, body)
    apps, total = services.objects.page((team_id,), "app", body, only=only)
    is_all = body.forceAllSessions is not False and not body.onlyRunning
    tasks = services.tasks.of_apps(
        team_id, [app["id"] for app in apps], None if is_all else _RUNNING
    )
    shown = [{**app, "tasks": tasks.get(app["id"], [])} for app in apps]
    return page_answer(body, shown, total)


def _condition(objects: PlatformObjects, body: AppsForm) -> tuple[str, dict[str, Any]]:
    """Return the condition of a listing of apps, and its parameters."""
    only, params = "", dict[str, Any]()
    if body.onlyRunning:
        only, params = _IS_RUNNING, {"running": _RUNNING}
    if body.repositoryKey:
        is_repository = _IS_REPOSITORY[objects.db.dialect.name]
        fields = ("repositoryKey", "repo", "slug")
        among = " OR ".join(is_repository.format(field=field) for field in fields)
        only, params["repository"] = f"{only} AND ({among})", body.repositoryKey
    listed = {"integrated_into": body.integratedInto, "session_tags": body.sessionTags}
    for field, wanted in listed.items():
        if wanted:
            only += f" AND {_count_listed(objects, field)} > 0"
            params[field] = set(wanted)
    return only, params


def _count_listed(objects: PlatformObjects, field: str) -> str:
    return _COUNT_LISTED[objects.db.dialect.name].format(field=field, name=field)


def list_sessions(call: RequestContext, body: SessionsForm) -> dict[str, Any]:
    """List an app's sessions."""
    team_id = call.team(body.teamId)
    app = call.services.objects.get((team_id,), "app", body.appId)
    found, total = call.services.tasks.page((team_id,), body, app_id=app["id"])
    return page_answer(body, found, total)


def download(call: RequestContext, body: DownloadForm) -> InstanceResponse:
    """Send a file of a module, or all of them packed."""
    objects = call.services.objects
    module_id = body.moduleId
    if module_id is None:
        if body.appId is None:
            raise RequestError(400, "a module is named by moduleId or appId",
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
        raise RequestError(
            400,
            "a file is named by filePath or fileKey",
            field="filePath",
            allowed="filePath or fileKey",
        )
    name = (body.filePath or body.fileKey or "").lstrip("/")
    if name not in files:
        raise RequestError(
            404, f"the module has no file {name[:80]!r}", field="filePath"
        )
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
    Route("apps.info", app_info, IdParams, "reader"),
    Route("apps.list", list_apps, AppsForm, "reader"),
    Route("apps.tasks.list", list_sessions, SessionsForm, "reader"),
    Route("ecosystem.info", module_info, ModuleForm, "reader"),
    Route("ecosystem.list", list_modules, ModulesForm, "reader"),
    Route("ecosystem.file.download", download, DownloadForm, "reader"),
)
