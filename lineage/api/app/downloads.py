"""Files and archives of an app's repository."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ...errors import ApiError
from ..atomic_download import aside, check_gzip, check_length, write_chunks
from ..progress import bar
from ..streams import Download
from ..task import TaskApi

_METHOD = "ecosystem.file.download"


class AppDownloads(TaskApi):
    """Downloads that are whole, or leave nothing."""

    def download_git_file(
        self,
        module_id: int,
        save_path: str,
        app_id: int | None = None,
        version: str | None = None,
        file_path: str | None = None,
        file_key: str | None = None,
        log_progress: bool = True,
        ext_logger: logging.Logger | None = None,
    ) -> None:
        """Download a file of a module; endpoint `ecosystem.file.download`.

        Args:
            module_id: The module.
            save_path: Where it goes; folders are made.
            app_id: The app.
            version: The release.
            file_path: The file's path in the repository, or:
            file_key: its key in the app's config.
            log_progress: Show a bar, on a terminal.
            ext_logger: Told when it is done.

        Raises:
            ValueError: Neither path nor key is given.
            OSError: It came too short or too long, or cannot be written.
            ApiError: It could not be had.
        """
        if file_path is None and file_key is None:
            raise ValueError("give file_path or file_key")
        wanted = {"version": version, "appId": app_id, "filePath": file_path,
                  "fileKey": file_key}  # fmt: skip
        given = {key: value for key, value in wanted.items() if value is not None}
        body = {"moduleId": module_id, **given}
        self._save(body, save_path, log_progress, ext_logger)

    def download_git_archive(
        self,
        ecosystem_item_id: int,
        app_id: int | None,
        version: str | None,
        save_path: str,
        log_progress: bool = True,
        ext_logger: logging.Logger | None = None,
    ) -> None:
        """Download a module's repository; endpoint `ecosystem.file.download`.

        Args:
            ecosystem_item_id: The module.
            app_id: The app.
            version: The release.
            save_path: Where it goes; with `.gz` at its end it is checked to decompress.
            log_progress: Show a bar, on a terminal.
            ext_logger: Told when it is done.

        Raises:
            OSError: It came too short, too long or damaged, or cannot be written.
            ApiError: It could not be had.
        """
        body = {"moduleId": ecosystem_item_id, "version": version, "isArchive": True}
        if app_id is not None:
            body["appId"] = app_id
        self._save(body, save_path, log_progress, ext_logger)

    def _save(
        self,
        body: dict[str, Any],
        path: str,
        is_shown: bool,
        told: logging.Logger | None,
    ) -> None:
        download = Download(self._api, "POST", _METHOD, body)
        name = Path(path).name
        with ExitStack() as stack:
            response = stack.enter_context(download.open())
            opened = stack.enter_context(aside(path))
            advance = stack.enter_context(bar(name, download.total, is_shown=is_shown))
            try:
                written = write_chunks(download.chunks(response), opened, advance)
            except ApiError as error:
                raise OSError(f"{name}: {error}; nothing was kept") from error
            check_length(written, download.total, name)
            if path.endswith(".gz"):
                check_gzip(opened, name)
        (told or self._api.logger).debug("%s: %d bytes", path, written)
