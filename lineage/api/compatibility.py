"""The gate: whether an instance is new enough for a workflow edge."""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import requests

from ..errors import ApiError, warn_rarely
from .errors import from_exception
from .version import UNKNOWN, InstanceVersion, VersionCache, at_least

Verdict: TypeAlias = Literal["ok", "old", "unknown"]


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
        """Call a method and give the response."""


class CompatibilityChecker:
    """Tells whether the instance behind one api accepts an edge.

    Its answers expire (see `version`), so an upgraded instance is noticed and an
    unknown one is asked again.
    """

    def __init__(self, api: SdkCompatibleApi) -> None:
        own = getattr(api, "versions", None)
        self._versions: VersionCache = (
            own
            if isinstance(own, VersionCache)
            else VersionCache(lambda: _ask_foreign(api))
        )

    def version(self) -> InstanceVersion:
        """Give the instance's version as it is known now."""
        return self._versions.get()

    def verdict(self, minimum: str) -> Verdict:
        """Judge the instance; what keeps edges back is told once a minute."""
        found = self.version().version
        is_enough = at_least(found, minimum)
        if is_enough is None:
            warn_rarely(
                f"gate {found}",
                "The instance's version is %s: workflow edges wait until it is known.",
                found or UNKNOWN,
            )
            return "unknown"
        if not is_enough:
            warn_rarely(
                f"gate {found} {minimum}",
                "The instance is %s; these workflow edges need %s or newer.",
                found,
                minimum,
            )
            return "old"
        return "ok"


def _ask_foreign(api: SdkCompatibleApi) -> Any:
    """Ask an api that is not ours; the SDK's keeps `unknown`, so it is asked anew."""
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
    """Tell whether the instance accepts workflow edges.

    Endpoint `instance.version`, asked when the api's last answer is too old.

    Args:
        api: Our `Api`, or the platform's SDK's.
        min_instance_version: The least version that will do.

    Returns:
        False when it is older, or its version cannot be found out.
    """
    gate = getattr(api, "gate", None)
    judge = (
        gate if isinstance(gate, CompatibilityChecker) else CompatibilityChecker(api)
    )
    return judge.verdict(min_instance_version) == "ok"
