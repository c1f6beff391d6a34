"""The embedded instance: the same routes as the served one, without a socket."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.response import HTTPResponse

from ..errors import StoreError, logger
from ..permissions import make_folder
from .http import FileSpan, InstanceRequest, InstanceResponse
from .routes import Routes
from .services import Services
from .store import Store
from .store.migrate import known_migrations
from .store.silent_tasks import is_at_work_here

#: Where the embedded instance is reached, by whoever mounted its adapter.
ADDRESS: Final = "http://embedded.lineage"
#: Longer texts are checked as a request's body.
_MAX_TEXT: Final = 1 << 16


class EmbeddedInstance:
    """An instance in this process, with its store and blobs in a folder.

    Nothing is opened before the first request.

    Args:
        home: The folder; made when missing.
    """

    address: Final = ADDRESS

    def __init__(self, home: Path) -> None:
        self.home = Path(home)
        self.adapter: BaseAdapter = EmbeddedAdapter(self)
        self._lock = threading.Lock()
        self._routes: Routes | None = None
        self._is_closed = False
        # Loaded here, and not by whichever thread brings the first request.
        known_migrations()

    def handle(self, request: InstanceRequest) -> InstanceResponse:
        """Answer one request.

        Raises:
            StoreCorruptError: The store's file is damaged or is no store.
            StoreTooNewError: A newer version of lineage wrote it.
            StoreError: The instance was closed.
        """
        return self._opened().handle(request)

    def read(
        self, method: str, fields: Mapping[str, Any], headers: Mapping[str, str]
    ) -> bytes | None:
        """Answer a method that only reads, with its JSON, without a request.

        Returns:
            The answer; none where it has to be asked by a request.

        Raises:
            StoreError: The store cannot be opened, or the instance was closed.
        """
        return self._opened().read(method, fields, headers)

    def open(self) -> None:
        """Open the store now, and end its silent tasks.

        Raises:
            StoreError: It cannot be opened.
        """
        self._opened()

    def close(self) -> None:
        """Close the store for good: a thread that is still at work opens none again."""
        with self._lock:
            self._is_closed = True
            routes, self._routes = self._routes, None
        if routes is not None:
            routes.services.close()

    def _opened(self) -> Routes:
        with self._lock:
            if self._is_closed:
                raise StoreError(f"{self.home}: this embedded instance was closed")
            if self._routes is None:
                make_folder(self.home)
                self._routes = Routes(Services.embedded(self.home))
                _end_silent_tasks(self._routes.services.store)
            return self._routes


def _end_silent_tasks(store: Store) -> None:
    """End the tasks whose process is gone though nobody found what it left."""
    try:
        store.end_silent_tasks(0.0, is_alive=is_at_work_here)
    except StoreError as error:
        logger.debug("silent tasks cannot be ended: %s", error)


class EmbeddedAdapter(BaseAdapter):
    """Hands a prepared request of `requests` to the instance's routes."""

    def __init__(self, instance: EmbeddedInstance) -> None:
        super().__init__()
        self._instance = instance

    def read(
        self, method: str, fields: Any, headers: Mapping[str, str]
    ) -> bytes | None:
        """Answer a method that only reads, where its fields are plain values.

        Returns:
            The answer's JSON; none where it has to be asked by a request, whose body
            is checked.
        """
        if not isinstance(fields, dict) or not all(map(_is_plain, fields.values())):
            return None
        lowered = {name.lower(): value for name, value in headers.items()}
        return self._instance.read(method, fields, lowered)

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
