"""Starting an app as a task."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from ...model.kubernetes import KubernetesSettings
from ..resource import Resource
from ..start_request import first_started, launch_body

_NOTHING: Mapping[str, int] = MappingProxyType({})
LogLevel = Literal["info", "debug", "warning", "error"]


class TaskStart(Resource):
    """Starting tasks."""

    def start(
        self,
        agent_id: int | None,
        app_id: int | None = None,
        workspace_id: int | None = None,
        description: str | None = "application description",
        params: dict[str, Any] | None = None,
        log_level: LogLevel | None = "info",
        users_ids: list[int] | None = None,
        app_version: str | None = "",
        is_branch: bool | None = False,
        task_name: str | None = "pythonSpawned",
        restart_policy: Literal["never", "on_error"] | None = "never",
        proxy_keep_url: bool | None = False,
        module_id: int | None = None,
        redirect_requests: Mapping[str, int] | None = _NOTHING,
        limit_by_workspace: bool = False,
        kubernetes_settings: KubernetesSettings | dict[str, Any] | None = None,
        multi_user_session: bool = False,
    ) -> Any:
        """Start an app; endpoint `tasks.run.app`.

        Sent again only when it is certain that nothing was started.

        Args:
            agent_id: The computer; None: any.
            app_id: The app; else `module_id`.
            workspace_id: Where the task belongs.
            description: Its description.
            params: Its arguments; `{"state": {}}` when left out.
            log_level: What its log holds.
            users_ids: Who may see it.
            app_version: The release, or the branch.
            is_branch: Whether `app_version` is a branch.
            task_name: Its name.
            restart_policy: `never` or `on_error`.
            proxy_keep_url: Whether the app sees the whole address.
            module_id: The module; else `app_id`.
            redirect_requests: Ports of other hosts, for development.
            limit_by_workspace: Whether the app sees its workspace only.
            kubernetes_settings: Requests and limits of the container.
            multi_user_session: Whether each user has an own session.

        Returns:
            The first started task, with its `id`.

        Raises:
            ValueError: Not exactly one of `app_id` and `module_id` is given.
            TypeError: `kubernetes_settings` is of another type.
            IndexError: The instance started none.
            ApiError: It could not be started; `is_ambiguous`: it may have been.
        """
        body = launch_body(
            agentId=agent_id, workspaceId=workspace_id, description=description,
            params={"state": {}} if params is None else params, logLevel=log_level,
            usersIds=[] if users_ids is None else users_ids, appVersion=app_version,
            isBranch=is_branch, taskName=task_name, restartPolicy=restart_policy,
            proxyKeepUrl=proxy_keep_url, app_id=app_id, module_id=module_id,
            redirect_requests=redirect_requests,
            limit_by_workspace=limit_by_workspace,
            kubernetes_settings=kubernetes_settings,
            multi_user_session=multi_user_session,
        )  # fmt: skip
        task = first_started(self._ask("tasks.run.app", body))
        return task if "id" in task else {**task, "id": task.get("taskId")}
