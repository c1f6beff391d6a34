"""The import history that an import app keeps in its project."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...settings import Settings
from ..resource import decoded

if TYPE_CHECKING:
    from ..client import Api


def categories() -> Sequence[str]:
    """Give the categories of the running app, as they are now."""
    return Settings.from_environ().app_categories


def add(api: Api, project_id: int, task_id: int) -> None:
    """Note an import in a project.

    Endpoints `tasks.info`, `ecosystem.info` (where the task runs a module),
    `projects.info`, `projects.editInfo`.

    Raises:
        ApiError: One of them failed.
    """
    task = _ask(api, "tasks.info", task_id)
    app = (task.get("meta") or {}).get("app") or {}
    module = app.get("moduleId")
    slug = _ask(api, "ecosystem.info", module).get("slug") if module else None
    project = _ask(api, "projects.info", project_id)
    # The project's own data is the server's answer: it may be changed, but not shared.
    custom = copy.deepcopy(project.get("customData") or {})
    custom.setdefault("import_history", {}).setdefault("tasks", []).append(
        _element(task, app, slug, task_id)
    )
    api.post("projects.editInfo", {"id": project_id, "customData": custom})


def _element(
    task: dict[str, Any], app: dict[str, Any], slug: str | None, task_id: int
) -> dict[str, Any]:
    settings = Settings.from_environ()
    datasets = [
        {
            "id": int(dataset),
            "items_count": count,
            "uploaded_images": settings.uploaded_ids.get(dataset, []),
        }
        for dataset, count in settings.upload_count.items()
    ]
    message = (task.get("settings") or {}).get("message") or {}
    return {
        "task_id": task_id,
        "app": {"name": app.get("name"), "version": app.get("version")},
        "slug": slug,
        "status": task.get("status"),
        "user_id": task.get("userId"),
        "team_id": task.get("teamId"),
        # The platform keeps local time without a zone here.
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S"),
        "source_state": message.get("state"),
        "items_count": sum(dataset["items_count"] for dataset in datasets),
        "datasets": datasets,
    }


def _ask(api: Api, method: str, id: int) -> dict[str, Any]:
    answer: dict[str, Any] = decoded(method, api.post(method, {"id": id}))
    return answer
