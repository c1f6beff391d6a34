"""What the platform knows of a task."""

from __future__ import annotations

from typing import Any, ClassVar

from ...errors import NotFoundError
from ...model import enums
from ..errors import TaskFinishedWithError
from ..lookup_by_id import LookupById


class TaskInfos(LookupById):
    """Looking tasks up and changing their state."""

    Status = enums.Status
    PluginTaskType = enums.PluginTaskType
    RestartPolicy = enums.RestartPolicy

    MAX_WAIT_ATTEMPTS: ClassVar[int] = 999
    WAIT_ATTEMPT_TIMEOUT_SEC: ClassVar[int] = 1

    def get_info_by_id(self, id: int) -> Any:
        """Give a task as the platform has it; endpoint `tasks.info`.

        Returns:
            None when there is no such task.

        Raises:
            ApiError: The task could not be asked for.
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
            ApiError: The list could not be had.
        """
        data = {"workspaceId": workspace_id, "filter": filters or []}
        return self.get_list_all_pages("tasks.list", data)

    def get_status(self, task_id: int) -> enums.Status:
        """Give a task's state; endpoint `tasks.info`.

        Raises:
            NotFoundError: There is no such task.
            ValueError: The state is one that this version does not know.
            ApiError: The task could not be asked for.
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
        """Give the team and the workspace of a task; endpoint `GetTaskContext`.

        Raises:
            ApiError: They could not be had; 404 when there is no such task.
        """
        return self._ask("GetTaskContext", {"id": id})

    def stop(self, id: int) -> enums.Status:
        """Stop a task; endpoint `tasks.stop`.

        Raises:
            ValueError: The state is one that this version does not know.
            ApiError: The task could not be stopped.
        """
        return enums.Status(self._ask("tasks.stop", {"id": id})["status"])

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
