"""The answer to a plain request, read straight from its connection."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import ProtocolError, ReadTimeoutError

_READ_SIZE = 65_536
_MOST_HEADERS = 99
#: The head of an answer as nearly every server writes it.
_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-9][0-9]{2}) ([^\r\n\0]*)\r\n"
    rb"((?:[A-Za-z0-9!#$%&'*+.^_`|~-]+:[^\r\n\0]*\r\n)+)\r\n"
)
_LENGTH = re.compile("[0-9]{1,9}")
#: Answers that have no body, whatever they announce.
_EMPTY = (204, 304)
#: Answers with one of these are read by urllib3 and `requests`.
UNUSUAL = ("content-encoding", "set-cookie", "location")


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """An answer that came in one piece, and has nothing that needs a second look."""

    status: int
    reason: str
    headers: Any
    content: bytes

    @classmethod
    def read(cls, data: bytes) -> WholeAnswer | None:
        """Read an answer; None: it is not whole, or not that simple.

        Args:
            data: All that has come.
        """
        head = _HEAD.match(data)
        if head is None:
            return None
        lines = head[3].decode("latin-1").split("\r\n")[:-1]
        pairs = [(n, v.lstrip(" \t")) for n, _, v in (x.partition(":") for x in lines)]
        headers: Any = CaseInsensitiveDict(pairs)
        length = headers.get("content-length", "")
        is_odd = len(headers) < len(pairs) or len(pairs) > _MOST_HEADERS
        if is_odd or not _LENGTH.fullmatch(length) or "transfer-encoding" in headers:
            return None
        if any(name in headers for name in UNUSUAL):
            return None
        status, content = int(head[1]), data[head.end() :]
        stays = headers.get("connection", "keep-alive").lower() == "keep-alive"
        if not stays or len(content) != int(length) or status in _EMPTY:
            return None
        return cls(status, head[2].decode("latin-1").strip(), headers, content)


def give_back(pool: Any, connection: Any) -> None:
    """Return a connection to urllib3's pool, open or closed."""
    pool._put_conn(connection)  # noqa: SLF001  urllib3 has no other way


class PlainResponse(requests.Response):
    """An answer whose request is made when somebody asks for it.

    Args:
        make_request: Returns the request.
    """

    def __init__(self, make_request: Callable[[], requests.PreparedRequest]) -> None:
        self._make_request = make_request
        self._request: Any = None
        super().__init__()

    def read_already(self, content: bytes) -> None:
        """Take the body that came with the head."""
        self._content, self._content_consumed = content, True

    @property
    def request(self) -> Any:
        """The request that was answered."""
        if self._request is None:
            self._request = self._make_request()
        return self._request

    @request.setter
    def request(self, made: Any) -> None:
        self._request = made


class PlainBody:
    """The body of an answer, with what is used of urllib3's.

    Args:
        answer: The answer, its head read.
        connection: Where it comes from.
        pool: Where the connection goes after it.
    """

    def __init__(
        self, answer: http.client.HTTPResponse, connection: Any, pool: Any
    ) -> None:
        self._answer = answer
        self._connection = connection
        self._pool = pool
        #: Bytes that are still to come; None: nobody knows.
        self.length_remaining = answer.length

    def read1(self, size: int, decode_content: bool = True) -> bytes:  # noqa: ARG002  urllib3's form
        """Return what has come of the body, at least a byte; none: it has ended.

        Raises:
            urllib3.exceptions.HTTPError: It was cut off, or nothing came in time.
        """
        left = self.length_remaining
        most = size if left is None else min(size, left)
        if not most:
            return b""
        try:
            found = self._answer.read1(most)
        except TimeoutError as error:
            raise ReadTimeoutError(self._pool, "", "Read timed out.") from error
        except (OSError, http.client.HTTPException) as error:
            raise ProtocolError(f"Connection broken: {error!r}", error) from error
        if left is not None:
            self.length_remaining = left - len(found)
        return found

    def read(self, size: int = -1) -> bytes:
        """Return up to so many bytes of the body; -1: all.

        Raises:
            urllib3.exceptions.HTTPError: It was cut off, or nothing came in time.
        """
        pieces: list[bytes] = []
        left = size
        while left and (piece := self.read1(_READ_SIZE if left < 0 else left)):
            pieces.append(piece)
            left -= len(piece) if left > 0 else 0
        return b"".join(pieces)

    def release_conn(self) -> None:
        """Return the connection to its pool."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._answer.close()
            give_back(self._pool, connection)

    def close(self) -> None:
        """Close the connection: the rest of the body is not read."""
        if self._connection is not None:
            self._connection.close()
        self.release_conn()
