"""`api.task`: the platform's tasks, which are runs of apps."""

# Longer than 400 lines: every method of `api.task` is found here by looking, except
# those that show a result, which are in `task_output`.
from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ..errors import ApiError, NotFoundError
from ..model import enums
from .errors import TaskFinishedWithError, WaitingTimeExceeded
from .pagination import PaginatedResource
from .resource import decoded
from .start_request import first_started, start_body
from .task_output import TaskOutput

if TYPE_CHECKING:
    from ..model.kubernetes import KubernetesSettings

_NO_PORTS: Mapping[str, int] = MappingProxyType({})
_NO_CONTEXT: Mapping[str, Any] = MappingProxyType({})
_REQUEST = "tasks.request.direct"
_ENDED = (enums.Status.FINISHED, enums.Status.DEPLOYED, enums.Status.STOPPED)
LogLevel = Literal["info", "debug", "warning", "error"]


class TaskApi(TaskOutput, PaginatedResource):
    """The platform's tasks; bound as `api.task`."""

    Status = enums.Status
    PluginTaskType = enums.PluginTaskType
    RestartPolicy = enums.RestartPolicy

    MAX_WAIT_ATTEMPTS: ClassVar[int] = 999
    WAIT_ATTEMPT_TIMEOUT_SEC: ClassVar[int] = 1

    def get_info_by_id(self, id: int) -> Any:
        """Return a task as the platform has it; endpoint `tasks.info`.

        Args:
            id: The id of the task.

        Returns:
            None when there is no such task.

        Raises:
            ApiError: The task could not be fetched.
        """
        return self._info_by_id("tasks.info", id)

    def get_list(
        self, workspace_id: int, filters: list[dict[str, Any]] | None = None
    ) -> Any:
        """List the tasks of a workspace; endpoint `tasks.list`.

        Args:
            workspace_id: The workspace.
            filters: Conditions, as `{"field": "status", "operator": "=", "value": …}`.

        Raises:
            ApiError: The list could not be fetched.
        """
        data = {"workspaceId": workspace_id, "filter": filters or []}
        return self.get_list_all_pages("tasks.list", data)

    def get_status(self, task_id: int) -> enums.Status:
        """Return a task's state; endpoint `tasks.info`.

        Args:
            task_id: The id of the task.

        Raises:
            NotFoundError: There is no such task.
            ValueError: The state is one that this version does not know.
            ApiError: The task could not be fetched.
        """
        info = self._info_by_id("tasks.info", task_id)
        if info is None:
            raise NotFoundError(f"there is no task {task_id}", subject=task_id)
        return enums.Status(info["status"])

    def raise_for_status(self, status: enums.Status) -> None:
        """Raise when a task ended with an error.

        Args:
            status: The state, or its word.

        Raises:
            TaskFinishedWithError: It is `Status.ERROR`.
        """
        if str(status) == enums.Status.ERROR.value:
            raise TaskFinishedWithError("the task ended with an error", subject=status)

    def get_context(self, id: int) -> Any:
        """Return the team and the workspace of a task; endpoint `GetTaskContext`.

        Args:
            id: The id of the task.

        Raises:
            ApiError: They could not be fetched; 404 when there is no such task.
        """
        return self._call("GetTaskContext", {"id": id})

    def stop(self, id: int) -> enums.Status:
        """Stop a task; endpoint `tasks.stop`.

        Args:
            id: The id of the task.

        Raises:
            ValueError: The state is one that this version does not know.
            ApiError: The task could not be stopped.
        """
        return enums.Status(self._call("tasks.stop", {"id": id})["status"])

    def update_status(self, task_id: int, status: enums.Status) -> None:
        """Set a task's state; endpoint `tasks.status.update`.

        Args:
            task_id: The task.
            status: The state, or its word.

        Raises:
            ValueError: There is no such state; nothing is sent.
            ApiError: The state could not be set.
        """
        word = str(status)
        if not enums.Status.has_value(word):
            raise ValueError(
                f"{word!r} is no state; states are {enums.Status.values()}"
            )
        self._api.post("tasks.status.update", {"id": task_id, "status": word})

    def update_meta(
        self,
        id: int,
        data: dict[str, Any],
        agent_storage_folder: str | None = None,
        relative_app_dir: str | None = None,
    ) -> None:
        """Set a task's meta; endpoint `tasks.meta.update`.

        Args:
            id: The task; put into what is sent, not into `data`.
            data: The meta.
            agent_storage_folder: The agent's folder; goes with `relative_app_dir`.
            relative_app_dir: The app's folder below it.

        Raises:
            ValueError: Only one of the two folders is given.
            ApiError: The meta could not be set.
        """
        if not isinstance(data, dict):
            self._api.post("tasks.meta.update", data)
            return
        if (agent_storage_folder is None) != (relative_app_dir is None):
            raise ValueError("give agent_storage_folder and relative_app_dir, or none")
        body = {**data, "id": id}
        if agent_storage_folder is not None:
            body["agentStorageFolder"] = {
                "hostDir": agent_storage_folder,
                "folder": relative_app_dir,
            }
        self._api.post("tasks.meta.update", body)

    def wait(
        self,
        id: int,
        target_status: enums.Status,
        wait_attempts: int | None = None,
        wait_attempt_timeout_sec: float | None = None,
    ) -> bool:
        """Wait until a task has a state, or has ended; polls `tasks.info`.

        Args:
            id: The task.
            target_status: The state to wait for, or its word.
            wait_attempts: Looks at the task; 999 when left out.
            wait_attempt_timeout_sec: Seconds between two looks; 1 when left out.

        Returns:
            True when the task has the state; False when it ended in another one.

        Raises:
            TaskFinishedWithError: It ended with an error, and that was not the target.
            WaitingTimeExceeded: It has not ended after the last look.
            ApiError: The task could not be fetched.
        """
        target = enums.Status(str(target_status))
        looks = self.MAX_WAIT_ATTEMPTS if wait_attempts is None else wait_attempts
        pause = (
            self.WAIT_ATTEMPT_TIMEOUT_SEC
            if wait_attempt_timeout_sec is None
            else wait_attempt_timeout_sec
        )
        for look in range(looks):
            if look:
                self._api.transport.sleep(pause)
            status = self.get_status(id)
            if status is target:
                return True
            self.raise_for_status(status)
            if status in _ENDED:
                return False
        raise WaitingTimeExceeded(
            f"task {id} is not {target} after {looks} looks, {pause} s apart",
            subject=id,
        )

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
        redirect_requests: Mapping[str, int] | None = _NO_PORTS,
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
        body = start_body(
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
        task = first_started(self._call("tasks.run.app", body))
        return task if "id" in task else {**task, "id": task.get("taskId")}

    def get_field(self, task_id: int, field: str) -> Any:
        """Return one field; endpoint `tasks.data.get`.

        Args:
            task_id: The id of the task.
            field: Its name, such as `data.progress`; dots lead into it.

        Raises:
            KeyError: The app has no such field.
            ApiError: It could not be fetched.
        """
        return self.get_fields(task_id, [field])[field]

    def get_fields(self, task_id: int, fields: list[str]) -> Any:
        """Return some fields by their names; endpoint `tasks.data.get`.

        Args:
            task_id: The id of the task.
            fields: The names of the fields.

        Raises:
            KeyError: The answer has no fields.
            ApiError: They could not be fetched.
        """
        body = {"taskId": task_id, "fields": [str(name) for name in fields]}
        return self._call("tasks.data.get", body)["result"]

    def set_field(
        self,
        task_id: int,
        field: str,
        payload: Any,
        append: bool = False,
        recursive: bool = False,
    ) -> Any:
        """Set one field; endpoint `tasks.data.set`.

        Args:
            task_id: The task.
            field: The field, as `data.table`.
            payload: Its value.
            append: Add to what is there.
            recursive: Merge into what is there.

        Raises:
            ApiError: It could not be set.
        """
        element = {
            "field": field,
            "payload": payload,
            "append": append,
            "recursive": recursive,
        }
        return self.set_fields(task_id, [element])

    def set_fields(self, task_id: int, fields: Sequence[Mapping[str, Any]]) -> Any:
        """Set some fields; endpoint `tasks.data.set`.

        Args:
            task_id: The task.
            fields: Elements with `field` and `payload`, sent as they are.

        Raises:
            KeyError: An element lacks one of the two; nothing is sent.
            ApiError: They could not be set.
        """
        for index, element in enumerate(fields):
            for key in ("field", "payload"):
                if key not in element:
                    raise KeyError(f"fields[{index}] has no {key!r}")
        return self._call("tasks.data.set", {"taskId": task_id, "fields": fields})

    def set_fields_from_dict(self, task_id: int, d: Mapping[str, Any]) -> Any:
        """Set fields by a dict of names and values; endpoint `tasks.data.set`.

        Args:
            task_id: The id of the task.
            d: Values by the names of their fields.

        Raises:
            ApiError: They could not be set.
        """
        fields = [{"field": name, "payload": value} for name, value in d.items()]
        return self.set_fields(task_id, fields)

    def _update_app_content(
        self,
        task_id: int,
        data_patch: list[dict[str, Any]] | None = None,
        state: dict[str, Any] | None = None,
    ) -> Any:
        """Patch the page of a running app; endpoint `tasks.app-v2.data.set`."""
        payload: dict[str, Any] = {}
        if data_patch:
            payload["data"] = data_patch
        if state:
            payload["state"] = state
        body = {"taskId": task_id, "payload": payload}
        return self._call("tasks.app-v2.data.set", body)

    def send_request(
        self,
        task_id: int,
        method: str,
        data: dict[str, Any],
        context: Mapping[str, Any] = _NO_CONTEXT,
        skip_response: bool = False,
        timeout: int | None = 60,
        outside_request: bool = True,
        retries: int = 10,
        raise_error: bool = False,
    ) -> Any:
        """Call a command of a running app; endpoint `tasks.request.direct`.

        Args:
            task_id: The app's task.
            method: The command.
            data: Its state.
            context: What goes along; it is not changed.
            skip_response: Do not wait for the app's answer.
            timeout: Seconds that the platform gives the app.
            outside_request: Whether the call comes from outside of the app.
            retries: Attempts.
            raise_error: Raise the first failure; try nothing again.

        Raises:
            TypeError: `data` is no dict.
            ApiError: The app could not be reached.
        """
        if type(data) is not dict:
            raise TypeError(f"data must be a dict, got {type(data).__name__}")
        body = {
            "taskId": task_id,
            "command": method,
            "context": {**context, "outside_request": outside_request},
            "state": data,
            "skipResponse": skip_response,
            "timeout": timeout,
        }
        response = self._api.post(
            _REQUEST, body, retries=retries, raise_error=raise_error
        )
        return decoded(_REQUEST, response)

    def is_running(self, task_id: int) -> bool:
        """Whether an app answers; endpoint `tasks.request.direct`, one attempt.

        False also when it cannot be reached.

        Args:
            task_id: The id of the task.
        """
        answer = self._poll(task_id, "is_running", 60)
        if isinstance(answer, Mapping):
            return bool(answer.get("running", True))
        return answer is not None

    def is_ready(self, task_id: int) -> bool:
        """Whether an app reports that it is ready; one attempt.

        Endpoint `tasks.request.direct`. False also when it cannot be reached.

        Args:
            task_id: The id of the task.
        """
        answer = self._poll(task_id, "is_ready", 60)
        return isinstance(answer, Mapping) and answer.get("status") == "ready"

    def _poll(self, task_id: int, command: str, timeout_s: int) -> Any:
        """CallMethod once; None when there is no answer."""
        try:
            return self.send_request(task_id, command, {}, timeout=timeout_s, retries=1)
        except ApiError:
            return None

    def get_logs(
        self, task_id: int, since_time: str | None = None, limit: int | None = None
    ) -> Any:
        """Return lines of the log; endpoint GET `tasks.log.download`.

        Args:
            task_id: The task.
            since_time: Lines from this moment on, as `2026-03-30T14:28:58.816Z`.
            limit: Lines, at most.

        Raises:
            ApiError: They could not be fetched.
        """
        method = "tasks.log.download"
        query = {"id": task_id, "sinceTime": since_time, "limit": limit}
        return decoded(method, self._api.get(method, query))

    def submit_logs(self, logs: list[dict[str, Any]]) -> None:
        """Add lines to this process's task; endpoint `tasks.logs.add`.

        Args:
            logs: The lines; the task is the one of the headers.

        Raises:
            ApiError: They could not be added.
        """
        self._api.post("tasks.logs.add", {"logs": logs})

    @staticmethod
    def info_sequence() -> list[Any]:
        """Tasks have no info class.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("tasks are given as dicts")

    @staticmethod
    def info_tuple_name() -> str:
        """Tasks have no info class.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("tasks are given as dicts")

    @classmethod
    def convert_info_to_json(cls, info: Any) -> dict[str, Any]:
        """Tasks have no info class.

        Args:
            info: Anything.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("tasks are given as dicts")
