"""`api.app`: the platform's apps, their modules and their sessions."""

# Longer than 400 lines: every method of `api.app` is found here by looking, except
# those about modules, which are in `app_modules`.
# ruff: noqa: ARG002  the signatures of the unavailable methods are the platform's
from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from ..model.enums import Status
from ..model.platform_types import APP_FIELDS, AppInfo, SessionInfo
from .app_modules import AppModules
from .protocols import Client
from .start_request import first_started, start_body, state_params, user_ids
from .task import LogLevel, TaskApi
from .workflow import Workflow

if TYPE_CHECKING:
    from ..model.kubernetes import KubernetesSettings

_NO_PORTS: Mapping[str, int] = MappingProxyType({})


class AppApi(AppModules, TaskApi):
    """The platform's apps; bound as `api.app`."""

    Workflow = Workflow

    InfoType = AppInfo

    def __init__(self, api: Client) -> None:
        super().__init__(api)
        self.workflow = Workflow(api)

    @staticmethod
    def info_sequence() -> list[Any]:
        """Describe the fields of `AppInfo`, as the platform's SDK does."""
        return [field.descriptor for field in APP_FIELDS]

    @staticmethod
    def info_tuple_name() -> str:
        """Return the name of the info class."""
        return "AppInfo"

    @classmethod
    def convert_info_to_json(cls, info: AppInfo) -> dict[str, Any]:
        """Write an app under the platform's names, in the order of its fields.

        Args:
            info: The app.
        """
        return info.to_json()

    def _convert_json_info(self, info: dict[str, Any]) -> Any:
        return AppInfo.from_json(info)

    def get_info_by_id(self, id: int) -> AppInfo | None:
        """Return an app; endpoint `apps.info`.

        Args:
            id: The id of the app.

        Returns:
            None when there is no such app.

        Raises:
            ApiError: The app could not be fetched.
        """
        info = self._info_by_id("apps.info", id)
        return None if info is None else AppInfo.from_json(info)

    def get_list(
        self,
        team_id: int,
        filter: list[dict[str, Any]] | None = None,
        context: list[str] | None = None,
        repository_key: str | None = None,
        show_disabled: bool = False,
        integrated_into: list[str] | None = None,
        session_tags: list[str] | None = None,
        only_running: bool = False,
        with_shared: bool = True,
        force_all_sessions: bool = True,
    ) -> list[AppInfo]:
        """List the apps of a team; endpoint `apps.list`.

        Args:
            team_id: The team.
            filter: Conditions, as `{"field": "moduleId", "operator": "=", "value": 1}`.
            context: Places of the context menu.
            repository_key: The app's repository.
            show_disabled: Also those that are switched off.
            integrated_into: Places of the interface, as `panel` or `files`.
            session_tags: Tags of running sessions.
            only_running: Those with running sessions; forces `force_all_sessions` off.
            with_shared: Also those that others share.
            force_all_sessions: With all of their sessions.

        Raises:
            ApiError: The list could not be fetched.
        """
        body = {
            "teamId": team_id,
            "filter": [] if filter is None else filter,
            "context": [] if context is None else context,
            "repositoryKey": repository_key,
            "integratedInto": [] if integrated_into is None else integrated_into,
            "sessionTags": [] if session_tags is None else session_tags,
            "onlyRunning": only_running,
            "showDisabled": show_disabled,
            "withShared": with_shared,
            "forceAllSessions": False if only_running else force_all_sessions,
        }
        found: list[AppInfo] = self.get_list_all_pages("apps.list", body)
        return found

    def get_sessions(
        self,
        team_id: int,
        module_id: int,
        show_disabled: bool = False,
        session_name: str | None = None,
        statuses: list[Status] | None = None,
        with_shared: bool = False,
    ) -> list[SessionInfo]:
        """List the sessions of a module; endpoints `apps.list`, `apps.tasks.list`.

        Args:
            team_id: The team.
            module_id: The module.
            show_disabled: Also those of apps that are switched off.
            session_name: Only those with this name.
            statuses: Only those in these states.
            with_shared: Also those that others share.

        Raises:
            KeyError: The app is in the team several times.
            ApiError: The list could not be fetched.
        """
        condition = {"field": "moduleId", "operator": "=", "value": module_id}
        apps = self.get_list(
            team_id,
            filter=[condition],
            with_shared=with_shared,
            only_running=False,
            force_all_sessions=False,
        )
        if len(apps) > 1 and not with_shared:
            raise KeyError(f"module {module_id} is in team {team_id} several times")
        found = []
        for app in apps:
            body: dict[str, Any] = {
                "teamId": team_id,
                "appId": app.id,
                "showDisabled": show_disabled,
                "withShared": with_shared,
                "sort": "startedAt",
                "sort_order": "desc",
            }
            if statuses is not None:
                words = [str(status) for status in statuses]
                body["filter"] = [{"field": "status", "operator": "in", "value": words}]
            found.extend(self._sessions(body, module_id, session_name))
        return found

    def _sessions(
        self, body: dict[str, Any], module_id: int, name: str | None
    ) -> list[SessionInfo]:
        raw = self.get_list_all_pages(
            "apps.tasks.list", body, convert_json_info_cb=dict
        )
        return [
            SessionInfo.from_json({**session, "moduleId": module_id})
            for session in raw
            if name is None or session["meta"].get("name") == name
        ]

    def get_session_token(self, slug: str) -> str:
        """Return a token for previews of a module.

        Endpoint `instance.get-render-previews-session-token`.

        Args:
            slug: The module's repository, such as `owner/name`.

        Raises:
            ApiError: It could not be fetched.
        """
        method = "instance.get-render-previews-session-token"
        text: str = self._api.post(method, {"slug": slug}).text
        return text

    def get_url(self, task_id: int) -> str:
        """Return the address of a session within the instance.

        Args:
            task_id: The session's task.
        """
        return f"/apps/sessions/{task_id}"

    def wait(
        self,
        id: int,
        target_status: Status,
        attempts: int | None = None,
        attempt_delay_sec: float | None = None,
    ) -> bool:
        """Wait until a session has a state, or has ended; polls `tasks.info`.

        Args:
            id: The session's task.
            target_status: The state to wait for.
            attempts: Looks at the task; 999 when left out.
            attempt_delay_sec: Seconds between two looks; 1 when left out.

        Returns:
            True when it has the state; False when it ended in another one.

        Raises:
            TaskFinishedWithError: It ended with an error.
            WaitingTimeExceeded: It has not ended after the last look.
            ApiError: The task could not be fetched.
        """
        return super().wait(
            id,
            target_status,
            wait_attempts=attempts,
            wait_attempt_timeout_sec=attempt_delay_sec,
        )

    def is_ready_for_api_calls(self, task_id: int) -> bool:
        """Whether a session answers calls; endpoint `tasks.request.direct`.

        One attempt; False also when it cannot be reached.

        Args:
            task_id: The session's task.
        """
        answer = self._poll(task_id, "is_running", 1)
        return isinstance(answer, dict) and bool(answer.get("running", False))

    def wait_until_ready_for_api_calls(
        self, task_id: int, attempts: int = 10, attempt_delay_sec: float = 10
    ) -> bool:
        """Wait until a session answers calls.

        Args:
            task_id: The session's task.
            attempts: Looks at it.
            attempt_delay_sec: Seconds between two looks.
        """
        for look in range(attempts):
            if look:
                self._api.transport.sleep(attempt_delay_sec)
            if self.is_ready_for_api_calls(task_id):
                return True
        return False

    def initialize(
        self,
        task_id: int,
        template: str,
        data: dict[str, Any] | None = None,
        state: dict[str, Any] | None = None,
    ) -> Any:
        """Set the page of an app; endpoint `tasks.data.set`.

        Args:
            task_id: The session's task.
            template: The page's HTML.
            data: Its data; it is not changed.
            state: Its state.

        Raises:
            ApiError: It could not be set.
        """
        whole = {**(data or {})}
        for key in ("notifyDialog", "scrollIntoView"):
            whole.setdefault(key, None)
        fields: list[dict[str, Any]] = [
            {"field": "template", "payload": template},
            {"field": "data", "payload": whole},
            {"field": "state", "payload": {} if state is None else state},
        ]
        return self.set_fields(task_id, fields)

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
        redirect_requests: Mapping[str, int] = _NO_PORTS,
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
        users = user_ids(users_id)
        if app_version is None:
            app_version = self._newest(module_id)
        body = start_body(
            agentId=agent_id, workspaceId=workspace_id, description=description,
            params=state_params(params), logLevel=log_level, usersIds=users,
            appVersion=app_version, isBranch=is_branch, taskName=task_name,
            restartPolicy=restart_policy, proxyKeepUrl=proxy_keep_url,
            app_id=app_id, module_id=module_id, redirect_requests=redirect_requests,
            limit_by_workspace=False, kubernetes_settings=kubernetes_settings,
            multi_user_session=multi_user_session,
        )  # fmt: skip
        return SessionInfo.from_json(first_started(self._call("tasks.run.app", body)))

    def run_dtl(
        self, workspace_id: int, dtl_graph: Any, agent_id: int | None = None
    ) -> NoReturn:
        """Raise `RuntimeError`: it is unavailable for apps."""
        _raise_unavailable("run_dtl")

    def run_train(
        self,
        agent_id: int,
        input_project_id: int,
        input_model_id: int,
        result_nn_name: str,
        train_config: Any = None,
    ) -> NoReturn:
        """Raise `RuntimeError`: it is unavailable for apps."""
        _raise_unavailable("run_train")

    def run_inference(
        self,
        agent_id: int,
        input_project_id: int,
        input_model_id: int,
        result_project_name: str,
        inference_config: Any = None,
    ) -> NoReturn:
        """Raise `RuntimeError`: it is unavailable for apps."""
        _raise_unavailable("run_inference")

    def get_training_metrics(self, task_id: int) -> NoReturn:
        """Raise `RuntimeError`: it is unavailable for apps."""
        _raise_unavailable("get_training_metrics")

    def deploy_model(self, agent_id: int, model_id: int) -> NoReturn:
        """Raise `RuntimeError`: it is unavailable for apps."""
        _raise_unavailable("deploy_model")

    def get_import_files_list(self, id: int) -> NoReturn:
        """Raise `RuntimeError`: it is unavailable for apps."""
        _raise_unavailable("get_import_files_list")

    def download_import_file(self, id: int, file_path: str, save_path: str) -> NoReturn:
        """Raise `RuntimeError`: it is unavailable for apps."""
        _raise_unavailable("download_import_file")

    def create_task_detached(
        self, workspace_id: int, task_type: str | None = None
    ) -> NoReturn:
        """Raise `RuntimeError`: it is unavailable for apps."""
        _raise_unavailable("create_task_detached")

    def upload_files(
        self,
        task_id: int,
        abs_paths: list[str],
        names: list[str],
        progress_cb: Any = None,
    ) -> NoReturn:
        """Raise `RuntimeError`: apps use `api.task.upload_files`."""
        _raise_unavailable("upload_files")


def _raise_unavailable(name: str) -> NoReturn:
    raise RuntimeError(f"{name} is unavailable for apps")
