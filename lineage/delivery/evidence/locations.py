"""Locations: the one name of a local path, on this machine or on what it mounts."""

from __future__ import annotations

import os
import re
import stat as stat_module
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ...model.addresses import canonical_address, uri_path
from ...model.limits import MAX_PATH
from .hugging_face import shown_name

_MOUNTS: Final = Path("/proc/self/mountinfo")
_READ_AGAIN_S: Final = 5.0
_OCTAL: Final = re.compile(r"\\([0-7]{3})")
#: Schemes of file systems that are the same wherever they are mounted, and how
#: `/proc/self/mountinfo` shows what is mounted: `server:/export` or `//server/share`.
_SHARES: Final = {
    "nfs": "nfs", "nfs4": "nfs", "ceph": "ceph", "lustre": "lustre",
    "cifs": "smb", "smb3": "smb", "smbfs": "smb",
    "glusterfs": "gluster", "fuse.glusterfs": "gluster", "beegfs": "beegfs",
    "gpfs": "gpfs", "fuse.sshfs": "sftp", "fuse.gcsfuse": "gs",
    "fuse.rclone": "rclone", "fuse.juicefs": "juicefs",
}  # fmt: skip
_DATABRICKS: Final = "/dbfs/"


@dataclass(frozen=True, slots=True)
class _Mount:
    point: str
    """Where it is mounted; without a slash at its end."""
    share: str | None
    """The address of what is mounted, for a shared file system."""


class Locations:
    """Names local paths; reads the mounts of this process now and then.

    Args:
        machine: The machine of this process.
        mapped: Paths with the addresses by which they are known, longest first.
        mounts: The file that lists the mounts.
    """

    def __init__(
        self,
        machine: str,
        mapped: Sequence[tuple[str, str]] = (),
        mounts: Path = _MOUNTS,
    ) -> None:
        self._machine = machine
        self._mapped = mapped
        self._file = mounts
        self._mounts: list[_Mount] = []
        self._read_at = -_READ_AGAIN_S

    def name(self, fact: dict[str, Any]) -> dict[str, Any]:
        """Return `canonical` and `aliases` of what an edge names; none for a number.

        Where a cache names files by their hashes, also the `name` that people know.

        Args:
            fact: The edge.
        """
        id, path = fact["id"], fact.get("local_path")
        is_folder = fact["kind"] == "folder"
        if not isinstance(id, str):
            return {}
        if path is None:
            named = canonical_address(fact.get("canonical", id), is_folder=is_folder)
            others = [id]
        elif fact.get("machine", self._machine) != self._machine:
            named, others = _on_machine(fact["machine"], path), [path]
        else:
            named, others = self._local(path, fact)
        if len(named) > MAX_PATH:
            return {}
        aliases = [o for o in dict.fromkeys(others) if o and o != named]
        known: dict[str, Any] = {"canonical": named}
        if aliases:
            known["aliases"] = aliases
        shown = None if path is None else shown_name(path)
        if shown is not None and "name" not in fact:
            known["name"] = shown
        return known

    def _local(self, path: str, fact: dict[str, Any]) -> tuple[str, list[str]]:
        if path.startswith(_DATABRICKS) and self._by_hand(path) is None:
            return f"dbfs:/{path[len(_DATABRICKS) :]}", [path]
        real = _real_path(path, fact.get("stat"), int(float(fact["at"]) * 1e9))
        others = [path, self._link(path)] if real != path else []
        mapped = self._by_hand(path, real) or self._by_hand(real)
        if mapped is not None:
            return mapped, [path, real, *others[1:]]
        if fact["id"][:1] == "/" and not os.path.lexists(os.path.dirname(path)):
            # It lies in the instance's files, or nowhere.
            return (path if path[:1] == "/" else fact["id"]), []
        share = self._share(real)
        if share is not None:
            return share, [path, real, *others[1:]]
        return _on_machine(self._machine, real), others

    def _link(self, path: str) -> str:
        """Name the place of a link itself, which is a part of the folder around it."""
        folder, name = os.path.split(path)
        place = os.path.join(os.path.realpath(folder), name)
        return (
            self._by_hand(path, place)
            or self._by_hand(place)
            or self._share(place)
            or _on_machine(self._machine, place)
        )

    def _by_hand(self, path: str, real: str | None = None) -> str | None:
        """Name what lies in a folder that is mapped; by `real` if that does, too."""
        for folder, address in self._mapped:
            rest = _below(path, folder)
            if rest is None:
                continue
            if real is not None and real != path:
                inside = _below(real, os.path.realpath(folder))
                rest = rest if inside is None else inside
            return canonical_address(address.rstrip("/") + rest)
        return None

    def _share(self, path: str) -> str | None:
        now = time.monotonic()
        if now - self._read_at > _READ_AGAIN_S:
            self._mounts, self._read_at = _read_mounts(self._file), now
        for mount in self._mounts:
            rest = _below(path, mount.point)
            if rest is not None:
                return None if mount.share is None else mount.share + rest
        return None


def _on_machine(machine: str, path: str) -> str:
    """Return the address of a local path; a share of Windows names its own host."""
    inside = uri_path(path)
    is_share = path.startswith("\\\\")
    return f"smb:{inside}" if is_share else f"file://{machine}{inside}"


def _below(path: str, folder: str) -> str | None:
    """Return what follows a folder in a path; None if it lies elsewhere."""
    path, folder = uri_path(path), uri_path(folder).rstrip("/")
    if not folder:
        return path
    if path == folder or path.startswith(f"{folder}/"):
        return path[len(folder) :]
    return None


def _real_path(path: str, stat: dict[str, Any] | None, at_ns: int) -> str:
    """Resolve symbolic links; of one that was moved since, only the folders before."""
    real = os.path.realpath(path)
    if real == path or (stat and _inode(real) == stat.get("inode", -1)):
        return real
    at = path.find("/", 1)
    while at >= 0:
        if _is_newer_link(path[:at], at_ns):
            break
        at = path.find("/", at + 1)
    if at < 0 and not _is_newer_link(path, at_ns):
        return real
    folder, name = os.path.split(path if at < 0 else path[:at])
    rest = "" if at < 0 else path[at:]
    return os.path.join(os.path.realpath(folder), name) + rest


def _inode(path: str) -> int | None:
    try:
        return os.stat(path).st_ino
    except OSError:
        return None


def _is_newer_link(path: str, at_ns: int) -> bool:
    """Whether a link was made after a moment, so that it led elsewhere then."""
    try:
        seen = os.lstat(path)
    except OSError:
        return False
    return stat_module.S_ISLNK(seen.st_mode) and seen.st_ctime_ns > at_ns


def _read_mounts(file: Path) -> list[_Mount]:
    """List the mounts, those that lie deeper and came later first."""
    try:
        lines = file.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return []
    found = [mount for line in reversed(lines) if (mount := _mount(line)) is not None]
    return sorted(found, key=lambda mount: -len(mount.point))


def _mount(line: str) -> _Mount | None:
    before, _, after = line.partition(" - ")
    own, kind = before.split(" "), after.split(" ")
    if len(own) < 5 or len(kind) < 2:
        return None
    root, point, source = (_unescaped(text) for text in (own[3], own[4], kind[1]))
    scheme = _SHARES.get(kind[0])
    share = None if scheme is None else _share_address(scheme, source, root)
    return _Mount(point.rstrip("/"), share)


def _share_address(scheme: str, source: str, root: str) -> str:
    """Write `server:/export`, `//server/share` or a bucket as an address."""
    server, colon, export = source.lstrip("/").partition(":/")
    if not colon:
        server, _, export = source.lstrip("/").partition("/")
    server = server.rpartition("@")[2] if scheme == "sftp" else server
    return f"{scheme}://{server.lower()}/{export}".rstrip("/") + root.rstrip("/")


def _unescaped(text: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)
