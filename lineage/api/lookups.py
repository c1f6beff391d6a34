"""Look-ups: what an edge needs and a caller does not know."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from typing import Any
from urllib.parse import urlsplit

from ..errors import (
    ApiError,
    DeliveryError,
    LineageError,
    describe_error,
    warn_rarely,
)
from ..settings import Settings
from .compatibility import SdkCompatibleApi
from .foreign_api import CallMethod, translated
from .locks import ForkSafeLock
from .project_version import existing_version

#: Tasks whose team is remembered; a process rarely records for more than one.
_REMEMBERED = 1024


class TeamCache:
    """The team of each task, remembered: a task never changes its team.

    Threads that need the same team at one time request it once; the answer, or the
    failure, is for all of them.
    """

    def __init__(self) -> None:
        self._lock = ForkSafeLock()
        self._known: OrderedDict[str, int] = OrderedDict()
        # By process too: a request made before a fork never ends in the child.
        self._running: dict[tuple[int, str], Future[int]] = {}

    def of(self, task_id: Any, call: CallMethod) -> int:
        """Return a task's team; endpoint `tasks.info` at the first time.

        Raises:
            DeliveryError: The instance names no team.
            ApiError: The instance could not be reached.
        """
        key, place = str(task_id), (os.getpid(), str(task_id))
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
            running = self._running.get(place)
            if running is None:
                mine = self._running[place] = Future()
        if running is None:
            return self._settled(place, mine, lambda: _team(task_id, call))
        try:
            return running.result()
        except CancelledError:
            return self.of(task_id, call)

    def _settled(
        self, place: tuple[int, str], mine: Future[int], find: Callable[[], int]
    ) -> int:
        """Find a team for this thread, and for those that wait for it."""
        try:
            team = find()
        except LineageError as error:
            mine.set_exception(error)
            raise
        else:
            with self._lock:
                self._known[place[1]] = team
                while len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
            mine.set_result(team)
            return team
        finally:
            # After anything else (Ctrl-C), those who wait send their own request.
            mine.cancel()
            with self._lock:
                self._running.pop(place, None)


def _team(task_id: Any, call: CallMethod) -> int:
    info = call("tasks.info", {"id": task_id})
    team = info.get("teamId") if isinstance(info, Mapping) else None
    if not team:
        raise DeliveryError(f"task {task_id} has no team", subject=task_id)
    return int(team)


def file_id(path: str, task_id: Any, teams: TeamCache, call: CallMethod) -> int:
    """Find a file of Team Files by its path; endpoint `file-storage.list`.

    The team is the environment's (`TEAM_ID`), else the task's.

    Raises:
        DeliveryError: It is no path in Team Files, or nothing is there.
        ApiError: The instance could not be reached.
    """
    if is_uri(path):
        raise DeliveryError(
            f"{path}: the platform records files of Team Files only", subject=path
        )
    team = Settings.value_of("team_id")
    if team is None:
        team = teams.of(task_id, call)
    wanted = path if path.startswith("/") else f"/{path}"
    listed = call(
        "file-storage.list", {"teamId": team, "path": wanted, "recursive": True}
    )
    for entry in listed if isinstance(listed, list) else ():
        if entry.get("path") == wanted:
            return int(entry["id"])
    raise DeliveryError(f"{wanted} is not in Team Files of team {team}", subject=path)


def is_uri(text: str) -> bool:
    """Whether a text is an address with a scheme and a host, as `s3://…`."""
    parts = urlsplit(text)
    return bool(parts.scheme) and bool(parts.netloc)


def version_id(project_id: int, number: int, call: CallMethod) -> int:
    """Find a version of a project by its number; endpoint `projects.versions.list`.

    Raises:
        DeliveryError: The project has no such version.
        ApiError: The instance could not be reached.
    """
    condition = {"field": "version", "operator": "=", "value": int(number)}
    body = {
        "projectId": project_id,
        "filter": [condition],
        "sort": "id",
        "sort_order": "asc",
    }
    page = call("projects.versions.list", body)
    entities = page.get("entities") if isinstance(page, Mapping) else None
    if not entities:
        raise DeliveryError(
            f"project {project_id} has no version {number}", subject=project_id
        )
    return int(entities[0]["id"])


def snapshot(
    api: SdkCompatibleApi, project_id: int, description: str, call: CallMethod
) -> int | None:
    """Make a version of a project; None: none could be made, which is warned of.

    By `api.project.version.create` where the api has it: ours, or the SDK's. Else the
    version of a project that is unchanged since, by `projects.versions.reserve`.

    Raises:
        ApiError: The instance could not be reached: try again later.
    """
    made, cause = None, "the instance made none"
    try:
        made = _made_version(api, project_id, description, call)
    except ApiError as error:
        if error.is_retryable:
            raise
        cause = str(error)
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        # The SDK's own failures, as for types of projects that have no versions.
        cause = describe_error(error)
    if made is None:
        warn_rarely(
            f"snapshot {project_id}",
            "Project %s has no version of its present state (%s); "
            "the edge names the project without a version.",
            project_id,
            cause,
        )
    return made


def _made_version(
    api: SdkCompatibleApi, project_id: int, description: str, call: CallMethod
) -> int | None:
    versions = getattr(getattr(api, "project", None), "version", None)
    create = getattr(versions, "create", None)
    if not callable(create):
        return existing_version(project_id, call)
    with translated("projects.versions.reserve"):
        made = create(project_id, description, description)
    return None if made is None else int(made)


def current_version(project_id: int, call: CallMethod) -> int | None:
    """Return the id of a project's current version; endpoint `projects.info`."""
    info = call("projects.info", {"id": project_id})
    current = info.get("version") if isinstance(info, Mapping) else None
    if isinstance(current, Mapping) and current.get("id"):
        return int(current["id"])
    return None


def app_id(task_id: Any, call: CallMethod) -> int:
    """Find the app that a task runs, as its team has it; endpoint `tasks.info`.

    Raises:
        DeliveryError: The task runs no app.
        ApiError: The instance could not be reached.
    """
    return _of_app(task_id, "id", call)


def module_id(task_id: Any, call: CallMethod) -> int:
    """Find the app module that a task runs; endpoint `tasks.info`.

    Raises:
        DeliveryError: The task runs no app.
        ApiError: The instance could not be reached.
    """
    return _of_app(task_id, "moduleId", call)


def _of_app(task_id: Any, name: str, call: CallMethod) -> int:
    found: Any = call("tasks.info", {"id": task_id})
    for key in ("meta", "app", name):
        found = found.get(key) if isinstance(found, Mapping) else None
    if not found:
        raise DeliveryError(f"task {task_id} has no meta.app.{name}", subject=task_id)
    return int(found)
