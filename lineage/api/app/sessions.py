"""Runs of apps."""

from __future__ import annotations

from typing import Any

from ...model.enums import Status
from ...model.platform_types import SessionInfo
from .apps import AppInfos


class AppSessions(AppInfos):
    """Finding sessions and waiting for them."""

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
            ApiError: The list could not be had.
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
        """Give a token for previews of a module.

        Endpoint `instance.get-render-previews-session-token`.

        Raises:
            ApiError: It could not be had.
        """
        method = "instance.get-render-previews-session-token"
        text: str = self._api.post(method, {"slug": slug}).text
        return text

    def get_url(self, task_id: int) -> str:
        """Give the address of a session within the instance."""
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
            ApiError: The task could not be asked for.
        """
        return self._api.task.wait(
            id,
            target_status,
            wait_attempts=attempts,
            wait_attempt_timeout_sec=attempt_delay_sec,
        )

    def is_ready_for_api_calls(self, task_id: int) -> bool:
        """Whether a session answers calls; endpoint `tasks.request.direct`.

        One attempt; False also when it cannot be asked.
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
        return self._api.task.set_fields(task_id, fields)
