"""Calls through any api object: ours, or the platform's SDK's."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import requests

from ..errors import ApiError
from .compatibility import SdkCompatibleApi
from .errors import UnsendableError, from_exception, from_response
from .resource import decoded

CallMethod: TypeAlias = Callable[[str, Any], Any]
"""Calls a method and returns its answer, decoded; raises `ApiError`."""


def caller_of(api: SdkCompatibleApi) -> CallMethod:
    """Call by the api's own rules of trying again."""
    return lambda method, data: _decoded(method, lambda: api.post(method, data))


def caller_once(api: SdkCompatibleApi) -> CallMethod:
    """Call with a single attempt, where the api's `post` has options for it."""
    post = api.post
    options = _options_of(getattr(post, "__func__", post))
    return lambda method, data: _decoded(
        method, lambda: api.post(method, data, **options)
    )


@functools.lru_cache(maxsize=16)
def _options_of(post: Callable[..., Any]) -> dict[str, Any]:
    """Return the options by which a `post` makes a single attempt."""
    parameters = inspect.signature(post).parameters
    options = {"retries": 1, "raise_error": True}
    return {name: value for name, value in options.items() if name in parameters}


def _decoded(method: str, send: Callable[[], Any]) -> Any:
    with translated(method):
        response = send()
    return decoded(method, response)


@contextmanager
def translated(method: str) -> Iterator[None]:
    """Raise the exceptions of `requests` in a block as `ApiError`."""
    try:
        yield
    except ApiError:
        raise
    except requests.HTTPError as error:
        if error.response is None:
            raise from_exception(method, "", error) from error
        raise from_response(method, error.response) from error
    except requests.RequestException as error:
        made = from_exception(method, "", error)
        # The SDK reports "attempts used up" without the cause.
        made.is_retryable = not isinstance(made, UnsendableError) or isinstance(
            error, requests.exceptions.RetryError
        )
        raise made from error
