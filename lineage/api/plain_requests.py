"""Sends small requests without the work that `requests` repeats for each of them.

`requests` and urllib3 make the head of the first request to an address. Later ones are
that head and their own body, sent in one piece over a connection of urllib3's pool.
Whatever is unusual is left to `requests`: proxies, passwords from a netrc file, the
start of TLS, adapters of a caller, large bodies, and programs that watch or replace the
methods of `requests` that are skipped here.
"""

from __future__ import annotations

import http.client
import logging
import re
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from queue import Empty
from types import FunctionType
from typing import Any

import requests
import urllib3
from requests import exceptions as foreign
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers, select_proxy
from urllib3 import connection, connectionpool
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)
from urllib3.exceptions import SSLError as Urllib3SslError

from .plain_response import UNUSUAL, PlainBody, PlainResponse, WholeAnswer, give_back
from .retry import TimeOuts

#: A larger body is not taken by the system at once, and may be answered meanwhile.
_LARGEST = 32_768
_MOST_HEADS = 64
#: Where others, as testing tools and tracers, look at requests or replace them.
_METHODS: tuple[tuple[type, str], ...] = (
    (requests.Session, "request"),
    (requests.Session, "send"),
    (requests.Session, "get_adapter"),
    (HTTPAdapter, "send"),
    (HTTPAdapter, "build_response"),
    (connectionpool.HTTPConnectionPool, "urlopen"),
    (connection.HTTPConnection, "request"),
    (connection.HTTPConnection, "getresponse"),
    (http.client.HTTPConnection, "putrequest"),
    (http.client.HTTPConnection, "send"),
    (http.client.HTTPConnection, "getresponse"),
)
#: A header's value on several lines, which HTTP has given up.
_FOLD = re.compile(r"[ \t]*\r\n[ \t]+")
_CONNECTIONS = (connection.HTTPConnection, connection.HTTPSConnection)
_POOL_LOG = logging.getLogger("urllib3.connectionpool")


@dataclass(frozen=True, slots=True)
class _Head:
    """What `requests` made of an address and headers, and where it is sent."""

    until: float
    """How long it holds, on the monotonic clock."""
    environment: object
    is_plain: bool
    first: bytes = b""
    """The head up to the body's length."""
    rest: bytes = b""
    prepared: Any = None
    adapter: Any = None
    pool: Any = None


_NOT_PLAIN = _Head(0.0, None, is_plain=False)


class PlainRequests:
    """Sends the plain requests of one session.

    Args:
        session: Prepares requests, and knows adapters and settings.
        environment: Returns the variables that decide how a server is reached.
        known_for_s: How long is believed what was found out for an address.
    """

    def __init__(
        self,
        session: requests.Session,
        environment: Callable[[], object],
        known_for_s: float,
    ) -> None:
        self._session = session
        self._environment = environment
        self._known_for_s = known_for_s
        self._heads: dict[tuple[Any, ...], _Head] = {}
        #: The methods that were looked at last, and whether one is not the original.
        self._watched: tuple[list[Any], bool] = ([], False)

    def send(
        self,
        verb: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes,
        timeout_s: TimeOuts,
    ) -> requests.Response | None:
        """Send a request; None: it is not plain, or TLS has to be set up.

        Nothing was sent then. What fails after that is raised: it may have arrived.

        Raises:
            requests.exceptions.RequestException: There is no answer.
        """
        if len(content) > _LARGEST or not content or self._is_watched():
            return None
        head = self._head(verb, url, headers, content)
        taken = _take(head.pool) if head.is_plain else None
        if taken is None:
            return None
        return _Exchange(self._session, head, content, taken).answer(timeout_s)

    def forget(self) -> None:
        """Keep no connection open, now that the session is closed."""
        self._heads.clear()

    def _is_watched(self) -> bool:
        """Whether others look at requests where they would not see these."""
        methods = [getattr(owner, name) for owner, name in _METHODS]
        checked, is_watched = self._watched
        if methods != checked:
            is_watched = not all(
                _is_original(method, owner)
                for method, (owner, _) in zip(methods, _METHODS, strict=True)
            )
            self._watched = methods, is_watched
        return is_watched or _POOL_LOG.isEnabledFor(logging.DEBUG)

    def _head(
        self, verb: str, url: str, headers: Mapping[str, str], content: bytes
    ) -> _Head:
        key = (verb, url, *headers.items())
        now, environment = time.monotonic(), self._environment()
        try:
            head = self._heads.get(key)
        except TypeError:  # Of a header that `requests` will refuse.
            return _NOT_PLAIN
        if head is None or head.until < now or head.environment != environment:
            if len(self._heads) >= _MOST_HEADS:
                self._heads.clear()
            until = now + self._known_for_s
            parts = self._made(verb, url, headers, content)
            head = _Head(until, environment, parts is not None, *(parts or ()))
            self._heads[key] = head
        return head

    def _made(
        self, verb: str, url: str, headers: Mapping[str, str], content: bytes
    ) -> tuple[Any, ...] | None:
        """Return the fields of a plain request's head; None: it is not plain."""
        request = requests.Request(verb, url, headers=headers, data=content)
        prepared = self._session.prepare_request(request)
        settings = self._session.merge_environment_settings(
            prepared.url, {}, True, None, None
        )
        adapter: Any = self._session.get_adapter(str(prepared.url))
        is_usual = type(adapter) is HTTPAdapter and "send" not in vars(adapter)
        is_open = "Authorization" in headers or "Authorization" not in prepared.headers
        has_proxy = select_proxy(str(prepared.url), settings["proxies"])
        if not is_usual or not is_open or has_proxy:
            return None
        pool = adapter.get_connection_with_tls_context(
            prepared, settings["verify"], cert=settings["cert"]
        )
        if pool.ConnectionCls not in _CONNECTIONS or pool.proxy is not None:
            return None
        length = b"\r\nContent-Length: %d\r\n" % len(content)
        first, found, rest = _head_of(pool, prepared, content).partition(length)
        if not found or length in rest:
            return None
        return first + length[:18], b"\r\n" + rest, prepared, adapter, pool


def _is_original(method: Any, owner: type) -> bool:
    """Whether a method is the one that its class was written with."""
    is_function = type(method) is FunctionType
    return is_function and method.__globals__.get("__name__") == owner.__module__


def _request_of(
    prepared: requests.PreparedRequest, content: bytes
) -> requests.PreparedRequest:
    """Return the request with another body, as `requests` has it."""
    request = prepared.copy()
    request.body = content
    request.headers["Content-Length"] = str(len(content))
    return request


def _head_of(pool: Any, prepared: requests.PreparedRequest, content: bytes) -> bytes:
    """Return the head that urllib3 sends for a request."""
    sent: list[bytes] = []
    unconnected = pool.ConnectionCls(pool.host, pool.port)
    unconnected.send = sent.append
    unconnected.request(
        prepared.method, prepared.path_url, body=content, headers=prepared.headers
    )
    return b"".join(sent).removesuffix(content)


def _begun(sock: Any, verb: str) -> tuple[http.client.HTTPResponse, WholeAnswer | None]:
    """Read an answer that came in one piece, or else its head."""
    answer = http.client.HTTPResponse(sock, method=verb)
    is_open = False
    try:
        reader: Any = answer.fp
        whole = WholeAnswer.read(reader.peek(1))
        if whole is None:
            answer.begin()
            is_open = True
    finally:
        if not is_open:
            answer.close()
    return answer, whole


def _take(pool: Any) -> Any:
    """Take a connection out of a pool, open or new; None: `requests` has to open it."""
    try:
        found = pool.pool.get(block=False)
    except (AttributeError, Empty):  # The pool is closed, or everything is in use.
        return None
    if found is None:
        found = pool._new_conn()  # noqa: SLF001  urllib3 has no other way
    elif found.sock is not None and not found.is_connected:
        found.close()
    if found.sock is None and pool.scheme != "http":
        give_back(pool, found)
        return None
    return found


class _Exchange:
    """One request and its answer over one connection.

    Args:
        session: Finds out where a redirect leads.
        head: The request's head.
        content: Its body.
        connection: The connection, taken out of its pool; opened where it is not.
    """

    def __init__(
        self, session: requests.Session, head: _Head, content: bytes, connection: Any
    ) -> None:
        self._session = session
        self._head = head
        self._content = content
        self._connection = connection
        # Without the pool: an answer that is kept must not keep connections open.
        self._request = partial(_request_of, head.prepared, content)

    def answer(self, timeout_s: TimeOuts) -> requests.Response:
        """Send the request and return its answer, with the body unread.

        Raises:
            requests.exceptions.RequestException: There is no answer.
        """
        begun = time.perf_counter()
        is_answered = False
        try:
            answer, whole = self._answered(*timeout_s)
            is_answered = True
        finally:
            if not is_answered:
                self._connection.close()
                give_back(self._head.pool, self._connection)
        if whole is not None:
            give_back(self._head.pool, self._connection)
            response = self._whole_response(whole)
        else:
            if answer.will_close:
                # The answer keeps the socket until it is read.
                self._connection.close()
            response = self._response(answer)
        response.elapsed = timedelta(seconds=time.perf_counter() - begun)
        return response

    def _answered(
        self, connect_s: float | None, read_s: float | None
    ) -> tuple[http.client.HTTPResponse, WholeAnswer | None]:
        head, is_sent = self._head, False
        length = str(len(self._content)).encode()
        try:
            sock = self._opened(connect_s)
            # Perhaps it was answered before the server closed.
            with suppress(BrokenPipeError, ConnectionResetError):
                sock.sendall(b"".join((head.first, length, head.rest, self._content)))
            is_sent = True
            sock.settimeout(read_s)
            return _begun(sock, str(head.prepared.method))
        except foreign.RequestException:
            raise
        except TimeoutError as error:
            if not is_sent:
                raise self._broken(error) from error
            late = ReadTimeoutError(
                head.pool, str(head.prepared.url), f"no answer in {read_s} s"
            )
            raise foreign.ReadTimeout(late, request=self._request()) from error
        except ssl.SSLError as error:
            of_tls = Urllib3SslError(error)
            raise foreign.SSLError(of_tls, request=self._request()) from error
        except (OSError, http.client.HTTPException) as error:
            raise self._broken(error) from error

    def _opened(self, connect_s: float | None) -> Any:
        """Return the socket, with a time-out for what is sent."""
        if self._connection.sock is not None:
            self._connection.sock.settimeout(connect_s)
            return self._connection.sock
        self._connection.timeout = connect_s
        try:
            self._connection.connect()
        except (ConnectTimeoutError, NewConnectionError) as error:
            failed = MaxRetryError(self._head.pool, self._head.prepared.path_url, error)
            is_late = not isinstance(error, NewConnectionError)
            kind = foreign.ConnectTimeout if is_late else foreign.ConnectionError
            raise kind(failed, request=self._request()) from error
        return self._connection.sock

    def _broken(self, error: Exception) -> foreign.ConnectionError:
        aborted = ProtocolError("Connection aborted.", error)
        return foreign.ConnectionError(aborted, request=self._request())

    def _response(self, answer: http.client.HTTPResponse) -> requests.Response:
        items = [
            (name, _FOLD.sub(" ", value) if "\n" in value else value)
            for name, value in answer.msg.items()
        ]
        headers: Any = CaseInsensitiveDict(items)
        has_repeated = len(headers) < len(items)
        if has_repeated or any(name in headers for name in UNUSUAL):
            return self._unusual_response(answer, items)
        response = self._made_response(answer.status, answer.reason, headers)
        response.raw = PlainBody(answer, self._connection, self._head.pool)
        return response

    def _whole_response(self, answer: WholeAnswer) -> requests.Response:
        response = self._made_response(answer.status, answer.reason, answer.headers)
        response.read_already(answer.content)
        return response

    def _made_response(self, status: int, reason: str, headers: Any) -> PlainResponse:
        response = PlainResponse(self._request)
        response.status_code = status
        response.headers = headers
        response.encoding = get_encoding_from_headers(headers)
        response.reason = reason
        response.url = str(self._head.prepared.url)
        response.connection = self._head.adapter
        return response

    def _unusual_response(
        self, answer: http.client.HTTPResponse, items: list[tuple[str, str]]
    ) -> requests.Response:
        """Return the answer as urllib3 and `requests` read it, with its redirect."""
        raw = urllib3.HTTPResponse(
            body=answer,
            headers=urllib3.HTTPHeaderDict(items),
            status=answer.status,
            version=answer.version,
            reason=answer.reason,
            preload_content=False,
            decode_content=False,
            original_response=answer,
            connection=self._connection,
            pool=self._head.pool,
            request_method=self._head.prepared.method,
        )
        request = self._request()
        response: Any = self._head.adapter.build_response(request, raw)
        following: Any = self._session.resolve_redirects(
            response, request, stream=True, yield_requests=True
        )
        response._next = next(following, None)  # noqa: SLF001  as `Session.send` does
        made: requests.Response = response
        return made
