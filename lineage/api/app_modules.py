"""The modules of the ecosystem: apps as the platform's catalogue lists them."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ..errors import ApiError
from ..model.module import ModuleInfo
from .atomic_download import aside, check_gzip, check_length, write_chunks
from .pagination import PaginatedResource
from .progress import bar
from .streams import Download

_DOWNLOAD = "ecosystem.file.download"


class AppModules(PaginatedResource):
    """Finds modules, describes them and downloads their files."""

    def get_ecosystem_module_id(self, slug: str) -> int:
        """Find a module by its slug; endpoint `ecosystem.list`.

        Args:
            slug: The module's repository, such as `owner/name`.

        Raises:
            KeyError: No module has the slug, or several have it.
            ApiError: The list could not be fetched.
        """
        condition = {"field": "slug", "operator": "=", "value": slug}
        found = self._modules({"filter": [condition]})
        if len(found) != 1:
            raise KeyError(f"{len(found)} modules have the slug {slug!r}")
        return int(found[0]["id"])

    def get_list_ecosystem_modules(
        self,
        search: str | None = None,
        categories: list[str] | None = None,
        categories_operation: str = "or",
    ) -> list[dict[str, Any]]:
        """List modules; endpoint `ecosystem.list`.

        Args:
            search: Text to look for.
            categories: Their categories.
            categories_operation: `or`, `and`.

        Raises:
            KeyError: No module matches.
            ApiError: The list could not be fetched.
        """
        body: dict[str, Any] = {}
        if search is not None:
            body["search"] = search
        if categories is not None:
            body["categories"] = categories
            body["categoriesOperation"] = categories_operation
        found: list[dict[str, Any]] = self._modules(body)
        if not found:
            raise KeyError(f"no module of the ecosystem matches {body}")
        return found

    def find_module_id_by_app_name(self, app_name: str) -> int:
        """Find a module by its name; endpoint `ecosystem.list`.

        The search is the instance's, which also finds similar names; the exact name
        wins among them.

        Args:
            app_name: The name of the module.

        Raises:
            KeyError: No module matches.
            ValueError: There are several, and none has this very name.
            ApiError: The list could not be fetched.
        """
        found = self.get_list_ecosystem_modules(search=app_name)
        exact = [module for module in found if module.get("name") == app_name]
        chosen = exact if len(exact) == 1 else found
        if len(chosen) > 1:
            names = ", ".join(str(module.get("name")) for module in chosen[:5])
            raise ValueError(f"several modules match {app_name!r}: {names}")
        return int(chosen[0]["id"])

    def get_info(self, module_id: int, version: str | None = None) -> Any:
        """Return a module as the platform has it; endpoint `ecosystem.info`.

        Args:
            module_id: The module.
            version: The release; the newest when left out.

        Raises:
            ApiError: It could not be fetched.
        """
        chosen = {} if version is None else {"version": version}
        return self._call("ecosystem.info", {"id": module_id, **chosen})

    def get_ecosystem_module_info(
        self,
        module_id: int | None = None,
        version: str | None = None,
        slug: str | None = None,
    ) -> ModuleInfo:
        """Return a module by its id or its slug; endpoint `ecosystem.info`.

        Args:
            module_id: The id.
            version: The release.
            slug: The slug.

        Raises:
            ValueError: Neither id nor slug is given, or both.
            KeyError: The answer lacks what every module has.
            ApiError: It could not be fetched.
        """
        if (module_id is None) == (slug is None):
            raise ValueError("give module_id or slug, and not both")
        body = {"slug": slug, "id": module_id, "version": version}
        given = {key: value for key, value in body.items() if value is not None}
        return ModuleInfo.from_json(self._call("ecosystem.info", given))

    def _modules(self, body: dict[str, Any]) -> Any:
        return self.get_list_all_pages("ecosystem.list", body, None, dict)

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
            ext_logger: Logs when it is done.

        Raises:
            ValueError: Neither path nor key is given.
            OSError: It came too short or too long, or cannot be written.
            ApiError: It could not be fetched.
        """
        if file_path is None and file_key is None:
            raise ValueError("give file_path or file_key")
        body = {"moduleId": module_id, "version": version, "appId": app_id,
                "filePath": file_path, "fileKey": file_key}  # fmt: skip
        given = {key: value for key, value in body.items() if value is not None}
        self._save(given, save_path, log_progress, ext_logger)

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
            ext_logger: Logs when it is done.

        Raises:
            OSError: It came too short, too long or damaged, or cannot be written.
            ApiError: It could not be fetched.
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
        logger: logging.Logger | None,
    ) -> None:
        download = Download(self._api, "POST", _DOWNLOAD, body)
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
        (logger or self._api.logger).debug("%s: %d bytes", path, written)

    def _newest(self, module_id: int | None) -> str:
        """Return the newest release of a module; endpoint `ecosystem.info`."""
        if module_id is None:
            raise ValueError(
                "app_id needs app_version: only modules list their releases"
            )
        info = self._call("ecosystem.info", {"id": module_id})
        releases = (info.get("meta") or {}).get("releases")
        if not releases:
            raise ValueError(f"module {module_id} has no release; give app_version")
        version: str = releases[0].get("version", "")
        return version
