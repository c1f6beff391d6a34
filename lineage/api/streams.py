"""Bodies that arrive in parts, resumed by Range where they broke."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from requests import exceptions as foreign

from .bodies import Body, make_body
from .errors import BrokenAnswerError, from_exception
from .protocols import Client
from .retry import Attempts, TimeOuts
from .transport import read_body

_CONTENT_RANGE = re.compile(r"bytes (\d+)-")
_PARTIAL = 206


@dataclass(slots=True)
class Download:
    """One body, read from `start` to `end` (inclusive), whatever breaks between.

    Args:
        api: The client.
        verb: `POST` or `GET`.
        method: The method, as `file-storage.download`.
        data: The body's fields, or the query of a GET.
        headers: Further headers.
        start: The first byte.
        end: The last byte; None: to the end.
        retries: Breaks in a row without a byte between that are endured.
        chunk_size: Bytes to hand over at once, at most.
        is_public: False: the method lies at the server's own root.
        timeout_s: Time-outs, when not the client's.
    """

    api: Client
    verb: str
    method: str
    data: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    start: int = 0
    end: int | None = None
    retries: int | None = None
    chunk_size: int = 65_536
    is_public: bool = True
    timeout_s: TimeOuts | None = None
    position: int = field(default=0, init=False)
    """The next byte to hand over."""
    total: int | None = field(default=None, init=False)
    """Bytes from `start` to the end, as the first answer announced."""
    checksum: str | None = field(default=None, init=False)
    """The server's SHA-256 of the whole, where it sends one."""
    _tag: str | None = field(default=None, init=False)
    _is_packed: bool = field(default=False, init=False)

    def chunks(self, first: requests.Response | None = None) -> Iterator[bytes]:
        """Return the body once, each byte once, in order.

        Args:
            first: The answer of `open`, when the caller has looked at it.

        Raises:
            ApiError: The server refused, or the breaks were too many.
        """
        response = first if first is not None else self.open()
        attempts = self._attempts()
        while True:
            before = self.position
            try:
                yield from self._forward(response)
            except foreign.RequestException as error:
                if self.position > before:
                    attempts = self._attempts()
                url = self.api.method_url(self.method, is_public=self.is_public)
                failed = from_exception(self.method, url, error, self.api.token)
                self.api.transport.sleep(attempts.pause_s(failed))
            else:
                return
            response = self._request()

    def open(self) -> requests.Response:
        """CallMethod for the body; it is not read yet."""
        self.position = self.start
        response = self._request()
        self.checksum = response.headers.get("x-content-checksum-sha256")
        self._tag = response.headers.get("ETag")
        length = response.headers.get("Content-Length", "")
        self._is_packed = "Content-Encoding" in response.headers
        is_known = length.isdecimal() and not self._is_packed
        self.total = int(length) if is_known else None
        return response

    def _forward(self, response: requests.Response) -> Iterator[bytes]:
        """Yield what is new in one answer."""
        skip = self.position - self._offset(response)
        for chunk in read_body(response, self.chunk_size):
            fresh, skip = chunk[skip:], max(0, skip - len(chunk))
            if self.end is not None:
                fresh = fresh[: self.end + 1 - self.position]
            if fresh:
                self.position += len(fresh)
                yield fresh

    def _offset(self, response: requests.Response) -> int:
        """Where in the whole an answer begins; a server may ignore ranges."""
        if response.status_code != _PARTIAL:
            return 0
        found = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
        offset = int(found[1]) if found else self.position
        if offset > self.position:
            response.close()
            error = BrokenAnswerError(
                f"{self.method}: requested from byte {self.position}, got from {offset}"
            )
            error.endpoint = self.method
            raise error
        return offset

    def _request(self) -> requests.Response:
        # Ranges count the bytes on the way, so the body must not be packed for it;
        # where a server packs nevertheless, the whole is requested again.
        headers = {"Accept-Encoding": "identity", **self.headers}
        is_part = self.position > 0 or self.end is not None
        if is_part and not self._is_packed:
            last = "" if self.end is None else self.end
            headers["Range"] = f"bytes={self.position}-{last}"
        if self.position > self.start and self._tag is not None:
            # Without it, a file replaced meanwhile would be glued to the old one.
            headers["If-Range"] = self._tag
        return self.api.send(
            self.verb,
            self.method,
            headers=headers,
            is_public=self.is_public,
            is_streamed=True,
            retries=self.retries,
            timeout_s=self.timeout_s,
            **self._content(),
        )

    def _content(self) -> dict[str, Body | Mapping[str, Any]]:
        fields = self.api.additional_fields
        if self.verb == "POST":
            return {"body": make_body(self.method, self.data, fields)}
        return {"params": {**(self.data or {}), **fields}}

    def _attempts(self) -> Attempts:
        transport = self.api.transport
        return Attempts(
            transport.policy,
            self.method,
            clock=transport.clock,
            retries=self.retries,
        )
