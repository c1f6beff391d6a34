"""An instance's version, and the lineage endpoints that it offers."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Final

from packaging.version import InvalidVersion, Version

from ..errors import ApiError, warn_rarely
from .locks import ForkSafeLock

UNKNOWN = "unknown"
#: How long an answer is believed: an instance may be upgraded while an app runs.
KNOWN_FOR_S = 600.0
#: How long a failure is believed: a blip must not turn recording off for good.
UNKNOWN_FOR_S = 30.0
_RELEASE = re.compile(r"\s*v?(\d+(?:\.\d+)*)")


@dataclass(frozen=True)
class Capabilities:
    """What an instance offers beyond the platform: `lineage` of `instance.version`."""

    protocol: int
    version: str
    max_batch: int = 1000
    endpoints: tuple[str, ...] = ()

    def has(self, endpoint: str) -> bool:
        """Whether the instance has an endpoint."""
        return endpoint in self.endpoints


@dataclass(frozen=True, slots=True)
class InstanceVersion:
    """An instance's answer to `instance.version`."""

    version: str | None
    """As the instance spells it; `unknown` when it could not be reached."""
    announced: Capabilities | None = None
    problem: ApiError | None = None
    """Why it is unknown."""


class VersionCache:
    """Remembers an instance's answer for a limited time.

    Args:
        fetch: Asks the instance and gives the decoded answer; raises `ApiError`.
    """

    def __init__(self, fetch: Callable[[], Any]) -> None:
        self._fetch = fetch
        self._lock = ForkSafeLock()
        self._known: InstanceVersion | None = None
        self._until = 0.0

    def get(self, *, warns: bool = True) -> InstanceVersion:
        """Return the instance's version, asking when the last answer is too old.

        Args:
            warns: Log why it is unknown; false for who raises it.
        """
        with self._lock:
            if self._known is not None and time.monotonic() < self._until:
                return self._known
            found = self._fetched(warns=warns)
            # An answer without a version is not remembered, as in the platform's SDK.
            self._known = found if found.version is not None else None
            is_known = found.version != UNKNOWN
            self._until = time.monotonic() + (
                KNOWN_FOR_S if is_known else UNKNOWN_FOR_S
            )
            return found

    def forget(self) -> None:
        """Ask again at the next look."""
        with self._lock:
            self._known = None

    def _fetched(self, *, warns: bool) -> InstanceVersion:
        try:
            return read_answer(self._fetch())
        except ApiError as error:
            if warns:
                text = "The instance's version is unknown: %s"
                warn_rarely("instance.version", text, error)
            return InstanceVersion(UNKNOWN, problem=error)


def read_answer(answer: Any) -> InstanceVersion:
    """Read an answer of `instance.version`, whatever its form."""
    if not isinstance(answer, dict):
        return InstanceVersion(UNKNOWN)
    version = answer.get("version")
    text = None if version is None else str(version)
    return InstanceVersion(text, _announced(answer.get("lineage")))


def _announced(value: Any) -> Capabilities | None:
    """Read what an instance announces; unknown members are ignored.

    Without pydantic, which nothing loads that sends edges to the platform.
    """
    if not isinstance(value, dict):
        return None
    known = {f.name: value[f.name] for f in fields(Capabilities) if f.name in value}
    missing = {"protocol", "version"} - known.keys()
    wrong = [name for name, found in known.items() if not _FORMS[name](found)]
    if missing or wrong:
        named = ", ".join(sorted([*missing, *wrong]))
        warn_rarely(
            "instance.announced",
            "instance.version is not read: `lineage` lacks a usable %s",
            named,
        )
        return None
    known["endpoints"] = tuple(known.get("endpoints", ()))
    return Capabilities(**known)


#: What the members of `Capabilities` look like in JSON.
_FORMS: Final[dict[str, Callable[[Any], bool]]] = {
    "protocol": lambda found: type(found) is int,
    "version": lambda found: isinstance(found, str),
    "max_batch": lambda found: type(found) is int,
    "endpoints": lambda found: (
        isinstance(found, list) and all(isinstance(name, str) for name in found)
    ),
}


@functools.lru_cache(maxsize=64)
def at_least(version: str | None, minimum: str) -> bool | None:
    """Whether a version is `minimum` or newer; None when it is not known.

    Versions that are not PEP 440 (`6.12.4-abc123`) are compared by the release
    number that they begin with.
    """
    if version is None or version == UNKNOWN:
        return None
    found = _parse(version)
    return None if found is None else found >= Version(minimum)


def _parse(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        release = _RELEASE.match(text)
        return Version(release[1]) if release else None
