"""`TaskApi`, put together from its themes."""

from __future__ import annotations

from typing import Any

from .data import TaskData
from .files import TaskFiles
from .logs import TaskLogs
from .output import TaskOutput
from .request import TaskRequests
from .start import TaskStart
from .tasks import TaskInfos
from .wait import TaskWait


class TaskApi(
    TaskWait, TaskStart, TaskData, TaskOutput, TaskFiles, TaskLogs, TaskRequests,
    TaskInfos,
):  # fmt: skip
    """The platform's tasks; bound as `api.task`."""

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

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("tasks are given as dicts")
