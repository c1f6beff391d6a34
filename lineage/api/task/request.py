"""Requests to a running app, through the platform."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ...errors import ApiError
from ..resource import Resource, decoded

_METHOD = "tasks.request.direct"
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class TaskRequests(Resource):
    """Asking a running app."""

    def send_request(
        self,
        task_id: int,
        method: str,
        data: dict[str, Any],
        context: Mapping[str, Any] = _NOTHING,
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
            ApiError: The app could not be asked.
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
            _METHOD, body, retries=retries, raise_error=raise_error
        )
        return decoded(_METHOD, response)

    def is_running(self, task_id: int) -> bool:
        """Whether an app answers; endpoint `tasks.request.direct`, one attempt.

        False also when it cannot be asked.
        """
        answer = self._poll(task_id, "is_running", 60)
        if isinstance(answer, Mapping):
            return bool(answer.get("running", True))
        return answer is not None

    def is_ready(self, task_id: int) -> bool:
        """Whether an app says that it is ready; one attempt.

        Endpoint `tasks.request.direct`. False also when it cannot be asked.
        """
        answer = self._poll(task_id, "is_ready", 60)
        return isinstance(answer, Mapping) and answer.get("status") == "ready"

    def _poll(self, task_id: int, command: str, timeout_s: int) -> Any:
        """Ask once; None when there is no answer."""
        try:
            return self.send_request(task_id, command, {}, timeout=timeout_s, retries=1)
        except ApiError:
            return None
