"""Ray: each call of a remote function records into the task that made the call.

Ray pickles a remote function once and reuses it, so the task travels with the call's
arguments. An actor records into the task in which it was created.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any, Final

import wrapt

from ..tracking.environment import HEADER, context_headers_with_home, join
from ..tracking.signatures import CallStyle, call_style

_ARGUMENT: Final = "_lineage_context"


def install(module: Any) -> None:
    """Add an argument of ours to remote functions, as Ray's own tracing does."""
    wrapt.wrap_function_wrapper(module, "_inject_tracing_into_function", _inject)
    wrapt.wrap_function_wrapper(module, "RemoteFunction._remote", _call_remotely)


def _inject(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
    function = wrapped(*args, **kwargs)
    if not callable(function) or call_style(function) is not CallStyle.SYNC:
        return function
    return _with_argument(function)


def _with_argument(function: Any) -> Any:
    @functools.wraps(function)
    def carried(*args: Any, _lineage_context: str | None = None, **kwargs: Any) -> Any:
        given = {HEADER: _lineage_context} if _lineage_context else {}
        with join(given, trusted=True):
            return function(*args, **kwargs)

    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    ours = inspect.Parameter(_ARGUMENT, inspect.Parameter.KEYWORD_ONLY, default=None)
    is_open = parameters and parameters[-1].kind is inspect.Parameter.VAR_KEYWORD
    parameters.insert(len(parameters) - 1 if is_open else len(parameters), ours)
    carried.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # read by inspect
    return carried


def _call_remotely(wrapped: Any, remote: Any, args: Any, kwargs: Any) -> Any:
    function = getattr(remote, "_function", None)
    carried = context_headers_with_home().get(HEADER)
    if carried is None or call_style(function) is not CallStyle.SYNC:
        return wrapped(*args, **kwargs)
    if getattr(remote, "_is_cross_language", False):
        return wrapped(*args, **kwargs)
    if len(args) > 1:
        args = (args[0], {**(args[1] or {}), _ARGUMENT: carried}, *args[2:])
    else:
        kwargs = {
            **kwargs,
            "kwargs": {**(kwargs.get("kwargs") or {}), _ARGUMENT: carried},
        }
    return wrapped(*args, **kwargs)
