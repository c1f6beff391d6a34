"""What a task shows as its result, and the files that it keeps."""

# Longer than 400 lines: each kind of result is a method of its own in the SDK.
from __future__ import annotations

import base64
import copy
import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ..settings import Settings
from .bodies import BodyPart, multipart
from .file import FileApi
from .progress import advancing
from .project import ProjectApi
from .resource import Resource

_T = TypeVar("_T")
_GREEN = ("#33c94c", "#d9f7e4")
_RED = ("#ff83a6", "#ffeae9")
_HASHES = 900
_FILES = 50
_BLOCK = 1 << 20


class TaskOutput(Resource):
    """Shows a task's output and uploads its files."""

    def set_output_project(
        self,
        task_id: int,
        project_id: int,
        project_name: str | None = None,
        project_preview: str | None = None,
    ) -> Any:
        """Show a project; endpoint `tasks.output.set`.

        Without a name, `projects.info` is requested first.

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
        if "import" in Settings.from_environ().app_categories:
            self._add_import(project_id, task_id)
        preview = project_preview
        if project_name is None:
            project = ProjectApi(self._api).get_info_by_id(project_id, raise_error=True)
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

    def _file_url(self, file_id: int, url: str | None) -> str:
        if url is not None:
            return url
        found: str = FileApi(self._api).get_info_by_id(file_id).storage_path
        return found

    def _set(self, task_id: int, output: dict[str, Any]) -> Any:
        return self._call("tasks.output.set", {"taskId": task_id, "output": output})

    def upload_files(
        self,
        task_id: int,
        abs_paths: list[str],
        names: list[str],
        progress_cb: Any = None,
    ) -> None:
        """Upload files of a task; what the instance has already is not sent again.

        Endpoints `images.internal.hashes.list`, `tasks.files.bulk.add-by-hash`,
        `tasks.files.bulk.upload`.

        Args:
            task_id: The task.
            abs_paths: The files.
            names: What each is called in the task.
            progress_cb: Called with the number of files done (or a tqdm bar).

        Raises:
            RuntimeError: There are more paths than names, or fewer.
            OSError: A file cannot be read.
            ApiError: They could not be uploaded.
        """
        if len(abs_paths) != len(names):
            raise RuntimeError(f"{len(abs_paths)} paths, but {len(names)} names")
        if not abs_paths:
            return
        advance = advancing(progress_cb)
        hashes = [file_hash(path) for path in abs_paths]
        known = self._known(list(dict.fromkeys(hashes)))
        self._add_known(task_id, names, hashes, known)
        advance(sum(digest in known for digest in hashes))
        items = list(zip(abs_paths, names, hashes, strict=True))
        for batch in batched(items, _FILES):
            self._upload(task_id, batch, known, advance)

    def _known(self, hashes: list[str]) -> set[str]:
        known: set[str] = set()
        for batch in batched(hashes, _HASHES):
            known.update(self._call("images.internal.hashes.list", batch))
        return known

    def _add_known(
        self, task_id: int, names: list[str], hashes: list[str], known: set[str]
    ) -> None:
        by_hash: dict[str, list[str]] = defaultdict(list)
        for name, digest in zip(names, hashes, strict=True):
            if digest in known:
                by_hash[digest].append(name)
        files = [
            {"name": name, "hash": digest}
            for digest, same in by_hash.items()
            for name in same
        ]
        for batch in batched(files, _FILES):
            body = {"taskId": task_id, "files": batch}
            self._api.post("tasks.files.bulk.add-by-hash", body)

    def _upload(
        self,
        task_id: int,
        batch: list[tuple[str, str, str]],
        known: set[str],
        advance: Callable[[int], Any],
    ) -> None:
        parts: list[BodyPart] = []
        for index, (path, name, digest) in enumerate(batch):
            if digest not in known:
                fields = json.dumps({"fullpath": name, "hash": digest})
                opener = partial(Path(path).open, "rb")
                parts += [
                    BodyPart(str(index), fields),
                    BodyPart(f"{index}-file", opener, name),
                ]
        if not parts:
            return
        # The form itself does not name the task.
        self._api.send(
            "POST",
            "tasks.files.bulk.upload",
            body=multipart(parts),
            headers={"x-task-id": str(task_id)},
        )
        advance(len(parts) // 2)

    def _add_import(self, project_id: int, task_id: int) -> None:
        """Add an import to the history that an import app keeps in its project.

        Endpoints `tasks.info`, `ecosystem.info` (where the task runs a module),
        `projects.info`, `projects.editInfo`.

        Raises:
            ApiError: One of them failed.
        """
        task = self._call("tasks.info", {"id": task_id})
        app = (task.get("meta") or {}).get("app") or {}
        module = app.get("moduleId")
        slug = (
            self._call("ecosystem.info", {"id": module}).get("slug") if module else None
        )
        project = self._call("projects.info", {"id": project_id})
        # The answer may be shared with other callers, so a copy is changed.
        custom = copy.deepcopy(project.get("customData") or {})
        custom.setdefault("import_history", {}).setdefault("tasks", []).append(
            _import_element(task, app, slug, task_id)
        )
        self._api.post("projects.editInfo", {"id": project_id, "customData": custom})


def _import_element(
    task: dict[str, Any], app: dict[str, Any], slug: str | None, task_id: int
) -> dict[str, Any]:
    settings = Settings.from_environ()
    datasets = [
        {
            "id": int(dataset),
            "items_count": count,
            "uploaded_images": settings.uploaded_ids.get(dataset, []),
        }
        for dataset, count in settings.upload_count.items()
    ]
    message = (task.get("settings") or {}).get("message") or {}
    return {
        "task_id": task_id,
        "app": {"name": app.get("name"), "version": app.get("version")},
        "slug": slug,
        "status": task.get("status"),
        "user_id": task.get("userId"),
        "team_id": task.get("teamId"),
        # The platform keeps local time without a zone here.
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S"),
        "source_state": message.get("state"),
        "items_count": sum(dataset["items_count"] for dataset in datasets),
        "datasets": datasets,
    }


def _icon(
    name: str | None, color: str | None, background: str | None
) -> dict[str, Any]:
    return {
        "className": f"zmdi {name}",
        "color": color,
        "backgroundColor": background,
    }


def file_hash(path: str) -> str:
    """Return the platform's hash of a file: its SHA-256 in base64.

    Raises:
        OSError: The file cannot be read.
    """
    digest = hashlib.sha256()
    with Path(path).open("rb") as opened:
        while block := opened.read(_BLOCK):
            digest.update(block)
    return base64.b64encode(digest.digest()).decode()


def batched(items: Sequence[_T], size: int) -> Iterator[list[_T]]:
    """Return the items in lists of at most `size`."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
