"""Folders: a manifest of the files inside, and digests over all of it."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import stat as stat_module
import time
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final

from ...model.limits import MAX_MANIFEST_FILES
from ...recording.edges import TICK_NS
from .content import state_of
from .local_file import LocalFileResolver
from .protocol import Findings, Subject
from .tables import is_table

#: Folders up to this size are read; of larger ones names, sizes and times are known.
_MAX_READ_FILES: Final = 1000
_MAX_READ_BYTES: Final = 64 * 1024 * 1024
#: Beyond these a folder is not pinned.
_MAX_FILES: Final = 200_000
_MAX_WALK_S: Final = 30.0
_BY_NAME: Final = itemgetter(0)


class _NotPinnedError(Exception):
    """What a folder holds cannot be said."""


#: What stands for the bytes of a name that are no text.
_NO_TEXT: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class FolderBounds:
    """How far a folder is looked into."""

    read_files: int = _MAX_READ_FILES
    read_bytes: int = _MAX_READ_BYTES
    files: int = _MAX_FILES
    walk_s: float = _MAX_WALK_S


@dataclass(slots=True)
class _Listing:
    """The files of a folder: relative name, and what one stat gave."""

    files: list[tuple[str, os.stat_result]] = field(default_factory=list)
    changed_ns: int = 0
    """When anything inside was changed last."""

    def note(self, seen: os.stat_result) -> None:
        """Note when one of the entries was changed."""
        self.changed_ns = max(self.changed_ns, seen.st_mtime_ns, seen.st_ctime_ns)


class FolderResolver:
    """Lists a folder; reads it where it is small, or where all is to be read.

    Args:
        files: Reads the files.
        reads: Whether contents may be read at all.
        bounds: How far it goes.
    """

    def __init__(
        self,
        files: LocalFileResolver,
        *,
        reads: bool = True,
        bounds: FolderBounds | None = None,
    ) -> None:
        self._files = files
        self._reads = reads
        self._bounds = bounds or FolderBounds()

    def resolve(self, subject: Subject) -> Findings | None:
        """Return the manifest of a folder, as it was when it was recorded."""
        if subject.kind != "folder" or not subject.path:
            return None
        if not os.path.isdir(subject.path) or is_table(subject.path):
            return None
        try:
            return self._resolve(subject, subject.path)
        except _NotPinnedError as error:
            return {"pinned": False, "pinned_reason": str(error)}

    def _resolve(self, subject: Subject, path: str) -> Findings:
        listing = self._listed(path)
        if listing.changed_ns > subject.at_ns:
            raise _NotPinnedError("changed since it was declared")
        by_stat = _stat_digest(listing.files)
        evidence = [{"kind": "dir-stat", "value": by_stat}]
        digests = self._digests(path, listing)
        if digests is not None:
            by_content = _content_digest(digests)
            evidence.insert(0, {"kind": "dirhash-h1", "value": by_content})
            if not _is_same(self._listed(path), listing):
                raise _NotPinnedError("changed while it was read")
        known = digests or self._remembered(listing)
        entries = [
            (
                name if name.isascii() else _shown(name),
                seen.st_size,
                known.get(name) if known else None,
                seen.st_mtime_ns,
            )
            for name, seen in listing.files[:MAX_MANIFEST_FILES]
        ]
        manifest = {
            "digest": by_content if digests is not None else f"stat:{by_stat}",
            "files": len(listing.files),
            "bytes": sum(seen.st_size for _, seen in listing.files),
            "entries": entries,
            "is_complete": len(entries) == len(listing.files),
        }
        findings: Findings = {"manifest": manifest, "evidence": evidence}
        if listing.changed_ns < subject.begun_ns - TICK_NS:
            findings["unwritten"] = True
        return findings

    def _listed(self, path: str) -> _Listing:
        listing, folders = _Listing(), [""]
        until = time.monotonic() + self._bounds.walk_s
        while folders:
            inside = folders.pop()
            listing.note(os.stat(os.path.join(path, inside)))
            _scan(listing, folders, path, inside)
            if len(listing.files) > self._bounds.files:
                raise _NotPinnedError(f"more than {self._bounds.files} files")
            if time.monotonic() > until:
                raise _NotPinnedError(
                    f"listing it took more than {self._bounds.walk_s:g} seconds"
                )
        listing.files.sort(key=_BY_NAME)
        return listing

    def _digests(self, path: str, listing: _Listing) -> dict[str, str] | None:
        """Read all files; None where they are too many or too large."""
        total = sum(seen.st_size for _, seen in listing.files)
        if not self._reads or (
            len(listing.files) > self._bounds.read_files
            or total > self._bounds.read_bytes
        ):
            return None
        found = {}
        for name, seen in listing.files:
            known = self._files.digest(os.path.join(path, name), state_of(seen))
            if known is None:
                raise _NotPinnedError("changed while it was read")
            found[name] = known.digest
        return found

    def _remembered(self, listing: _Listing) -> dict[str, str]:
        """Return the digests known of files that are not read now."""
        if len(listing.files) > self._bounds.read_files:
            return {}
        found = {}
        for name, seen in listing.files:
            known = self._files.remembered(state_of(seen))
            if known is not None:
                found[name] = known.digest
        return found


def _scan(listing: _Listing, folders: list[str], top: str, inside: str) -> None:
    """Add the entries of a folder; a link counts as the file that it leads to."""
    files, changed_ns = listing.files, listing.changed_ns
    try:
        with os.scandir(os.path.join(top, inside)) as entries:
            for entry in entries:
                name = f"{inside}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{name}/")
                    continue
                try:
                    seen = entry.stat()
                except OSError:
                    continue  # It went away, or is a link to nothing.
                changed_ns = max(changed_ns, seen.st_mtime_ns, seen.st_ctime_ns)
                if stat_module.S_ISREG(seen.st_mode):
                    files.append((name, seen))
    except OSError as error:
        raise _NotPinnedError(f"{inside or top}: {error.strerror}"[:200]) from error
    listing.changed_ns = changed_ns


def _is_same(one: _Listing, other: _Listing) -> bool:
    """Whether two listings show the same states; to be read changes none."""
    if len(one.files) != len(other.files):
        return False
    pairs = zip(one.files, other.files, strict=True)
    return all(a[0] == b[0] and state_of(a[1]) == state_of(b[1]) for a, b in pairs)


def _shown(name: str) -> str:
    """Return a name as the edge of the file itself has it."""
    return _NO_TEXT.sub("\ufffd", name)


def _content_digest(digests: dict[str, str]) -> str:
    """Return Go's `dirhash.Hash1`, which in-toto calls `dirHash`."""
    lines = "".join(
        f"{digest.removeprefix('sha256:')}  {name}\n"
        for name, digest in sorted(digests.items())
    )
    hashed = hashlib.sha256(lines.encode("utf-8", "surrogateescape")).digest()
    return f"h1:{base64.b64encode(hashed).decode()}"


def _stat_digest(files: list[tuple[str, os.stat_result]]) -> str:
    lines = "".join(
        [f"{seen.st_size} {seen.st_mtime_ns} {name}\n" for name, seen in files]
    )
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()
