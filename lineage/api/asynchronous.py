"""Asynchronous calls: the same rules, driven by httpx where it is installed."""

from __future__ import annotations

import asyncio
import io
import weakref
from collections.abc import Coroutine, Mapping
from contextlib import nullcontext
from dataclasses import replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
from requests.structures import CaseInsensitiveDict

from ..errors import ApiError
from .bodies import Body
from .errors import UnreachableError, from_exception, from_response
from .locks import ForkSafeLock
from .protocols import Client
from .retry import Attempts
from .transport import Request, Route, following_request
from .upload_timing import UploadClock, blocks, length_of

if TYPE_CHECKING:
    import httpx


_HTTP_LIMIT = 5
_HTTPS_LIMIT = 10


class AsyncTransport:
    """Sends calls from any number of event loops, each with connections of its own.

    Without httpx, and for adapters mounted in the client, a call runs in a thread.

    Args:
        api: The client whose addresses, headers and rules are used.
    """

    def __init__(self, api: Client) -> None:
        self._api = api
        self._lock = ForkSafeLock()
        self._clients: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self._bounds: weakref.WeakKeyDictionary[Any, asyncio.Semaphore] = (
            weakref.WeakKeyDictionary()
        )

    def semaphore(self) -> asyncio.Semaphore:
        """Return the running loop's bound of requests at one time."""
        loop = asyncio.get_running_loop()
        with self._lock:
            if loop not in self._bounds:
                self._bounds[loop] = asyncio.Semaphore(self._limit())
            return self._bounds[loop]

    async def send(self, call: Request) -> requests.Response:
        """Send a call, again where the retry rules allow it.

        Raises:
            ApiError: As `Transport.send` does.
        """
        transport = self._api.transport
        client = None if transport.is_mounted(call.url) else self._client()
        if client is None:
            return await asyncio.to_thread(transport.send, await _gathered(call))
        attempts = transport.attempts(call)
        while True:
            pace = UploadClock(attempts, transport.clock)
            try:
                return await _attempt(client, call, attempts, pace)
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
                # As in a synchronous call, no answer's cookie goes with the next one.
                none = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
                self._clients[loop] = httpx.AsyncClient(
                    cookies=none, follow_redirects=False
                )
            made: httpx.AsyncClient = self._clients[loop]
            return made

    def _limit(self) -> int:
        limit = self._api.settings.async_limit
        if limit:
            return limit
        is_secure = self._api.server_address.startswith("https://")
        return _HTTPS_LIMIT if is_secure else _HTTP_LIMIT


async def _gathered(call: Request) -> Request:
    """Read a body that only an event loop can read, for a call in a thread."""
    if call.body is None or not call.body.is_async:
        return call
    with call.body.open() as (content, kind):
        whole = b"".join([block async for block in content])
    return replace(call, body=Body(lambda: nullcontext((whole, kind))))


async def _attempt(
    client: httpx.AsyncClient, call: Request, attempts: Attempts, pace: UploadClock
) -> requests.Response:
    import httpx

    try:
        response = await _exchange(client, call, attempts, pace)
    except (
        httpx.HTTPError,
        httpx.InvalidURL,
        asyncio.TimeoutError,
        requests.RequestException,
    ) as error:
        raise _failed(call, error) from error
    if response.status_code >= 400:
        raise from_response(call.endpoint, response, call.secret)
    return response


async def _exchange(
    client: httpx.AsyncClient, call: Request, attempts: Attempts, pace: UploadClock
) -> requests.Response:
    import httpx

    connect, read = attempts.timeout_s()
    route = Route(call.verb, _address(call), call.headers, call.body)
    while True:
        with route.opened() as (content, given):
            is_whole = content is None or isinstance(content, bytes)
            length = 0 if is_whole else length_of(content)
            headers = {**given, "Content-Length": str(length)} if length else given
            sending = client.request(
                route.verb,
                route.url,
                content=content if is_whole else blocks(content, pace),
                headers=headers,
                timeout=httpx.Timeout(read, connect=connect),
            )
            response = _as_requests(await _in_time(sending, attempts))
        if not route.follow(_following(route, headers, content, response)):
            return response


def _following(
    route: Route, headers: Mapping[str, str], content: Any, response: requests.Response
) -> requests.PreparedRequest | None:
    """Return the request that an answer asks for, by the rules of `requests`."""
    sent = requests.PreparedRequest()
    sent.prepare(method=route.verb, url=route.url, headers=dict(headers))
    # As it is: to prepare it would read it.
    sent.body = content
    return following_request(response, sent)


def _address(call: Request) -> str:
    """Put the query into the address, as a synchronous call has it."""
    if not call.params:
        return call.url
    made = requests.PreparedRequest()
    made.prepare_url(call.url, call.params)
    return str(made.url)


async def _in_time(
    sending: Coroutine[Any, Any, httpx.Response], attempts: Attempts
) -> httpx.Response:
    """Wait for the total time, which an upload that moves on extends.

    It bounds a slow drip, too, which no time-out of one read does.
    """
    task = asyncio.ensure_future(sending)
    try:
        while not task.done():
            left = attempts.remaining_s()
            if left == 0:
                raise asyncio.TimeoutError
            await asyncio.wait({task}, timeout=left)
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


def _failed(call: Request, error: Exception) -> ApiError:
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
    """Return an answer in the one form that this package uses."""
    response = requests.Response()
    response.status_code = answer.status_code
    response.reason = answer.reason_phrase
    response.url = str(answer.url)
    response.headers = CaseInsensitiveDict(answer.headers)
    response.encoding = answer.encoding
    response.raw = io.BytesIO(answer.content)
    return response
