"""What a task shows as its result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..resource import Resource
from . import history

_GREEN = ("#33c94c", "#d9f7e4")
_RED = ("#ff83a6", "#ffeae9")


class TaskOutput(Resource):
    """Setting a task's output; endpoint `tasks.output.set`."""

    def set_output_project(
        self,
        task_id: int,
        project_id: int,
        project_name: str | None = None,
        project_preview: str | None = None,
    ) -> Any:
        """Show a project; endpoint `tasks.output.set`.

        Without a name, `projects.info` is asked first.

        Args:
            task_id: The task.
            project_id: The project.
            project_name: Its name.
            project_preview: Address of a picture; the project's own when left out
                together with the name.

        Raises:
            ProjectNotFound: There is no such project.
            ApiError: The output could not be set.
        """
        if "import" in history.categories():
            history.add(self._api, project_id, task_id)
        preview = project_preview
        if project_name is None:
            project = self._api.project.get_info_by_id(project_id, raise_error=True)
            project_name = project.name
            preview = preview if preview is not None else project.image_preview_url
        shown = {"id": project_id, "title": project_name}
        if preview is not None:
            shown["preview"] = preview
        return self._set(task_id, {"project": shown})

    def set_output_report(
        self,
        task_id: int,
        file_id: int,
        file_name: str,
        description: str | None = "Report",
    ) -> Any:
        """Show a report that lies in Team Files; endpoint `tasks.output.set`.

        Args:
            task_id: The task.
            file_id: The report.
            file_name: Its name, shown as the title.
            description: More words.

        Raises:
            ApiError: The output could not be set.
        """
        return self._set_link(task_id, "zmdi-receipt", file_name, f"/files/{file_id}",
                              False, description)  # fmt: skip

    def set_output_archive(
        self, task_id: int, file_id: int, file_name: str, file_url: str | None = None
    ) -> Any:
        """Show an archive to download; endpoint `tasks.output.set`.

        Args:
            task_id: The task.
            file_id: The archive in Team Files.
            file_name: Its name.
            file_url: Its address; looked up by `file-storage.info` when left out.

        Raises:
            ApiError: The output could not be set.
        """
        return self._set_link(task_id, "zmdi-archive", file_name,
                              self._file_url(file_id, file_url), True,
                              "Download archive")  # fmt: skip

    def set_output_file_download(
        self,
        task_id: int,
        file_id: int,
        file_name: str,
        file_url: str | None = None,
        download: bool | None = True,
    ) -> Any:
        """Show a file to download, or to open; endpoint `tasks.output.set`.

        Args:
            task_id: The task.
            file_id: The file in Team Files.
            file_name: Its name.
            file_url: Its address; looked up by `file-storage.info` when left out.
            download: False: open it.

        Raises:
            ApiError: The output could not be set.
        """
        return self._set_link(task_id, "zmdi-file", file_name,
                              self._file_url(file_id, file_url), download,
                              "Download file")  # fmt: skip

    def set_output_directory(
        self, task_id: int, file_id: int, directory_path: str
    ) -> Any:
        """Show a folder of Team Files; endpoint `tasks.output.set`.

        Args:
            task_id: The task.
            file_id: The folder in Team Files.
            directory_path: Its path, shown as the title.

        Raises:
            ApiError: The output could not be set.
        """
        return self._set_link(task_id, "zmdi-folder", directory_path,
                              f"/files/{file_id}", False, "Directory")  # fmt: skip

    def set_output_error(
        self,
        task_id: int,
        title: str,
        description: str | None = None,
        show_logs: bool | None = True,
    ) -> Any:
        """Show an error; endpoint `tasks.output.set`.

        Args:
            task_id: The task.
            title: What went wrong.
            description: More words.
            show_logs: Offer the task's log.

        Raises:
            ApiError: The output could not be set.
        """
        return self._set_text(task_id, _icon("zmdi-alert-octagon", *_RED), title,
                              description, show_logs, True)  # fmt: skip

    def set_output_text(
        self,
        task_id: int,
        title: str,
        description: str | None = None,
        show_logs: bool | None = False,
        zmdi_icon: str | None = "zmdi-comment-alt-text",
        icon_color: str | None = "#33c94c",
        background_color: str | None = "#d9f7e4",
    ) -> Any:
        """Show a text; endpoint `tasks.output.set`.

        Args:
            task_id: The task.
            title: The text.
            description: More words.
            show_logs: Offer the task's log.
            zmdi_icon: An icon's name, as `zmdi-check`.
            icon_color: Its colour, as `#33c94c`.
            background_color: The colour behind it.

        Raises:
            ApiError: The output could not be set.
        """
        icon = _icon(zmdi_icon, icon_color, background_color)
        return self._set_text(task_id, icon, title, description, show_logs, False)

    def set_output_experiment(
        self, task_id: int, experiment_info: Mapping[str, Any]
    ) -> Any:
        """Show an experiment; endpoint `tasks.output.set`.

        Args:
            task_id: The task.
            experiment_info: What the experiment page shows; sent as it is.

        Raises:
            TypeError: It is no mapping.
            ApiError: The output could not be set.
        """
        if not isinstance(experiment_info, Mapping):
            kind = type(experiment_info).__name__
            raise TypeError(f"experiment_info must be a mapping, got {kind}")
        shown = {"experiment": {"data": dict(experiment_info)}}
        return self._set(task_id, shown)

    def _set_link(
        self,
        task_id: int,
        icon: str,
        title: str,
        url: str,
        download: bool | None,
        description: str | None,
    ) -> Any:
        general = {
            "icon": _icon(icon, *_GREEN),
            "title": title,
            "titleUrl": url,
            "download": download,
            "description": description,
        }
        return self._set(task_id, {"general": general})

    def _set_text(
        self,
        task_id: int,
        icon: dict[str, Any],
        title: str,
        description: str | None,
        show_logs: bool | None,
        is_error: bool,
    ) -> Any:
        general = {
            "icon": icon,
            "title": title,
            "showLogs": show_logs,
            "isError": is_error,
        }
        if description is not None:
            general["description"] = description
        return self._set(task_id, {"general": general})

    def _file_url(self, file_id: int, told: str | None) -> str:
        if told is not None:
            return told
        url: str = self._api.file.get_info_by_id(file_id).storage_path
        return url

    def _set(self, task_id: int, output: dict[str, Any]) -> Any:
        return self._ask("tasks.output.set", {"taskId": task_id, "output": output})


def _icon(
    name: str | None, color: str | None, background: str | None
) -> dict[str, Any]:
    return {
        "className": f"zmdi {name}",
        "color": color,
        "backgroundColor": background,
    }
