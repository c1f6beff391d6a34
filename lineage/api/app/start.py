"""Starting an app as a session."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from ...model.kubernetes import KubernetesSettings
from ...model.platform_types import SessionInfo
from ..start_request import first_started, launch_body
from ..task import TaskApi

_NOTHING: Mapping[str, int] = MappingProxyType({})
LogLevel = Literal["info", "debug", "warning", "error"]


class AppStart(TaskApi):
    """Starting sessions."""

    def start(  # type: ignore[override]  # the platform's own signatures differ
        self,
        agent_id: int | None,
        app_id: int | None = None,
        workspace_id: int | None = None,
        description: str = "",
        params: dict[str, Any] | None = None,
        log_level: LogLevel = "info",
        users_id: int | list[int] | None = None,
        app_version: str | None = None,
        is_branch: bool = False,
        task_name: str = "run-from-python",
        restart_policy: Literal["never", "on_error"] = "never",
        proxy_keep_url: bool = False,
        module_id: int | None = None,
        redirect_requests: Mapping[str, int] = _NOTHING,
        kubernetes_settings: KubernetesSettings | dict[str, Any] | None = None,
        multi_user_session: bool = False,
    ) -> SessionInfo:
        """Start an app; endpoints `ecosystem.info` (no version), `tasks.run.app`.

        Sent again only when it is certain that nothing was started.

        Args:
            agent_id: The computer; None: any.
            app_id: The app; needs `app_version`.
            workspace_id: Where the task belongs.
            description: Its description.
            params: Its state, or a dict with the key `state`.
            log_level: What its log holds.
            users_id: Who may see it: an id, or a list of them.
            app_version: The release, or the branch; the module's newest when left out.
            is_branch: Whether `app_version` is a branch.
            task_name: Its name.
            restart_policy: `never` or `on_error`.
            proxy_keep_url: Whether the app sees the whole address.
            module_id: The module; else `app_id`.
            redirect_requests: Ports of other hosts, for development.
            kubernetes_settings: Requests and limits of the container.
            multi_user_session: Whether each user has an own session.

        Raises:
            ValueError: Not exactly one of `app_id` and `module_id` is given, there is
                no version, or `users_id` holds something else than ids.
            TypeError: `kubernetes_settings` is of another type.
            IndexError: The instance started none.
            ApiError: It could not be started; `is_ambiguous`: it may have been.
        """
        if (app_id is None) == (module_id is None):
            raise ValueError("give exactly one of app_id and module_id")
        users = _users(users_id)
        if app_version is None:
            app_version = self._newest(module_id)
        body = launch_body(
            agentId=agent_id, workspaceId=workspace_id, description=description,
            params=_params(params), logLevel=log_level, usersIds=users,
            appVersion=app_version, isBranch=is_branch, taskName=task_name,
            restartPolicy=restart_policy, proxyKeepUrl=proxy_keep_url,
            app_id=app_id, module_id=module_id, redirect_requests=redirect_requests,
            limit_by_workspace=False, kubernetes_settings=kubernetes_settings,
            multi_user_session=multi_user_session,
        )  # fmt: skip
        return SessionInfo.from_json(first_started(self._ask("tasks.run.app", body)))

    def _newest(self, module_id: int | None) -> str:
        """Give the newest release of a module; endpoint `ecosystem.info`."""
        if module_id is None:
            raise ValueError("app_id needs app_version: only modules tell theirs")
        info = self._ask("ecosystem.info", {"id": module_id})
        releases = (info.get("meta") or {}).get("releases")
        if not releases:
            raise ValueError(f"module {module_id} has no release; give app_version")
        version: str = releases[0].get("version", "")
        return version


def _params(params: dict[str, Any] | None) -> dict[str, Any]:
    if params is None:
        return {"state": {}}
    return params if "state" in params else {"state": params}


def _users(users_id: int | list[int] | None) -> list[int]:
    if users_id is None:
        return []
    users = [users_id] if isinstance(users_id, int) else users_id
    if not isinstance(users, list) or not all(isinstance(u, int) for u in users):
        raise ValueError(f"users_id must be an id or a list of ids, got {users_id!r}")
    return users
