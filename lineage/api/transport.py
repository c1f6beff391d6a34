"""The transport: one pooled session that sends requests by the platform's rules."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from requests import exceptions as foreign
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.exceptions import HTTPError as Urllib3Error
from urllib3.exceptions import ReadTimeoutError

from ..errors import ApiError, logger
from .bodies import Body
from .errors import HttpError, from_exception, from_response
from .locks import ForkSafeLock
from .retry import Attempts, RetryPolicy, TimeOuts
from .session import Session
from .upload_timing import TimedUpload

#: Connections kept open to one server.
POOL_SIZE = 48
_READ_SIZE = 65_536
#: As many redirects as `requests` and browsers follow.
_MOST_REDIRECTS = 30
#: They belong to a body, which is opened again for every request.
_OF_A_BODY = ("Content-Length", "Content-Type", "Transfer-Encoding")


@dataclass(frozen=True, slots=True)
class Request:
    """One call of one method, before it is sent."""

    verb: str
    url: str
    endpoint: str
    """The method's name, for errors and rules."""
    headers: Mapping[str, str]
    body: Body | None = None
    params: Mapping[str, Any] | None = None
    retries: int | None = None
    """Attempts, when not the policy's."""
    budget_s: float | None = None
    """Total time, when not the policy's."""
    is_streamed: bool = False
    """Return the answer with its body unread."""
    timeout_s: TimeOuts | None = None
    """Time-outs, when not the policy's."""
    raise_first: bool = False
    """Raise the first failure; try nothing again."""
    secret: str | None = None
    """The token, masked in errors."""
    answer: requests.Response | None = None
    """That of the first attempt, where it was had without a request."""


class Route:
    """The requests of one attempt: the first, then one for each redirect.

    It sends nothing; both transports drive it.

    Args:
        verb: The method of HTTP.
        url: The first address.
        headers: The first request's headers.
        body: The body, opened again for each request that has it.
    """

    def __init__(self, verb: str, url: str, headers: Any, body: Body | None) -> None:
        self.verb = verb
        self.url = url
        self._headers = dict(headers)
        self._body = body
        self._followed = 0

    @contextmanager
    def opened(self) -> Iterator[tuple[Any, dict[str, str]]]:
        """Open the next request's body; give it with the request's headers."""
        if self._body is None:
            yield None, self._headers
            return
        with self._body.open() as (content, content_type):
            kind = {} if content_type is None else {"Content-Type": content_type}
            yield content, {**self._headers, **kind}

    def follow(self, following: requests.PreparedRequest | None) -> bool:
        """Go on to the request that an answer asks for; whether there is one.

        Raises:
            requests.exceptions.TooManyRedirects: There are more than thirty.
            requests.exceptions.UnrewindableBodyError: The body can be read once only.
        """
        if following is None:
            return False
        self._followed += 1
        if self._followed > _MOST_REDIRECTS:
            raise foreign.TooManyRedirects(f"more than {_MOST_REDIRECTS} redirects")
        if following.body is None:
            self._body = None
        elif self._body is not None and not self._body.is_repeatable:
            raise foreign.UnrewindableBodyError(
                f"redirected to {following.url}, and the body can be read only once: "
                "pass bytes, or the address that it leads to"
            )
        self.verb, self.url = str(following.method), str(following.url)
        of_a_body = {name.lower() for name in _OF_A_BODY}
        self._headers = {
            name: value
            for name, value in following.headers.items()
            if name.lower() not in of_a_body
        }
        return True


class Transport:
    """Sends calls, tries failed ones again, turns failures into errors.

    Args:
        policy: When a failed attempt is tried again, and the time-outs.
        adapters: Adapters to mount, by address prefix (the embedded instance).
        clock: Gives seconds that only grow.
        sleep: Waits for some seconds.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        *,
        adapters: Mapping[str, BaseAdapter] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.policy = policy
        self.clock = clock
        self.sleep = sleep
        self._adapters = dict(adapters or {})
        self._lock = ForkSafeLock()
        self._session: Session | None = None
        self._pid = 0

    def is_mounted(self, url: str) -> bool:
        """Whether an adapter of the caller's serves this address."""
        return any(url.lower().startswith(p.lower()) for p in self._adapters)

    def mounted_name(self, url: str) -> str | None:
        """Return what serves an address that only this client has; else None."""
        names = (
            getattr(adapter, "shown_name", None)
            for prefix, adapter in self._adapters.items()
            if url.lower().startswith(prefix.lower())
        )
        return next((name for name in names if isinstance(name, str)), None)

    def send(self, call: Request) -> requests.Response:
        """Send a call, again where the retry rules allow it.

        Raises:
            HttpError: The server refused it.
            RetriesExhaustedError: Attempts or time were used up.
            UnsendableError: The request can never be sent.
        """
        attempts = self.attempts(call)
        answer = call.answer
        while True:
            try:
                return self._attempt(call, attempts, answer)
            except ApiError as error:
                if call.raise_first:
                    raise
                pause = attempts.pause_s(error)
                logger.debug("%s: trying again in %.1f s", call.endpoint, pause)
            answer = None
            self.sleep(pause)

    def attempts(self, call: Request) -> Attempts:
        """Begin to count the attempts and the time of a call."""
        return Attempts(
            self.policy,
            call.endpoint,
            clock=self.clock,
            retries=call.retries,
            budget_s=call.budget_s,
            is_repeatable=call.body is None or call.body.is_repeatable,
            timeout_s=call.timeout_s,
        )

    def probe(self, url: str, timeout_s: tuple[float, float]) -> bool:
        """Whether a bare GET of an address is answered below 400."""
        try:
            with self._pooled().get(
                url, timeout=timeout_s, allow_redirects=False, stream=True
            ) as response:
                return response.status_code < 400
        except (foreign.RequestException, Urllib3Error):
            return False

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def _attempt(
        self, call: Request, attempts: Attempts, response: requests.Response | None
    ) -> requests.Response:
        try:
            timeout_s = attempts.timeout_s()
            if response is None:
                response = self._exchange(call, attempts, timeout_s)
            if not call.is_streamed or response.status_code >= 400:
                # Counted from here: a long upload must not cost its answer.
                wait_s = None if attempts.remaining_s() is None else timeout_s[1]
                self._load(response, None if wait_s is None else self.clock() + wait_s)
        except (foreign.RequestException, Urllib3Error, ValueError) as error:
            where = self.mounted_name(call.url)
            raise from_exception(
                call.endpoint, call.url, error, call.secret, where
            ) from error
        if response.status_code >= 400:
            raise self._refused(call, response)
        return response

    def _exchange(
        self, call: Request, attempts: Attempts, timeout_s: TimeOuts
    ) -> requests.Response:
        route = Route(call.verb, call.url, call.headers, call.body)
        params = call.params
        while True:
            with route.opened() as (content, headers):
                is_read = hasattr(content, "read")
                response = self._pooled().exchange(
                    route.verb,
                    route.url,
                    params=params,
                    content=TimedUpload(content, attempts, self.clock)
                    if is_read
                    else content,
                    headers=headers,
                    timeout_s=timeout_s,
                    is_streamed=call.is_streamed,
                )
            if not route.follow(response.next):
                return response
            # The address of a redirect has its own query.
            params = None

    def _load(self, response: requests.Response, ends_at: float | None) -> None:
        """Read the body while there is time; a slow drip never ends by itself."""
        if not _is_urllib3(response.raw):
            b"".join(_foreign_body(response, None))
            return
        content = io.BytesIO()
        for chunk in read_body(response):
            content.write(chunk)
            if ends_at is not None and self.clock() > ends_at:
                response.close()
                raise foreign.ReadTimeout("the body did not arrive in time")
        content.seek(0)
        response.raw = content

    def _refused(self, call: Request, response: requests.Response) -> HttpError:
        if response.status_code == 400 and "x-api-key" not in call.headers:
            logger.warning("%s: no token was given (API_TOKEN)", call.endpoint)
        where = self.mounted_name(call.url)
        return from_response(call.endpoint, response, call.secret, where)

    def _pooled(self) -> Session:
        # A fork's child must not write to its parent's connections.
        with self._lock:
            if self._session is None or self._pid != os.getpid():
                self._session, self._pid = self._open(), os.getpid()
            return self._session

    def _open(self) -> Session:
        session = Session()
        pooled = HTTPAdapter(pool_connections=4, pool_maxsize=POOL_SIZE)
        for prefix, adapter in (
            ("http://", pooled),
            ("https://", pooled),
            *self._adapters.items(),
        ):
            session.mount(prefix, adapter)
        return session


def read_body(response: requests.Response, size: int = _READ_SIZE) -> Iterator[bytes]:
    """Return the decoded body as it arrives, in the errors of `requests`.

    Raises:
        requests.exceptions.ChunkedEncodingError: The body was cut off.
        requests.exceptions.ReadTimeout: Nothing came for the read time-out.
    """
    raw = response.raw
    if not _is_urllib3(raw):
        yield from _foreign_body(response, size)
        return
    is_whole = False
    try:
        while chunk := raw.read1(size, decode_content=True):
            yield chunk
        is_whole = not raw.length_remaining
    except ReadTimeoutError as error:
        raise foreign.ReadTimeout(error, response=response) from error
    except Urllib3Error as error:
        raise foreign.ChunkedEncodingError(error, response=response) from error
    finally:
        # Only a connection that was read to its end can serve the next request.
        raw.release_conn() if is_whole else response.close()
    if not is_whole:
        missing = f"{raw.length_remaining} bytes of the body are missing"
        raise foreign.ChunkedEncodingError(missing, response=response)


def _is_urllib3(raw: Any) -> bool:
    """Whether a body can be read as it arrives, with its missing part counted."""
    return hasattr(raw, "read1") and hasattr(raw, "length_remaining")


def _foreign_body(response: requests.Response, size: int | None) -> Iterator[bytes]:
    """Return the body of an adapter of the caller's, or of an older urllib3.

    Args:
        response: The answer.
        size: Bytes at once; None: all, to be had again as `response.content`.
    """
    if size is None or response.raw is None:
        yield response.content
    else:
        yield from response.iter_content(size)
    missing = getattr(response.raw, "length_remaining", None)
    if missing:
        raise foreign.ChunkedEncodingError(
            f"{missing} bytes of the body are missing", response=response
        )


def following_request(
    response: requests.Response, sent: requests.PreparedRequest
) -> requests.PreparedRequest | None:
    """Return the request that an answer asks for, where `requests` did not send it."""
    response.request = sent
    if not response.is_redirect:
        return None
    with Session() as session:
        followed: Any = session.resolve_redirects(response, sent, yield_requests=True)
        made: requests.PreparedRequest | None = next(followed, None)
        return made
