"""Multipart bodies, read from memory or a file without a server library."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from .errors import RequestError
from .http import CHUNK, InstanceRequest

#: Bytes of a part kept in memory; a larger one is kept in a temporary file.
IN_MEMORY: Final = 1 << 20
#: Bytes of a part's headers, and number of parts, at most.
MAX_HEADERS: Final = 16 << 10
MAX_PARTS: Final = 10_000

_BOUNDARY: Final = re.compile(r'boundary="?([^";,\s]{1,200})"?', re.IGNORECASE)
_PARAMETER: Final = re.compile(r';\s*(name|filename)="((?:[^"\\\r\n]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class MultipartPart:
    """One part of a form."""

    name: str
    filename: str | None
    stream: BinaryIO

    def text(self, *, limit: int = 65_536) -> str:
        """Return the part's content as text."""
        raw = self.stream.read(limit + 1)
        if len(raw) > limit:
            raise RequestError(413, f"the part {self.name[:80]} is too long for a text")
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise _bad(f"the part {self.name[:80]} is not UTF-8") from error
        if "\x00" in text:
            raise _bad(f"the part {self.name[:80]} holds the character U+0000")
        return text


def read_parts(request: InstanceRequest) -> Iterator[MultipartPart]:
    """Read the parts of a request's form; each can be read until the next comes."""
    kind = request.headers.get("content-type", "")
    match = _BOUNDARY.search(kind)
    if not kind.lower().startswith("multipart/form-data") or match is None:
        raise RequestError(
            400,
            "the body is no multipart form",
            field="content-type",
            allowed="multipart/form-data with a boundary",
        )
    body = request.body
    stream = io.BytesIO(body) if isinstance(body, bytes) else body
    stream.seek(0)
    yield from _Reader(stream, match.group(1).encode()).parts()


class _Reader:
    def __init__(self, stream: BinaryIO, boundary: bytes) -> None:
        self._stream = stream
        self._mark = b"\r\n--" + boundary
        self._kept = b"\r\n"
        self._is_end = False

    def parts(self) -> Iterator[MultipartPart]:
        for _ in self._until(self._mark):
            pass
        for _ in range(MAX_PARTS):
            if self._take(2) == b"--":
                return
            yield from self._part()
        raise RequestError(413, f"the form has more than {MAX_PARTS} parts")

    def _part(self) -> Iterator[MultipartPart]:
        head = b"".join(self._until(b"\r\n\r\n", limit=MAX_HEADERS))
        name, filename = _disposition(head)
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as content:
            for chunk in self._until(self._mark):
                content.write(chunk)
            content.seek(0)
            yield MultipartPart(name, filename, content)  # type: ignore[arg-type]  # reads as one

    def _take(self, count: int) -> bytes:
        while len(self._kept) < count and self._fill():
            pass
        taken, self._kept = self._kept[:count], self._kept[count:]
        return taken

    def _until(self, mark: bytes, *, limit: int | None = None) -> Iterator[bytes]:
        """Yield what comes before the mark, which is consumed."""
        given = 0
        while True:
            found = self._kept.find(mark)
            safe = found if found >= 0 else max(len(self._kept) - len(mark) + 1, 0)
            given += safe
            if limit is not None and given > limit:
                raise RequestError(
                    413, f"a part's headers are longer than {limit} bytes"
                )
            if safe:
                yield self._kept[:safe]
                self._kept = self._kept[safe:]
            if found >= 0:
                self._kept = self._kept[len(mark) :]
                return
            if not self._fill():
                raise _bad("the form ends in the middle of a part")

    def _fill(self) -> bool:
        chunk = self._stream.read(CHUNK)
        self._kept += chunk
        return bool(chunk)


def _disposition(head: bytes) -> tuple[str, str | None]:
    for line in head.decode("utf-8", "replace").split("\r\n"):
        key, _, value = line.partition(":")
        if key.strip().lower() == "content-disposition":
            found = {k: _unescape(v) for k, v in _PARAMETER.findall(value)}
            if "name" in found:
                return found["name"], found.get("filename")
    raise _bad("a part of the form has no name")


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text).replace("%22", '"').replace("\x00", "")


def _bad(message: str) -> RequestError:
    return RequestError(400, message, field="body", allowed="a multipart form")
