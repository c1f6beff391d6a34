"""Dask distributed: submitted functions record into the task that submits them.

Decorated functions carry the task by themselves, in every kind of graph; this is for
plain functions handed to `Client.submit`, `Client.map` and `Client.run`.
"""

from __future__ import annotations

from typing import Any

import wrapt

from ..tracking.carrier import CarriedFunction, Carrier, open_scope
from ..tracking.tracked import declarations_of


def install(module: Any) -> None:
    """Wrap how functions are submitted."""
    for name in ("submit", "map", "run"):
        wrapt.wrap_function_wrapper(module, f"Client.{name}", _submit)


def _submit(wrapped: Any, _client: Any, args: Any, kwargs: Any) -> Any:
    scope = open_scope()
    if scope is None or not args or not callable(args[0]):
        return wrapped(*args, **kwargs)
    if declarations_of(args[0]) is not None:
        return wrapped(*args, **kwargs)
    # Workers await coroutine functions, and give some parameters by their names.
    return wrapped(CarriedFunction(args[0], Carrier(scope)), *args[1:], **kwargs)
