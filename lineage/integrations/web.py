"""Middleware for web applications: requests join the task that their headers carry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..tracking.environment import HEADER, join


class LineageMiddleware:
    """ASGI middleware: FastAPI, Starlette and others.

    A request without our header is served as if it were not there.

    Args:
        app: The application inside.
    """

    def __init__(self, app: Callable[..., Any]) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        carried = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope.get("headers", ())
            if name == HEADER.encode()
        }
        with join(carried):
            await self._app(scope, receive, send)


class LineageWsgiMiddleware:
    """WSGI middleware: Flask, Django and others.

    Args:
        app: The application inside.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        text = environ.get("HTTP_" + HEADER.upper().replace("-", "_"))
        with join({HEADER: text} if text else {}):
            return self._app(environ, start_response)
