"""Frameworks that take a function and hand it back: marks what they have taken.

A declaration above them would decorate a function that the framework never calls; the
mark lets it say so when the module is imported.
"""

from __future__ import annotations

from typing import Any

import wrapt

from ..errors import attempt, logger
from ..tracking.tracked import TAKEN_BY


def install_fastapi(module: Any) -> None:
    """Mark the endpoints of FastAPI's routes."""

    def register(wrapped: Any, _route: Any, args: Any, kwargs: Any) -> Any:
        endpoint = args[1] if len(args) > 1 else kwargs.get("endpoint")
        _mark(endpoint, "the route, as @app.get or @button.click")
        return wrapped(*args, **kwargs)

    wrapt.wrap_function_wrapper(module, "APIRoute.__init__", register)


def install_typer(module: Any) -> None:
    """Mark the callbacks of Typer's commands."""

    def register(wrapped: Any, _info: Any, args: Any, kwargs: Any) -> Any:
        _mark(kwargs.get("callback"), "@app.command of Typer")
        return wrapped(*args, **kwargs)

    wrapt.wrap_function_wrapper(module, "CommandInfo.__init__", register)


def _mark(function: Any, taken_by: str) -> None:
    if function is not None:
        attempt(lambda taken: setattr(function, TAKEN_BY, taken), taken_by, _log)


def _log(error: Exception) -> None:
    logger.debug("a function that a framework has taken cannot be marked: %s", error)
