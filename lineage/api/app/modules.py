"""Modules of the ecosystem."""

from __future__ import annotations

from typing import Any

from ...model.module import ModuleInfo
from ..task import TaskApi


class AppModules(TaskApi):
    """Finding modules."""

    def get_ecosystem_module_id(self, slug: str) -> int:
        """Find a module by its slug; endpoint `ecosystem.list`.

        Raises:
            KeyError: There is none, or several.
            ApiError: The list could not be had.
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
            KeyError: There is none.
            ApiError: The list could not be had.
        """
        body: dict[str, Any] = {}
        if search is not None:
            body["search"] = search
        if categories is not None:
            body["categories"] = categories
            body["categoriesOperation"] = categories_operation
        found = self._modules(body)
        if not found:
            raise KeyError(f"no module of the ecosystem matches {body}")
        return found

    def find_module_id_by_app_name(self, app_name: str) -> int:
        """Find a module by its name; endpoint `ecosystem.list`.

        The search is the instance's, which also finds similar names; the exact name
        wins among them.

        Raises:
            KeyError: There is none.
            ValueError: There are several, and none has this very name.
            ApiError: The list could not be had.
        """
        found = self.get_list_ecosystem_modules(search=app_name)
        exact = [module for module in found if module.get("name") == app_name]
        chosen = exact if len(exact) == 1 else found
        if len(chosen) > 1:
            names = ", ".join(str(module.get("name")) for module in chosen[:5])
            raise ValueError(f"several modules match {app_name!r}: {names}")
        return int(chosen[0]["id"])

    def get_info(self, module_id: int, version: str | None = None) -> Any:
        """Give a module as the platform has it; endpoint `ecosystem.info`.

        Raises:
            ApiError: It could not be had.
        """
        body: dict[str, Any] = {"id": module_id}
        if version is not None:
            body["version"] = version
        return self._ask("ecosystem.info", body)

    def get_ecosystem_module_info(
        self,
        module_id: int | None = None,
        version: str | None = None,
        slug: str | None = None,
    ) -> ModuleInfo:
        """Give a module by its id or its slug; endpoint `ecosystem.info`.

        Args:
            module_id: The id.
            version: The release.
            slug: The slug.

        Raises:
            ValueError: Neither id nor slug is given, or both.
            KeyError: The answer lacks what every module has.
            ApiError: It could not be had.
        """
        if (module_id is None) == (slug is None):
            raise ValueError("give module_id or slug, and not both")
        body: dict[str, Any] = (
            {"slug": slug} if module_id is None else {"id": module_id}
        )
        if version is not None:
            body["version"] = version
        return ModuleInfo.from_json(self._ask("ecosystem.info", body))

    def _modules(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get_list_all_pages(
            "ecosystem.list", body, convert_json_info_cb=dict
        )
        return found
