"""`api.project.version`: the versions of projects."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

from ..errors import LineageError, warn_rarely
from ..model.platform_types import VERSION_FIELDS, VersionInfo
from .errors import HttpError
from .foreign_api import CallMethod
from .pagination import PaginatedResource

#: Seconds before the next attempt to reserve; doubled each time.
_RESERVE_PAUSE_S = 2.0
_COMMITTING = "is already committing"


class Reservation(NamedTuple):
    """The answer to a reservation: a new version's id, or the one to use instead."""

    version_id: int
    token: str | None
    """Needed to commit or cancel; None: the project is unchanged since this version."""


class VersionApi(PaginatedResource):
    """A project's versions; bound as `api.project.version`."""

    InfoType = VersionInfo

    @staticmethod
    def info_sequence() -> list[Any]:
        """Describe the fields of `VersionInfo`, as the platform's SDK does."""
        return [field.descriptor for field in VERSION_FIELDS]

    @staticmethod
    def info_tuple_name() -> str:
        """Return the name of the info class."""
        return "VersionInfo"

    def _convert_json_info(self, info: dict[str, Any]) -> Any:
        return VersionInfo.from_json(info)

    def get_list(
        self, project_id: int, filters: list[dict[str, Any]] | None = None
    ) -> list[VersionInfo]:
        """List a project's versions; endpoint `projects.versions.list`.

        Args:
            project_id: The project.
            filters: Conditions, as `{"field": "version", "operator": "=", "value": 4}`.

        Raises:
            ApiError: The list could not be fetched.
        """
        body: dict[str, Any] = {"projectId": project_id}
        if filters:
            body["filter"] = filters
        found: list[VersionInfo] = self.get_list_all_pages(
            "projects.versions.list", body
        )
        return found

    def get_info_by_id(self, project_id: int, version_id: int) -> VersionInfo | None:
        """Return a version by its own id; endpoint `projects.versions.list`.

        Args:
            project_id: The project.
            version_id: The version's id.

        Returns:
            None when the project has no such version.

        Raises:
            ApiError: The list could not be fetched.
        """
        return self._first(project_id, "id", version_id)

    def get_info_by_number(
        self, project_id: int, version_num: int
    ) -> VersionInfo | None:
        """Return a version by its number; endpoint `projects.versions.list`.

        Args:
            project_id: The project.
            version_num: The version's number within the project.

        Returns:
            None when the project has no such version.

        Raises:
            ApiError: The list could not be fetched.
        """
        return self._first(project_id, "version", version_num)

    def get_id_by_number(self, project_id: int, version_num: int) -> int | None:
        """Return the id of a version; endpoint `projects.versions.list`.

        Args:
            project_id: The project.
            version_num: The version's number within the project.

        Returns:
            None when the project has no such version.

        Raises:
            ApiError: The list could not be fetched.
        """
        found = self._first(project_id, "version", int(version_num))
        return None if found is None else found.id

    def _first(self, project_id: int, field: str, value: Any) -> VersionInfo | None:
        condition = {"field": field, "operator": "=", "value": value}
        found = self.get_list(project_id, [condition])
        return found[0] if found else None

    def reserve(
        self, project_id: int, retries: int = 6
    ) -> tuple[int | None, str | None]:
        """Reserve a new version; endpoint `projects.versions.reserve`.

        Args:
            project_id: The project.
            retries: Further attempts while another process commits a version.

        Returns:
            The new version's id and the token to commit it with; two None when the
            project is unchanged since its last version.

        Raises:
            RuntimeError: Another process still commits a version.
            ApiError: It could not be reserved.
        """
        pause = _RESERVE_PAUSE_S
        for left in range(retries, -1, -1):
            try:
                found = reserved(project_id, self._call)
            except HttpError as error:
                if _COMMITTING not in error.server_message:
                    raise
                if not left:
                    raise RuntimeError(
                        f"project {project_id}: another process commits a version"
                    ) from error
                self._api.transport.sleep(pause)
                pause *= 2
            else:
                return (
                    (None, None)
                    if found.token is None
                    else (found.version_id, found.token)
                )
        raise AssertionError  # pragma: no cover  the last attempt returns or raises

    def commit(
        self,
        version_id: int,
        commit_token: str,
        updated_at: str,
        file_id: int,
        title: str | None = None,
        description: str | None = None,
        preview_project_id: int | None = None,
    ) -> None:
        """Finish a reserved version; endpoint `projects.versions.commit`.

        Args:
            version_id: The id that `reserve` returned.
            commit_token: The token that `reserve` returned.
            updated_at: When the project was changed last.
            file_id: The backup in Team Files.
            title: The version's name.
            description: More words.
            preview_project_id: A clone of the project that shows the version.

        Raises:
            RuntimeError: The instance did not finish it.
            ApiError: It could not be finished.
        """
        body = {"id": version_id, "commitToken": commit_token,
                "projectUpdatedAt": updated_at, "teamFileId": file_id}  # fmt: skip
        if preview_project_id is not None:
            body["previewProjectId"] = preview_project_id
        if title:
            body["title"] = title
        if description:
            body["description"] = description
        if not self._call("projects.versions.commit", body).get("success"):
            raise RuntimeError(f"version {version_id} was not committed")

    def cancel_reservation(self, version_id: int, commit_token: str) -> bool:
        """Cancel a reservation; endpoint `projects.versions.cancel-reservation`.

        Args:
            version_id: The id that `reserve` returned.
            commit_token: The token that `reserve` returned.

        Returns:
            Whether it was given up.

        Raises:
            ApiError: The call failed.
        """
        return cancelled(version_id, commit_token, self._call)

    def create(
        self,
        project_info: Any,
        version_title: str | None = None,
        version_description: str | None = None,
        enable_preview: bool = False,
    ) -> int | None:
        """Make a version of a project as it is now.

        On a lineage instance by `projects.versions.reserve` and
        `projects.versions.commit`. On the platform the backup has the SDK's format, so
        the SDK makes it where it is installed; without it, only a project that is
        unchanged since its last version has one.

        Args:
            project_info: A `ProjectInfo` or an id.
            version_title: The version's name.
            version_description: More words.
            enable_preview: Also make a clone of the project that shows the version;
                without effect on a lineage instance.

        Returns:
            The id of the new version, or of the last one when the project is unchanged;
            None when none could be made (the cause is logged).

        Raises:
            ApiError: The instance could not be reached.
        """
        project_id = int(getattr(project_info, "id", project_info))
        if self._api.announced() is not None:
            return self._record(project_id, version_title, version_description)
        sdk = self._sdk_api()
        if sdk is None:
            return existing_version(project_id, self._call)
        made = sdk.project.version.create(
            project_id, version_title, version_description, enable_preview
        )
        return None if made is None else int(made)

    def _record(
        self, project_id: int, title: str | None, description: str | None
    ) -> int:
        """Make a version in a lineage instance, which keeps no content of projects."""
        found = reserved(project_id, self._call)
        if found.token is not None:
            body = {"id": found.version_id, "commitToken": found.token,
                    "title": title, "description": description}  # fmt: skip
            given = {key: value for key, value in body.items() if value}
            self._call("projects.versions.commit", given)
        return found.version_id

    def restore(
        self,
        project_info: Any,
        version_id: int | None = None,
        version_num: int | None = None,
        skip_missed_entities: bool = False,
        workspace_id: int | None = None,
        project_name: str | None = None,
        project_description: str | None = None,
        local_binary_path: str | None = None,
    ) -> Any:
        """Make a new project from a version's backup; needs the platform's SDK.

        Args:
            project_info: A `ProjectInfo` or an id.
            version_id: The version's id, or:
            version_num: its number.
            skip_missed_entities: Leave images out that are no longer there.
            workspace_id: Where to make the project; its own workspace when left out.
            project_name: The new project's name.
            project_description: Its description.
            local_binary_path: A backup on this machine, instead of the stored one.

        Returns:
            The SDK's `ProjectInfo` of the new project.

        Raises:
            ValueError: Neither `version_id` nor `version_num` is given.
            LineageError: The SDK is not installed.
        """
        if version_id is None and version_num is None:
            raise ValueError("give version_id or version_num")
        sdk = self._sdk_api()
        if sdk is None:
            raise LineageError(
                "restoring a version needs the platform's SDK, which reads its backup: "
                "pip install supervisely",
                subject=version_id or version_num,
            )
        return sdk.project.version.restore(
            int(getattr(project_info, "id", project_info)), version_id, version_num,
            skip_missed_entities, workspace_id, project_name, project_description,
            local_binary_path,
        )  # fmt: skip

    def _sdk_api(self) -> Any:
        """Return the SDK's client of the same instance; None without the SDK."""
        try:
            sdk = importlib.import_module("supervisely")
        except ImportError:
            return None
        return sdk.Api(self._api.server_address, self._api.token)


def reserved(project_id: int, call: CallMethod) -> Reservation:
    """Reserve a version; endpoint `projects.versions.reserve`.

    Raises:
        ApiError: It could not be reserved.
    """
    try:
        answer = call("projects.versions.reserve", {"projectId": project_id})
    except HttpError as error:
        existing = _version_to_use(error)
        if existing is None:
            # Somebody else commits a version just now: that ends soon.
            error.is_retryable |= _COMMITTING in error.server_message
            raise
        return Reservation(existing, None)
    return Reservation(int(answer["id"]), str(answer["commitToken"]))


def cancelled(version_id: int, token: str, call: CallMethod) -> bool:
    """Cancel a reservation; endpoint `projects.versions.cancel-reservation`.

    Raises:
        ApiError: The call failed.
    """
    body = {"id": version_id, "commitToken": token}
    return bool(call("projects.versions.cancel-reservation", body).get("success"))


def existing_version(project_id: int, call: CallMethod) -> int | None:
    """Return the version of a project that is unchanged since; None: it changed.

    Endpoints `projects.versions.reserve`, `projects.versions.cancel-reservation`.

    Raises:
        ApiError: The instance could not be reached.
    """
    found = reserved(project_id, call)
    if found.token is None:
        return found.version_id
    cancelled(found.version_id, found.token, call)
    warn_rarely(
        f"version {project_id}",
        "Project %s has changed since its last version, and a new one is made by the "
        "platform's SDK only: pip install supervisely.",
        project_id,
    )
    return None


def _version_to_use(error: HttpError) -> int | None:
    """Return the version that a refused reservation names instead."""
    try:
        body = error.response.json() if error.response is not None else None
    except ValueError:
        return None
    details = body.get("details") if isinstance(body, dict) else None
    if not isinstance(details, dict) or not details.get("useExistingVersion"):
        return None
    version = details.get("version")
    found = version.get("id") if isinstance(version, dict) else None
    return None if found is None else int(found)
