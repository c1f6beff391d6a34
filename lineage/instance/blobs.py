"""Bytes of files, kept once each under the digest of their content."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ..permissions import make_folder, share_with_group
from .errors import RequestError
from .http import CHUNK, FileSpan, InstanceResponse

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that are kept."""

    digest: str
    """SHA-256 in hexadecimal."""
    size: int

    @property
    def hash(self) -> str:
        """The digest as the platform writes it: base64."""
        return base64.b64encode(bytes.fromhex(self.digest)).decode()


class Blobs:
    """A folder of blobs, shared by every process of an instance.

    Args:
        folder: Made with the first blob.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, chunks: Iterable[bytes]) -> Blob:
        """Keep bytes; when it returns they survive a crash."""
        make_folder(self._folder)
        digest, size = hashlib.sha256(), 0
        with self._part() as stream:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                stream.write(chunk)
            share_with_group(stream.fileno(), self._folder)
            stream.flush()
            os.fsync(stream.fileno())
            stream.close()
            blob = Blob(digest.hexdigest(), size)
            self._place(Path(stream.name), self._path_of(blob.digest))
        return blob

    def _place(self, part: Path, path: Path) -> None:
        make_folder(path.parent)
        try:
            part.replace(path)
        except PermissionError:
            # Windows: somebody reads the same bytes, which are kept already.
            if not path.is_file():
                raise

    def put_stream(self, stream: BinaryIO) -> Blob:
        """Keep what a stream holds from its position on."""
        return self.put(iter(lambda: stream.read(CHUNK), b""))

    def has(self, digest: str) -> bool:
        """Return whether bytes of this digest are kept."""
        return _HEX.fullmatch(digest) is not None and self._path_of(digest).is_file()

    def remove_with(self, needles: Sequence[bytes], *, is_dry_run: bool) -> list[str]:
        """Remove the blobs that hold one of some bytes, and return their digests."""
        found = []
        for path in sorted(self._folder.glob("??/*")):
            if _HEX.fullmatch(path.name) and _holds(path, needles):
                found.append(path.name)
                if not is_dry_run:
                    path.unlink()
        return found

    def remove(self, digests: Sequence[str], *, is_dry_run: bool) -> list[str]:
        """Remove blobs, and return the digests of those that were there."""
        found = [digest for digest in digests if self.has(digest)]
        for digest in found if not is_dry_run else ():
            self._path_of(digest).unlink()
        return found

    def path(self, digest: str) -> Path:
        """Return the path of kept bytes.

        Raises:
            RequestError: They are not kept.
        """
        if not self.has(digest):
            raise RequestError(404, "the bytes of that file are not kept here")
        return self._path_of(digest)

    def _path_of(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest

    @contextmanager
    def _part(self) -> Iterator[tempfile._TemporaryFileWrapper[bytes]]:
        stream = tempfile.NamedTemporaryFile(  # noqa: SIM115  # closed below, renamed before
            dir=self._folder, prefix="part-", delete=False
        )
        try:
            with stream:
                yield stream
        finally:
            Path(stream.name).unlink(missing_ok=True)


def _holds(path: Path, needles: Sequence[bytes]) -> bool:
    """Return whether a file holds one of some bytes, read in pieces that overlap."""
    kept, overlap = b"", max(map(len, needles)) - 1
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            piece = kept + chunk
            if any(needle in piece for needle in needles):
                return True
            kept = piece[len(piece) - overlap :] if overlap else b""
    return False


def from_hash(text: str) -> str | None:
    """Return the digest that a platform hash (base64) stands for, if it is one."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return raw.hex() if len(raw) == hashlib.sha256().digest_size else None


def send_file(
    path: Path,
    *,
    range_header: str | None = None,
    headers: dict[str, str] | None = None,
) -> InstanceResponse:
    """Answer with a file, or with the requested range of it."""
    size = path.stat().st_size
    base = {"accept-ranges": "bytes", **(headers or {})}
    base.setdefault("content-type", "application/octet-stream")
    span = _span(range_header, size)
    if span is None:
        base["content-length"] = str(size)
        return InstanceResponse(200, FileSpan(path, 0, size), base)
    start, end = span
    base["content-range"] = f"bytes {start}-{end}/{size}"
    base["content-length"] = str(end - start + 1)
    return InstanceResponse(206, FileSpan(path, start, end - start + 1), base)


def _span(header: str | None, size: int) -> tuple[int, int] | None:
    """Read a Range header; one that is no single byte range is ignored."""
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.group() == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        start, end = max(size - int(last), 0), size - 1
    else:
        start, end = int(first), min(int(last) if last else size - 1, size - 1)
    if start > end or start >= size:
        raise RequestError(
            416,
            f"the file has {size} bytes",
            field="range",
            headers={"content-range": f"bytes */{size}"},
        )
    return start, end
