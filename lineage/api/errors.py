"""What went wrong between this process and a server.

Every class is a `lineage.errors.ApiError` and also the exception of `requests`
that code written for the platform's SDK catches.

ApiError
├── HttpError (HTTPError)                the server refused: 4xx, 5xx
├── UnreachableError (ConnectionError)   no connection, or it broke
│   └── ConnectTimedOutError (ConnectTimeout)
├── ReadTimedOutError (ReadTimeout)      connected, but no answer in time
├── BrokenAnswerError (ChunkedEncodingError)  the answer's body was cut off
├── RetriesExhaustedError (RetryError)   attempts or time were used up
├── NotJsonError (JSONDecodeError)       the answer's body is no JSON
├── UnsendableError (RuntimeError)       the request can never be sent
└── IncompatibleInstanceError            the instance is too old, or unknown
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator
from http.client import responses
from typing import Any

import requests
from requests import exceptions as foreign
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry
from urllib3.util.ssl_match_hostname import CertificateError

from ..errors import ApiError, LineageError
from ..redaction import MASK, redact

#: Statuses after which the platform asks to try again.
RETRYABLE_STATUSES = frozenset({408, 429, 499, 500, 502, 503, 504, 509, 598, 599})
#: Of these, the statuses that say the call was not processed.
_UNPROCESSED = frozenset({429, 503})
#: Method names in the one 400 that the platform means to be tried again.
_AGENT_CALLS = ("AgentConnected", "AgentPing")
_SHOWN_BODY = 2000
_BROKEN = (foreign.ChunkedEncodingError, foreign.ContentDecodingError)
#: What failed, for errors whose own words leave it out.
_STEPS = (
    (foreign.ProxyError, "the proxy"),
    (foreign.SSLError, "TLS"),
    (foreign.ConnectTimeout, "no connection in time"),
    (foreign.ReadTimeout, "no answer in time"),
)
#: Where in its own sources OpenSSL's binding found an error, and its code.
_OF_OPENSSL = re.compile(r"^\[SSL[^\]]*\] | \(_ssl\.c:\d+\)")
#: What OpenSSL, by its version, says of a plain answer.
_NO_TLS = ("wrong version number", "record layer failure")
_UNCONNECTED = (foreign.ConnectTimeout, foreign.ProxyError)


class HttpError(ApiError, foreign.HTTPError):
    """The server refused the call."""


class UnreachableError(ApiError, foreign.ConnectionError):
    """The server could not be reached, or the connection broke."""


class ConnectTimedOutError(UnreachableError, foreign.ConnectTimeout):
    """No connection was made in time."""


class ReadTimedOutError(ApiError, foreign.ReadTimeout):
    """The server was connected, but did not answer in time."""


class BrokenAnswerError(ApiError, foreign.ChunkedEncodingError):
    """The body of the answer was cut off."""


class RetriesExhaustedError(ApiError, foreign.RetryError):
    """Attempts or time were used up; the last failure is the cause."""


class UnsendableError(ApiError, RuntimeError):
    """The request can never be sent: a bad address, or a body that is no JSON."""


class IncompatibleInstanceError(ApiError):
    """The instance is too old for the call, or its version is not known."""

    is_retryable = True


class NotJsonError(ApiError, foreign.JSONDecodeError):
    """The body of an answer is no JSON."""

    def __init__(self, message: str, *, body: str = "", subject: Any = None) -> None:
        json.JSONDecodeError.__init__(self, message, body, 0)
        self.response = None
        self.request = None
        self.subject = subject


class TaskFinishedWithError(LineageError):
    """The task that was waited for ended with an error."""


class WaitingTimeExceeded(LineageError):
    """The task did not reach the status in the attempts allowed."""


class ProjectNotFound(LineageError):
    """The project is not there, or not visible with this token."""


class ExpectedProjectTypeMismatch(LineageError, TypeError):
    """The project has another type than the one asked for."""


def parse_error(
    response: requests.Response,
    default_error: str = "Error",
    default_message: str = "please, contact administrator",
) -> tuple[str, str]:
    """Read the platform's error body.

    Returns:
        The short error and the message; the defaults for keys that are missing,
        two empty strings for a body of another form.
    """
    try:
        body = response.json()
    except ValueError:
        return "", ""
    if not isinstance(body, dict):
        return "", ""
    details = body.get("details", {})
    if isinstance(details, list):
        details = details[0] if details else None
    if not isinstance(details, dict):
        return "", ""
    error = body.get("error", default_error)
    return str(error), str(details.get("message", default_message))


def from_response(
    endpoint: str,
    response: requests.Response,
    secret: str | None = None,
    where: str | None = None,
) -> HttpError:
    """Make the error of a refused call.

    Args:
        endpoint: The method that was called.
        response: The server's answer, its body read.
        secret: The token, masked where a server echoes it.
        where: What answered, where its address cannot be opened.
    """
    side = "Client" if response.status_code < 500 else "Server"
    body = response.content.decode("utf-8", "replace")[:_SHOWN_BODY]
    reason = response.reason or responses.get(response.status_code, "")
    short, message = parse_error(response, "", "")
    text = (
        f"{response.status_code} {side} Error: {reason} "
        f"{f'from {where}' if where else f'for url: {response.url}'} ({body})"
    )
    if message and endpoint.startswith("lineage."):
        # The platform's SDK has no such endpoints: here people read what is wrong.
        text = f"{message} ({response.status_code} of {where or response.url})"
    error = HttpError(masked(text, secret), subject=endpoint)
    error.response, error.request = response, response.request
    error.endpoint, error.status = endpoint, response.status_code
    error.server_error = masked(short, secret)
    error.server_message = masked(message, secret)
    is_known = response.status_code in RETRYABLE_STATUSES
    error.is_retryable = is_known or _needs_agent(response, short)
    error.is_ambiguous = is_known and response.status_code not in _UNPROCESSED
    error.retry_after_s = _retry_after(response)
    return error


def _needs_agent(response: requests.Response, short: str) -> bool:
    return response.status_code == 400 and all(n in short for n in _AGENT_CALLS)


def _retry_after(response: requests.Response) -> float | None:
    text = response.headers.get("Retry-After")
    if text is None or response.status_code not in RETRYABLE_STATUSES:
        return None
    try:
        return max(0.0, float(Retry().parse_retry_after(text)))
    except (InvalidHeader, ValueError, OverflowError):
        return None


def from_exception(
    endpoint: str,
    url: str,
    error: Exception,
    secret: str | None = None,
    where: str | None = None,
) -> ApiError:
    """Make the error of a call that got no whole answer; `error` becomes its cause."""
    made: ApiError
    source = where or f"url: {url}"
    text = masked(f"{endpoint}: {first_reason(error)} ({source})", secret)
    if isinstance(error, foreign.ConnectTimeout):
        made = ConnectTimedOutError(text, subject=endpoint)
    elif isinstance(error, foreign.Timeout):
        made = ReadTimedOutError(text, subject=endpoint)
    elif isinstance(error, foreign.ConnectionError):
        made = UnreachableError(text, subject=endpoint)
    elif isinstance(error, _BROKEN):
        made = BrokenAnswerError(text, subject=endpoint)
    elif isinstance(error, foreign.TooManyRedirects):
        made = UnreachableError(text, subject=endpoint)
    else:
        made = UnsendableError(text, subject=endpoint)
    made.endpoint = endpoint
    made.is_retryable = not isinstance(made, UnsendableError)
    made.is_ambiguous = made.is_retryable and not _was_unsent(error)
    made.__cause__ = error
    return made


def _was_unsent(error: Exception) -> bool:
    """Whether the connection was never made, so that nothing can have been done."""
    if isinstance(error, _UNCONNECTED):
        return True
    if isinstance(error, foreign.SSLError):
        return _is_of_handshake(error)
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return type(reason).__name__ in ("NewConnectionError", "NameResolutionError")


def _is_of_handshake(error: BaseException) -> bool:
    """Whether TLS failed while it was set up, and not later, as when an answer came.

    The error itself does not say it; where it was raised does.
    """
    for cause in _causes(error):
        if isinstance(cause, (ssl.CertificateError, CertificateError)):
            return True
        trace = cause.__traceback__ if isinstance(cause, ssl.SSLError) else None
        while trace is not None:
            if trace.tb_frame.f_code.co_name == "do_handshake":
                return True
            trace = trace.tb_next
    return False


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Return an error and those that it was made from."""
    found, seen = [error], set()
    while found:
        one = found.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        others = (one.__cause__, one.__context__, getattr(one, "reason", None))
        found += [x for x in (*one.args, *others) if isinstance(x, BaseException)]


def exhausted(endpoint: str, last: ApiError | None, why: str) -> RetriesExhaustedError:
    """Make the error of a call whose attempts or time were used up."""
    last_error = f"; last: {last}" if last is not None else ""
    error = RetriesExhaustedError(f"{endpoint}: {why}{last_error}", subject=endpoint)
    error.endpoint, error.is_retryable = endpoint, True
    if last is not None:
        error.status = last.status
        error.server_error = last.server_error
        error.server_message = last.server_message
        error.retry_after_s = last.retry_after_s
        error.is_ambiguous = last.is_ambiguous
        if isinstance(last, foreign.RequestException):
            error.response, error.request = last.response, last.request
        error.__cause__ = last
    return error


def first_reason(error: BaseException) -> str:
    """Return in a few words what an error began with: `Connection refused`.

    What failed goes before, where those words do not show it: a proxy, TLS, a
    time-out. Names of libraries' classes and pools are left out.
    """
    seen = _own_causes(error)
    words = next(
        (x.strerror for x in reversed(seen) if isinstance(x, OSError) and x.strerror),
        str(seen[-1]) or type(seen[-1]).__name__,
    )
    words = _OF_OPENSSL.sub("", words)
    if words in _NO_TLS:
        words = "what answers speaks no TLS; is it an http address?"
    for kind, step in _STEPS:
        if any(isinstance(x, kind) for x in seen):
            return masked(f"{step}: {words}", None)
    return masked(words, None)


def _own_causes(error: BaseException) -> list[BaseException]:
    """Return an error and those that it was made from, the first one last.

    Without `__context__`: that leads on to what the app was handling at the time.
    """
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in seen:
        seen.append(found)
        inner = (found.__cause__, getattr(found, "reason", None), *found.args[::-1])
        found = next((one for one in inner if isinstance(one, BaseException)), None)
    return seen


def describe_silence(server: str, problem: ApiError) -> str:
    """Return the sentence that explains why a server's version is not known."""
    if problem.status is None:
        return f"{server} does not answer: {first_reason(problem)}"
    reason = f": {problem.server_message}" if problem.server_message else ""
    return f"{server}, asked what it is, answers with status {problem.status}{reason}"


def masked(text: str, secret: str | None) -> str:
    """Take the token and other secrets out of a text that a server or library made."""
    if secret and len(secret) > 3:
        text = text.replace(secret, MASK)
    return redact(text)
