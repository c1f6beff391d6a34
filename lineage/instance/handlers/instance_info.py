"""The instance's version and context."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from ...model.limits import MAX_BATCH
from ..http import InstanceResponse
from ..params import IdParams, Name, NoParams, Params
from ..route import RequestContext, Route

#: The platform's version whose protocol is spoken: it has every edge there is,
#: and is the least that the platform's SDK does not warn about.
PLATFORM_VERSION: Final = "6.18.3"
PROTOCOL: Final = 1

_announced: list[str] = []


def announce(routes: Iterable[Route]) -> None:
    """Remember the lineage methods that are announced."""
    _announced[:] = sorted(route.name for route in routes if route.is_ours)


def package_version() -> str:
    """Return the version of this package."""
    try:
        return version("workflow-lineage")
    except PackageNotFoundError:
        return "unknown"


def instance_version(call: RequestContext, body: NoParams) -> dict[str, Any]:
    """Return the platform version and what the instance offers beyond it."""
    return {
        "version": PLATFORM_VERSION,
        "lineage": {
            "protocol": PROTOCOL,
            "version": package_version(),
            "max_batch": MAX_BATCH,
            "endpoints": list(_announced),
        },
    }


class _Slug(Params):
    slug: Name


def session_token(call: RequestContext, body: _Slug) -> InstanceResponse:
    """Return a token for previews; nothing here needs one, so it opens nothing."""
    text = f"preview-{hashlib.sha256(body.slug.encode()).hexdigest()[:32]}"
    return InstanceResponse(200, text.encode(), {"content-type": "text/plain"})


def task_context(call: RequestContext, body: IdParams) -> dict[str, Any]:
    """Return which team and workspace a task belongs to."""
    task = call.services.tasks.get(call.team_ids, body.id)
    team = {"id": task["teamId"], "name": f"team {task['teamId']}"}
    workspace = {"id": task["workspaceId"], "name": f"workspace {task['workspaceId']}"}
    return {"team": team, "workspace": workspace}


ROUTES: Final = (
    Route("instance.version", instance_version, NoParams, "none"),
    Route("instance.get-render-previews-session-token", session_token, _Slug, "reader"),
    Route("GetTaskContext", task_context, IdParams, "reader"),
)
