"""The data and the state of an app's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..resource import Resource


class TaskData(Resource):
    """Reading and setting fields of a running app."""

    def get_field(self, task_id: int, field: str) -> Any:
        """Give one field; endpoint `tasks.data.get`.

        Raises:
            KeyError: The app has no such field.
            ApiError: It could not be had.
        """
        return self.get_fields(task_id, [field])[field]

    def get_fields(self, task_id: int, fields: list[str]) -> Any:
        """Give some fields by their names; endpoint `tasks.data.get`.

        Raises:
            KeyError: The answer has no fields.
            ApiError: They could not be had.
        """
        body = {"taskId": task_id, "fields": [str(name) for name in fields]}
        return self._ask("tasks.data.get", body)["result"]

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
        return self._ask("tasks.data.set", {"taskId": task_id, "fields": fields})

    def set_fields_from_dict(self, task_id: int, d: Mapping[str, Any]) -> Any:
        """Set fields by a dict of names and values; endpoint `tasks.data.set`.

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
        return self._ask("tasks.app-v2.data.set", body)
