"""Object stores: what they say of an object, through the fsspec that the app uses.

No connection is made of our own: only a file system that the app has made already, of
the protocol in question, is asked, with its credentials.
"""

from __future__ import annotations

import sys
from datetime import datetime
from inspect import signature
from typing import Any, Final

from .protocol import Findings, Subject

#: What an object's entry calls its version, best first: an ETag may move although the
#: content stays, and of an upload in parts it is no digest.
_NAMES: Final = (
    ("version-id", ("VersionId", "version_id", "versionId")),
    ("generation", ("generation",)),
    ("etag", ("ETag", "etag", "e_tag")),
    ("content-md5", ("md5Hash", "content_md5", "Content-MD5")),
)
_MODIFIED: Final = ("LastModified", "last_modified", "mtime", "updated", "created")
#: Clocks of stores and of this machine differ.
_SKEW_S: Final = 2.0
_MAX_FAILURES: Final = 3
_PROTOCOLS: Final = {"abfss": ("abfss", "abfs", "az"), "gs": ("gs", "gcs")}


class ObjectStoreResolver:
    """Asks the app's own file systems for an object's version."""

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}

    def resolve(self, subject: Subject) -> Findings | None:
        """Return the version of an object.

        Raises:
            OSError: The store did not answer.
        """
        address = subject.address
        if address is None or not subject.is_own or "fsspec" not in sys.modules:
            return None
        scheme, _, rest = address.partition("://")
        if not rest or self._failures.get(scheme, 0) >= _MAX_FAILURES:
            return None
        system = _file_system(scheme)
        if system is None:
            return None
        self._failures[scheme] = self._failures.get(scheme, 0) + 1
        entry = _entry(system, _key(system, scheme, rest))
        self._failures[scheme] = 0
        if not isinstance(entry, dict) or _is_later(entry, subject):
            return None
        evidence = [
            {"kind": kind, "value": text}
            for kind, names in _NAMES
            for name in names
            if (text := _text(entry.get(name)))
        ]
        return {"evidence": evidence} if evidence else None


def _file_system(scheme: str) -> Any:
    """Return a file system that the app has made; None if it made none."""
    registry = sys.modules.get("fsspec.registry")
    if registry is None:
        return None
    for protocol in _PROTOCOLS.get(scheme, (scheme,)):
        made = getattr(registry.registry.get(protocol), "_cache", None) or {}
        for system in list(made.values()):
            return system
    return None


def _entry(system: Any, key: str) -> Any:
    """Ask the store for an object, not what the app has listed some time ago.

    A listing that fsspec remembers answers with the version of its moment, also after
    the object was written again and read.
    """
    if "refresh" in signature(system.info).parameters:
        return system.info(key, refresh=True)
    listed = getattr(system, "dircache", None) or ()
    return None if system._parent(key) in listed else system.info(key)  # noqa: SLF001  fsspec's own way to name a folder


def _key(system: Any, scheme: str, rest: str) -> str:
    path = rest.partition("?")[0]
    if scheme in ("http", "https"):
        return f"{scheme}://{rest}"
    return str(system._strip_protocol(f"{scheme}://{path}"))  # noqa: SLF001  fsspec's own way to name a key


def _is_later(entry: dict[str, Any], subject: Subject) -> bool:
    """Whether the object is another one by now than the task used."""
    modified = next((entry[name] for name in _MODIFIED if entry.get(name)), None)
    if not subject.is_input or not isinstance(modified, datetime):
        return False
    return modified.timestamp() > subject.at_ns / 1e9 + _SKEW_S


def _text(value: Any) -> str:
    if isinstance(value, (bytes, bytearray)):
        value = value.hex()
    text = str(value).strip('"') if isinstance(value, (str, int)) else ""
    return "" if text in ("null", "None") else text[:1000]
