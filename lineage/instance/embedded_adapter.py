"""The adapter of `requests` by which a client reaches an embedded instance."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.response import HTTPResponse

from .http import JSON_HEADERS, FileSpan, InstanceRequest, InstanceResponse

if TYPE_CHECKING:
    from .embedded import EmbeddedInstance

#: Longer texts are checked as a request's body.
_MAX_TEXT: Final = 1 << 16


class EmbeddedAdapter(BaseAdapter):
    """Hands a prepared request of `requests` to the instance's routes."""

    def __init__(self, instance: EmbeddedInstance) -> None:
        super().__init__()
        self._instance = instance
        #: What errors name: nobody can open the address by which it is reached.
        self.shown_name = f"the embedded instance in {instance.home}"

    def read(
        self, method: str, fields: Any, headers: Mapping[str, str]
    ) -> bytes | requests.Response | None:
        """Answer a method that only reads, where its fields are plain values.

        Returns:
            The answer as JSON; any other answer, such as a refusal, as a response; None
            where a request has to be made, whose body is checked.
        """
        if not isinstance(fields, dict) or not all(map(_is_plain, fields.values())):
            return None
        lowered = {name.lower(): value for name, value in headers.items()}
        answer = self._instance.read(method, fields, lowered)
        if answer is None:
            return None
        is_json = answer.status == 200 and answer.headers == JSON_HEADERS
        if is_json and isinstance(answer.body, bytes):
            return answer.body
        url = f"{self._instance.address}/public/api/v3/{method}"
        return _to_response(answer, requests.Request("POST", url).prepare())

    def send(
        self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any
    ) -> requests.Response:
        """Answer a prepared request; the other arguments are about sockets."""
        answer = self._instance.handle(_from_prepared(request))
        return _to_response(answer, request)

    def close(self) -> None:
        """Release nothing: the instance is closed by its owner."""


def _is_plain(value: Any) -> bool:
    """Whether a value is the same before and after it was written as JSON."""
    if type(value) is str:
        return len(value) < _MAX_TEXT and value.isprintable()
    return value is None or (type(value) in (bool, int) and abs(value) < 1 << 63)


def _from_prepared(request: requests.PreparedRequest) -> InstanceRequest:
    url = urlsplit(request.url or "")
    headers = {k.lower(): _text(v) for k, v in request.headers.items()}
    return InstanceRequest(
        verb=(request.method or "GET").upper(),
        path=unquote(url.path),
        query=dict(parse_qsl(url.query, keep_blank_values=True)),
        headers=headers,
        body=_body(request.body),
    )


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes):
        return body
    if hasattr(body, "read"):
        return bytes(body.read())
    return b"".join(body)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _to_response(
    answer: InstanceResponse, request: requests.PreparedRequest
) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    response.reason = ""
    response.url = request.url or ""
    response.request = request
    response.headers = CaseInsensitiveDict(answer.headers)
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    stream: io.BufferedIOBase = (
        io.BufferedReader(_SpanReader(answer.body))
        if isinstance(answer.body, FileSpan)
        else io.BytesIO(answer.body)
    )
    response.raw = HTTPResponse(
        body=stream,
        headers=dict(answer.headers),
        status=answer.status,
        preload_content=False,
    )
    return response


class _SpanReader(io.RawIOBase):
    """Reads a file's part lazily, as a socket would deliver it."""

    def __init__(self, span: FileSpan) -> None:
        super().__init__()
        self._chunks = span.chunks()
        self._left = b""

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what comes next."""
        if not self._left:
            self._left = next(self._chunks, b"")
        part, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)
