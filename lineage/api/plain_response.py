"""The answer to a plain request, read straight from its connection."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from typing import Any

import requests
from urllib3.exceptions import ProtocolError, ReadTimeoutError

_READ_SIZE = 65_536


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
