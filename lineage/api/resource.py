"""The base of everything that an `Api` is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import requests

from .errors import IncompatibleInstanceError, NotJsonError

if TYPE_CHECKING:
    from .client import Api


class Resource:
    """A themed part of an `Api`.

    Args:
        api: The client that sends its requests.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    def _ask(self, method: str, fields: Any) -> Any:
        """Call a method and give its answer, decoded.

        Raises:
            ApiError: The call failed, or its answer is no JSON.
        """
        return decoded(method, self._api.post(method, fields))

    def _ask_announced(self, method: str, fields: Mapping[str, Any]) -> Any:
        """Call a method that only instances of ours have.

        Raises:
            IncompatibleInstanceError: This instance does not announce the method.
            ApiError: The call failed, or its answer is no JSON.
        """
        announced = self._api.announced()
        if announced is None or not announced.has(method):
            error = IncompatibleInstanceError(
                f"{self._api.server_address} does not offer {method}: it is no "
                "lineage instance, too old a one, or cannot be reached",
                subject=method,
            )
            error.endpoint = method
            raise error
        return self._ask(method, dict(fields))


def decoded(method: str, response: requests.Response) -> Any:
    """Decode an answer.

    Raises:
        NotJsonError: It is no JSON.
    """
    try:
        return response.json()
    except ValueError as error:
        text = response.text
        form = response.headers.get("Content-Type", "no content type")
        made = NotJsonError(
            f"{method}: the answer is no JSON "
            f"({response.status_code}, {form}): {text[:200]!r}",
            body=text,
            subject=method,
        )
        made.endpoint, made.status = method, response.status_code
        # A proxy's page in place of the answer tells nothing of the call itself.
        made.response, made.is_retryable, made.is_ambiguous = response, True, True
        raise made from error
