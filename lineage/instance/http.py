"""Requests and answers of an instance, free of any server library and socket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from ..records import field, record

#: Bytes sent at once of a file.
CHUNK: Final = 1 << 20

JSON_TYPE: Final = "application/json"
#: The headers of an answer that is JSON and nothing more.
JSON_HEADERS: Final[Mapping[str, str]] = {"content-type": JSON_TYPE}


@record(frozen=True, slots=True)
class InstanceRequest:
    """One request, as the ASGI shell or the embedded adapter read it."""

    verb: str
    path: str
    """Decoded, without the query."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes | BinaryIO = b""
    """A file where it was too large to keep in memory."""
    client: str | None = None
    """The other side's address; none when embedded."""
    prefix: str = ""
    """The path below which a proxy serves this instance."""
    scheme: str = "http"
    """How the caller reaches it: `https` where a proxy says so."""
    is_from_named_proxy: bool = False
    """Whether it came through a proxy that the operator named."""

    def read(self) -> bytes:
        """Return the whole body."""
        if isinstance(self.body, bytes):
            return self.body
        self.body.seek(0)
        return self.body.read()

    def cookie(self, name: str) -> str | None:
        """Return the value of a cookie; None where there is none that can be read."""
        # Only a served instance gets any.
        from http.cookies import CookieError, SimpleCookie

        try:
            morsel = SimpleCookie(self.headers.get("cookie", "")).get(name)
        except CookieError:
            return None
        return None if morsel is None else morsel.value

    def close(self) -> None:
        """Close the file that held a large body."""
        if not isinstance(self.body, bytes):
            self.body.close()


@record(frozen=True, slots=True)
class FileSpan:
    """A part of a file, to be sent in chunks."""

    path: Path
    start: int
    length: int

    def chunks(self) -> Iterator[bytes]:
        """Read the part piece by piece."""
        left = self.length
        with self.path.open("rb") as stream:
            stream.seek(self.start)
            while left > 0 and (chunk := stream.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk


@record(frozen=True, slots=True)
class InstanceResponse:
    """One answer."""

    status: int = 200
    body: bytes | FileSpan = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        """Return the whole body."""
        if isinstance(self.body, bytes):
            return self.body
        return b"".join(self.body.chunks())
