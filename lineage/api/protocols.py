"""`Client`: what the parts of an `Api` need of the object that they belong to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import requests

from ..errors import ApiError
from ..settings import Settings
from .transport import Transport
from .version import Capabilities

#: Answers a method that only reads, called with its fields and the request's headers:
#: with JSON, or a refusal as a response; none where it has to be asked by a request.
ReadHere = Callable[[str, Any, Mapping[str, str]], "bytes | requests.Response | None"]


class Client(Protocol):
    """Sends requests to one instance with one token; implemented by `Api`."""

    settings: Settings
    logger: logging.Logger
    server_address: str
    headers: dict[str, str]
    additional_fields: dict[str, Any]
    transport: Transport
    task_id: str | None
    read_here: ReadHere | None

    @property
    def token(self) -> str | None:
        """The token, or None."""

    @property
    def instance_version(self) -> str | None:
        """The instance's version, `unknown`, or None."""

    def announced(self) -> Capabilities | None:
        """Return what the instance offers beyond the platform, or None."""

    def why_unknown(self) -> ApiError | None:
        """Return what kept the instance's version from being known, if anything."""

    def method_url(self, method: str, *, is_public: bool = True) -> str:
        """Return the address of a method."""

    def post(
        self,
        method: str,
        data: Any,
        retries: int | None = None,
        stream: bool | None = False,
        raise_error: bool | None = False,
        *,
        budget_s: float | None = None,
    ) -> requests.Response:
        """Call a method by POST."""

    def get(
        self,
        method: str,
        params: Mapping[str, Any] | None,
        retries: int | None = None,
        stream: bool | None = False,
        use_public_api: bool | None = True,
        data: Mapping[str, Any] | None = None,
    ) -> requests.Response:
        """Call a method by GET."""

    def send(
        self,
        verb: str,
        method: str,
        *,
        is_public: bool = True,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> requests.Response:
        """Send one request."""

    async def post_async(
        self, method: str, json: Any = None, content: Any = None
    ) -> requests.Response:
        """Call a method by POST from an event loop."""

    def async_semaphore(self) -> asyncio.Semaphore:
        """Return the limit of parallel requests in the running event loop."""
