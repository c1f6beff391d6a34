"""Apps that were added to a team."""

from __future__ import annotations

from typing import Any

from ...model.platform_types import APP_FIELDS, AppInfo
from ..task import TaskApi


class AppInfos(TaskApi):
    """Looking apps up."""

    InfoType = AppInfo

    @staticmethod
    def info_sequence() -> list[Any]:
        """Describe the fields of `AppInfo`, as the platform's SDK does."""
        return [field.descriptor for field in APP_FIELDS]

    @staticmethod
    def info_tuple_name() -> str:
        """Give the name of the info class."""
        return "AppInfo"

    @classmethod
    def convert_info_to_json(cls, info: AppInfo) -> dict[str, Any]:
        """Write an app under the platform's names, in the order of its fields."""
        return info.to_json()

    def _convert_json_info(self, info: dict[str, Any]) -> Any:
        return AppInfo.from_json(info)

    def get_info_by_id(self, id: int) -> AppInfo | None:
        """Give an app; endpoint `apps.info`.

        Returns:
            None when there is no such app.

        Raises:
            ApiError: The app could not be asked for.
        """
        info = self._info_by_id("apps.info", id)
        return None if info is None else AppInfo.from_json(info)

    def get_list(
        self,
        team_id: int,
        filter: list[dict[str, Any]] | None = None,
        context: list[str] | None = None,
        repository_key: str | None = None,
        show_disabled: bool = False,
        integrated_into: list[str] | None = None,
        session_tags: list[str] | None = None,
        only_running: bool = False,
        with_shared: bool = True,
        force_all_sessions: bool = True,
    ) -> list[AppInfo]:
        """List the apps of a team; endpoint `apps.list`.

        Args:
            team_id: The team.
            filter: Conditions, as `{"field": "moduleId", "operator": "=", "value": 1}`.
            context: Places of the context menu.
            repository_key: The app's repository.
            show_disabled: Also those that are switched off.
            integrated_into: Places of the interface, as `panel` or `files`.
            session_tags: Tags of running sessions.
            only_running: Those with running sessions; forces `force_all_sessions` off.
            with_shared: Also those that others share.
            force_all_sessions: With all of their sessions.

        Raises:
            ApiError: The list could not be had.
        """
        body = {
            "teamId": team_id,
            "filter": [] if filter is None else filter,
            "context": [] if context is None else context,
            "repositoryKey": repository_key,
            "integratedInto": [] if integrated_into is None else integrated_into,
            "sessionTags": [] if session_tags is None else session_tags,
            "onlyRunning": only_running,
            "showDisabled": show_disabled,
            "withShared": with_shared,
            "forceAllSessions": False if only_running else force_all_sessions,
        }
        found: list[AppInfo] = self.get_list_all_pages("apps.list", body)
        return found
