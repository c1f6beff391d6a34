"""A task's log."""

from __future__ import annotations

from typing import Any

from ..resource import Resource, decoded


class TaskLogs(Resource):
    """Reading and writing a task's log."""

    def get_logs(
        self, task_id: int, since_time: str | None = None, limit: int | None = None
    ) -> Any:
        """Give lines of the log; endpoint GET `tasks.log.download`.

        Args:
            task_id: The task.
            since_time: Lines from this moment on, as `2026-03-30T14:28:58.816Z`.
            limit: Lines, at most.

        Raises:
            ApiError: They could not be had.
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
