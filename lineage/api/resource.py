"""The base of every part of an `Api`: one call, its answer, and look-ups by id."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import requests

from .bodies import make_body
from .errors import (
    HttpError,
    IncompatibleInstanceError,
    NotJsonError,
    describe_silence,
)
from .protocols import Client

_NOT_FOUND = 404


class Resource:
    """One part of an `Api`, as `api.project`.

    Args:
        api: The client that sends its requests.
    """

    def __init__(self, api: Client) -> None:
        self._api = api

    def _call(self, method: str, fields: Any) -> Any:
        """Call a method and return its decoded answer.

        An instance in this process answers what only reads without a request.

        Raises:
            ApiError: The call failed, or its answer is no JSON.
        """
        api = self._api
        if api.read_here is not None and not api.additional_fields:
            answer = api.read_here(method, fields, api.headers)
            if isinstance(answer, bytes):
                return json.loads(answer)
            if answer is not None:
                body = make_body(method, fields, {})
                sent = api.send("POST", method, body=body, answer=answer)
                return decoded(method, sent)
        return decoded(method, self._api.post(method, fields))

    def _remove_in_batches(
        self,
        method: str,
        ids: int | Sequence[int],
        batch_size: int,
        progress_cb: Callable[[int], object] | None,
        body: Callable[[list[dict[str, int]]], dict[str, Any]],
    ) -> list[Any]:
        """Remove objects for good, at most 50 by each request.

        Args:
            method: The method that removes them.
            ids: An id, or several.
            batch_size: How many a request names; 1 to 50.
            progress_cb: Called with how many a request has removed.
            body: Returns a request's fields for some of the objects.

        Returns:
            The answer to each request.
        """
        items = [{"id": id} for id in ([ids] if isinstance(ids, int) else ids)]
        size, answers = max(1, min(batch_size, 50)), []
        for start in range(0, len(items), size):
            batch = items[start : start + size]
            answers.append(self._call(method, body(batch)))
            if progress_cb is not None:
                progress_cb(len(batch))
        return answers

    def _call_announced(self, method: str, fields: Mapping[str, Any]) -> Any:
        """Call a method that only lineage instances have.

        Raises:
            IncompatibleInstanceError: This instance does not announce the method.
            ApiError: The call failed, or its answer is no JSON.
        """
        announced = self._api.announced()
        if announced is None or not announced.has(method):
            raise self._not_offered(method) from self._api.why_unknown()
        return self._call(method, dict(fields))

    def _not_offered(self, method: str) -> IncompatibleInstanceError:
        """Make the error of a method that is not announced, and name the reason."""
        server, problem = self._api.server_address, self._api.why_unknown()
        announced = self._api.announced()
        if announced is not None:
            text = (
                f"{server} does not offer {method}: it is lineage "
                f"{announced.version}, which is too old for it"
            )
        elif problem is None:
            text = f"{server} does not offer {method}: it is no lineage instance"
        elif problem.status is None:
            text = (
                f"{describe_silence(server, problem)}; check the address, and whether "
                "a server runs there: lineage serve"
            )
        else:
            reason = f": {problem.server_message}" if problem.server_message else ""
            text = (
                f"{server} does not offer {method}: asked what it is, it answers with "
                f"status {problem.status}{reason}; check the address and the token"
            )
        error = IncompatibleInstanceError(text, subject=method)
        error.endpoint = method
        return error

    def _info_by_id(
        self, method: str, id: Any, fields: dict[str, Any] | None = None
    ) -> Any:
        """Return the JSON of the object with this id; None when there is none.

        Raises:
            ApiError: The instance answered something else.
        """
        try:
            return self._call(method, {"id": id, **(fields or {})})
        except HttpError as error:
            if error.status == _NOT_FOUND:
                return None
            raise


def decoded(method: str, response: requests.Response) -> Any:
    """Return the JSON of an answer.

    Raises:
        NotJsonError: It is no JSON.
    """
    try:
        return response.json()
    except ValueError as error:
        text = response.text
        kind = response.headers.get("Content-Type", "no content type")
        made = NotJsonError(
            f"{method}: the answer is no JSON "
            f"({response.status_code}, {kind}): {text[:200]!r}",
            body=text,
            subject=method,
        )
        made.endpoint, made.status = method, response.status_code
        # A proxy's page in place of the answer does not say whether the call was done.
        made.response, made.is_retryable, made.is_ambiguous = response, True, True
        raise made from error


def name_filter(name: str) -> list[dict[str, Any]]:
    """Return the filter of a listing that finds an object by its name."""
    return [{"field": "name", "operator": "=", "value": name}]


def single(found: Sequence[Any], name: str) -> Any:
    """Return the one object of this name; None when there is none.

    Raises:
        RuntimeError: There are several.
    """
    if len(found) > 1:
        raise RuntimeError(f"{len(found)} have the name {name!r}")
    return found[0] if found else None


def free_name(name: str, is_taken: Callable[[str], bool]) -> str:
    """Return the name, numbered until it is free: `name_001`."""
    free, number = name, 1
    while is_taken(free):
        free, number = f"{name}_{number:03d}", number + 1
    return free
