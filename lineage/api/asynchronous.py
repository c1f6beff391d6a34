"""Asynchronous calls: the same rules, driven by httpx where it is installed."""

from __future__ import annotations

import asyncio
import io
import weakref
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import requests
from requests.structures import CaseInsensitiveDict

from ..errors import ApiError
from .bodies import make_body
from .errors import UnreachableError, from_exception, from_response
from .locks import ForkSafeLock
from .retry import Attempts
from .transport import Call

if TYPE_CHECKING:
    import httpx

    from .client import Api

_HTTP_LIMIT = 5
_HTTPS_LIMIT = 10


class AsyncTransport:
    """Sends calls from any number of event loops, each with connections of its own.

    Without httpx, and for adapters mounted in the client, a call runs in a thread.

    Args:
        api: The client whose addresses, headers and rules are used.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._lock = ForkSafeLock()
        self._clients: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self._bounds: weakref.WeakKeyDictionary[Any, asyncio.Semaphore] = (
            weakref.WeakKeyDictionary()
        )

    def semaphore(self) -> asyncio.Semaphore:
        """Give the running loop's bound of requests at one time."""
        loop = asyncio.get_running_loop()
        with self._lock:
            if loop not in self._bounds:
                self._bounds[loop] = asyncio.Semaphore(self._limit())
            return self._bounds[loop]

    async def send(self, call: Call) -> requests.Response:
        """Send a call, again where the rules say so.

        Raises:
            ApiError: As `Transport.send` does.
        """
        transport = self._api.transport
        client = None if transport.is_mounted(call.url) else self._client()
        if client is None:
            return await asyncio.to_thread(transport.send, call)
        attempts = Attempts(
            transport.policy,
            call.endpoint,
            clock=transport.clock,
            retries=call.retries,
            is_repeatable=call.body is None or call.body.is_repeatable,
        )
        while True:
            try:
                return await _attempt(client, call, attempts)
            except ApiError as error:
                if call.raise_first:
                    raise
                await asyncio.sleep(attempts.pause_s(error))

    async def close(self) -> None:
        """Close the running loop's connections."""
        with self._lock:
            client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def _client(self) -> httpx.AsyncClient | None:
        try:
            import httpx
        except ImportError:
            return None
        loop = asyncio.get_running_loop()
        with self._lock:
            if loop not in self._clients:
                self._clients[loop] = httpx.AsyncClient(follow_redirects=False)
            made: httpx.AsyncClient = self._clients[loop]
            return made

    def _limit(self) -> int:
        told = self._api.settings.async_limit
        if told:
            return told
        is_secure = self._api.server_address.startswith("https://")
        return _HTTPS_LIMIT if is_secure else _HTTP_LIMIT


async def _attempt(
    client: httpx.AsyncClient, call: Call, attempts: Attempts
) -> requests.Response:
    import httpx

    connect, read = attempts.timeout_s()
    opened = nullcontext((None, None)) if call.body is None else call.body.open()
    headers = dict(call.headers)
    try:
        with opened as (content, content_type):
            if content_type is not None:
                headers["Content-Type"] = content_type
            sending = client.request(
                call.verb,
                call.url,
                content=content,
                headers=headers,
                timeout=httpx.Timeout(read, connect=connect),
            )
            # The total bounds a slow drip, which no time-out of one read does.
            answer = await asyncio.wait_for(sending, attempts.remaining_s())
    except (httpx.HTTPError, httpx.InvalidURL, asyncio.TimeoutError) as error:
        raise _failed(call, error) from error
    response = _as_requests(answer)
    if response.status_code >= 400:
        raise from_response(call.endpoint, response, call.secret)
    return response


def _failed(call: Call, error: Exception) -> ApiError:
    """Name a failure of httpx as the one of requests that it is."""
    import httpx

    kinds: tuple[tuple[Any, type[Exception]], ...] = (
        (httpx.ConnectTimeout, requests.ConnectTimeout),
        ((httpx.TimeoutException, asyncio.TimeoutError), requests.ReadTimeout),
        (httpx.TransportError, requests.ConnectionError),
    )
    for kind, name in kinds:
        if isinstance(error, kind):
            made = from_exception(call.endpoint, call.url, name(error), call.secret)
            if isinstance(error, httpx.ConnectError) and isinstance(
                made, UnreachableError
            ):
                made.is_ambiguous = False
            return made
    return from_exception(call.endpoint, call.url, error, call.secret)


def _as_requests(answer: httpx.Response) -> requests.Response:
    """Give an answer in the one form that this package uses."""
    response = requests.Response()
    response.status_code = answer.status_code
    response.reason = answer.reason_phrase
    response.url = str(answer.url)
    response.headers = CaseInsensitiveDict(answer.headers)
    response.encoding = answer.encoding
    response.raw = io.BytesIO(answer.content)
    return response


def make_call(
    api: Api,
    method: str,
    data: Any,
    *,
    retries: int | None = None,
    raise_first: bool = False,
) -> Call:
    """Make a POST of what a caller hands to `post_async`."""
    return Call(
        "POST",
        api.method_url(method),
        method,
        dict(api.headers),
        make_body(method, data, api.additional_fields),
        retries=retries,
        raise_first=raise_first,
        secret=api.token,
    )
