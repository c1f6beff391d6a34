"""Calls through any api object: ours, or the platform's SDK's."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

import requests

from ..errors import ApiError
from .compatibility import SdkCompatibleApi
from .errors import UnsendableError, from_exception, from_response
from .resource import decoded

Ask: TypeAlias = Callable[[str, Any], Any]
"""Calls a method and gives its answer, decoded; raises `ApiError`."""


def asking(api: SdkCompatibleApi) -> Ask:
    """Call by the api's own rules of trying again."""
    return lambda method, data: _decoded(method, lambda: api.post(method, data))


def asking_once(api: SdkCompatibleApi) -> Ask:
    """Call with a single attempt, as far as the api's `post` lets itself be told."""
    parameters = inspect.signature(api.post).parameters
    options = {
        name: value
        for name, value in (("retries", 1), ("raise_error", True))
        if name in parameters
    }
    return lambda method, data: _decoded(
        method, lambda: api.post(method, data, **options)
    )


def _decoded(method: str, send: Callable[[], Any]) -> Any:
    try:
        response = send()
    except ApiError:
        raise
    except requests.HTTPError as error:
        if error.response is None:
            raise from_exception(method, "", error) from error
        raise from_response(method, error.response) from error
    except requests.RequestException as error:
        made = from_exception(method, "", error)
        # The SDK tells "attempts used up" without saying why.
        made.is_retryable = not isinstance(made, UnsendableError) or isinstance(
            error, requests.exceptions.RetryError
        )
        raise made from error
    return decoded(method, response)
