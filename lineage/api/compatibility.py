"""Whether an instance is new enough for a workflow edge."""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import requests

from ..errors import ApiError, warn_rarely
from .errors import from_exception
from .version import UNKNOWN, InstanceVersion, VersionCache, at_least

Compatibility: TypeAlias = Literal["ok", "old", "unknown"]


@runtime_checkable
class SdkCompatibleApi(Protocol):
    """What a workflow needs of an api object: ours, or the platform's SDK's."""

    @property
    def task_id(self) -> Any:
        """The task that this process is, or None."""

    @property
    def instance_version(self) -> Any:
        """The instance's version, `unknown`, or None."""

    def post(self, method: str, data: Any) -> Any:
        """Call a method and give the response.

        Args:
            method: The endpoint, such as `projects.list`.
            data: The body, as JSON values.
        """


class CompatibilityChecker:
    """Return whether the instance behind one api accepts an edge.

    Answers expire (see `version`), so an upgraded instance is noticed and an
    unknown one is fetched again.
    """

    def __init__(self, api: SdkCompatibleApi) -> None:
        own = getattr(api, "versions", None)
        self._versions: VersionCache = (
            own
            if isinstance(own, VersionCache)
            else VersionCache(lambda: _fetch_foreign(api))
        )

    def version(self) -> InstanceVersion:
        """Return the instance's version as it is known now."""
        return self._versions.get()

    def compare(self, minimum: str) -> Compatibility:
        """Compare the instance's version with the least one that will do."""
        is_enough = at_least(self.version().version, minimum)
        if is_enough is None:
            return "unknown"
        return "ok" if is_enough else "old"

    def check(self, minimum: str) -> Compatibility:
        """Compare, and log a reason to hold edges back, at most once a minute."""
        outcome = self.compare(minimum)
        found = self.version().version
        if outcome == "unknown":
            warn_rarely(
                f"gate {found}",
                "The instance's version is %s: workflow edges wait until it is known.",
                found or UNKNOWN,
            )
        elif outcome == "old":
            warn_rarely(
                f"gate {found} {minimum}",
                "The instance is %s; these workflow edges need %s or newer.",
                found,
                minimum,
            )
        return outcome


def _fetch_foreign(api: SdkCompatibleApi) -> Any:
    """Fetch the version through another api; the SDK's own keeps `unknown` for good."""
    version = api.instance_version
    if version != UNKNOWN:
        return {"version": version}
    try:
        return api.post("instance.version", {}).json()
    except (requests.RequestException, ValueError) as error:
        if isinstance(error, ApiError):
            raise
        raise from_exception("instance.version", "", error) from error


def check_workflow_compatibility(
    api: SdkCompatibleApi, min_instance_version: str
) -> bool:
    """Return whether the instance accepts workflow edges.

    Endpoint `instance.version`, called when the last answer is too old.

    Args:
        api: Our `Api`, or the platform's SDK's.
        min_instance_version: The least version that will do.

    Returns:
        False when it is older, or its version is not known.
    """
    gate = getattr(api, "gate", None)
    checker = (
        gate if isinstance(gate, CompatibilityChecker) else CompatibilityChecker(api)
    )
    return checker.check(min_instance_version) == "ok"
