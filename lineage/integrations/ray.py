"""Ray: each call of a remote function or an actor records into the caller's task.

Ray pickles remote functions and the classes of actors once and reuses them, so the
task travels with the arguments of the call.
"""

from __future__ import annotations

import copy
import functools
import inspect
import threading
import uuid
from typing import Any, Final

import wrapt

from ..tracking.environment import HEADER, context_headers_with_home
from ..tracking.signatures import CallStyle, call_style
from .context_argument import ARGUMENT, with_argument

#: The argument that Ray adds to methods for tracing.
_OF_RAY: Final = "_ray_trace_ctx"
_lock: Final = threading.Lock()
#: What a remote function remembers of its export.
_OF_EXPORT: Final = frozenset(
    {"_inject_lock", "_uuid", "_last_export_cluster_and_job", "_function"}
)
#: Ray takes no coroutines as remote functions.
_OF_FUNCTIONS: Final = (CallStyle.SYNC, CallStyle.GENERATOR)


def install(module: Any) -> None:
    """Add an argument of ours to remote functions, as Ray's own tracing does."""
    wrapt.wrap_function_wrapper(module, "_inject_tracing_into_function", _inject)
    wrapt.wrap_function_wrapper(module, "RemoteFunction._remote", _call_remotely)


def install_actors(module: Any) -> None:
    """Do so with the methods of actors."""
    wrapt.wrap_function_wrapper(module, "_inject_tracing_into_class", _inject_class)
    wrapt.wrap_function_wrapper(module, "ActorMethod._remote", _call_method)
    wrapt.wrap_function_wrapper(module, "ActorClass._remote", _create)


def _inject(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
    function = wrapped(*args, **kwargs)
    if not callable(function) or call_style(function) not in _OF_FUNCTIONS:
        return function
    return _carried_function(function)


def _carried_function(function: Any) -> Any:
    carried: Any = with_argument(function, call_style(function))
    functools.update_wrapper(carried, function)
    carried.__signature__ = _extended(function)
    return carried


def _extended(function: Any) -> inspect.Signature:
    """Return a function's signature with our argument as the last but Ray's own."""
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    ours = inspect.Parameter(ARGUMENT, inspect.Parameter.KEYWORD_ONLY, default=None)
    place = len(parameters)
    while place and (
        parameters[place - 1].kind is inspect.Parameter.VAR_KEYWORD
        or parameters[place - 1].name == _OF_RAY
    ):
        place -= 1
    parameters.insert(place, ours)
    return signature.replace(parameters=parameters)


def _inject_class(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
    result = wrapped(*args, **kwargs)
    _carry_methods(args[0] if args else kwargs["_cls"])
    return result


def _carry_methods(made: Any) -> dict[str, Any]:
    """Add our argument to the methods of an actor's class; return those by name."""
    found = {}
    for name, method in inspect.getmembers(made, inspect.isroutine):
        whole = inspect.unwrap(method)
        # Those that Ray has given an argument of its own, and generators, which it
        # leaves out as it does class and static methods.
        known = getattr(getattr(whole, "__signature__", None), "parameters", ())
        if _OF_RAY in known or _is_generating_method(made, name, whole):
            found[name] = _carried_method(method, whole)
            setattr(made, name, found[name])
    return found


def _is_generating_method(made: Any, name: str, whole: Any) -> bool:
    if call_style(whole) not in (CallStyle.GENERATOR, CallStyle.ASYNC_GENERATOR):
        return False
    kept = inspect.getattr_static(made, name)
    return not isinstance(kept, (classmethod, staticmethod))


def _carried_method(method: Any, whole: Any) -> Any:
    """Return a method with an argument of ours, which Ray does not look behind."""
    carried = with_argument(method, call_style(whole))
    functools.update_wrapper(carried, whole)
    del carried.__wrapped__
    carried.__signature__ = _extended(whole)
    return carried


def _call_method(wrapped: Any, method: Any, args: Any, kwargs: Any) -> Any:
    actor, name = getattr(method, "_actor", None), getattr(method, "_method_name", "")
    known = getattr(actor, "_ray_method_signatures", {}).get(name, ())
    return _with_context(wrapped, known, args, kwargs)


def _create(wrapped: Any, actor_class: Any, args: Any, kwargs: Any) -> Any:
    meta = getattr(actor_class, "__ray_metadata__", None)
    with _lock:
        known = _signatures(meta)
        if meta is not None and not any(map(_has_ours, known.values())):
            _renew_class(meta)
            known = _signatures(meta)
    return _with_context(wrapped, known.get("__init__", ()), args, kwargs)


def _signatures(meta: Any) -> dict[str, Any]:
    found: dict[str, Any] = getattr(
        getattr(meta, "method_meta", None), "signatures", {}
    )
    return found


def _renew_class(meta: Any) -> None:
    """Add our argument to an actor's class that is older than our import.

    Actors that are there keep their class and what their handles know of it.
    """
    made, state = getattr(meta, "modified_class", None), vars(meta)
    if made is None or "last_export_cluster_and_job" not in state:
        return
    carried = _carry_methods(made)
    newer = copy.copy(meta.method_meta)
    newer.signatures = newer.signatures | {
        name: list(inspect.signature(method).parameters.values())[1:]
        for name, method in carried.items()
    }
    meta.method_meta = newer
    meta.last_export_cluster_and_job = None


def _with_context(wrapped: Any, known: Any, args: Any, kwargs: Any) -> Any:
    """Call what takes the arguments of a remote call, with ours where it is known."""
    if not _has_ours(known):
        return wrapped(*args, **kwargs)
    carried = context_headers_with_home().get(HEADER)
    return (
        wrapped(*args, **kwargs)
        if carried is None
        else _carry(wrapped, carried, args, kwargs)
    )


def _has_ours(parameters: Any) -> bool:
    return any(parameter.name == ARGUMENT for parameter in parameters)


def _call_remotely(wrapped: Any, remote: Any, args: Any, kwargs: Any) -> Any:
    function = getattr(remote, "_function", None)
    carried = context_headers_with_home().get(HEADER)
    if carried is None or call_style(function) not in _OF_FUNCTIONS:
        return wrapped(*args, **kwargs)
    if getattr(remote, "_is_cross_language", False) or not _takes_ours(remote):
        return wrapped(*args, **kwargs)
    return _carry(wrapped, carried, args, kwargs)


def _takes_ours(remote: Any) -> bool:
    """Whether a remote function has our argument, or gets it by its first call.

    One that was called before we were imported has been exported without. It gets the
    argument and is exported again, as another function: workers keep the first one.
    """
    state = vars(remote)
    signature = state.get("_function_signature")
    if signature is None:
        return "_function_signature" in state
    if _has_ours(signature):
        return True
    names = {parameter.name for parameter in signature}
    if _OF_RAY in names or not state.keys() >= _OF_EXPORT:
        return False
    with state["_inject_lock"]:
        if state["_function_signature"] is signature:
            carried = _carried_function(state["_function"])
            parameters = inspect.signature(carried).parameters
            state["_function"] = carried
            state["_function_signature"] = list(parameters.values())
            state["_uuid"] = uuid.uuid4()
            state["_last_export_cluster_and_job"] = None
    return True


def _carry(wrapped: Any, carried: str, args: Any, kwargs: Any) -> Any:
    """Call what takes the arguments of a remote call as `args` and `kwargs`."""
    if len(args) > 1:
        args = (args[0], {**(args[1] or {}), ARGUMENT: carried}, *args[2:])
    else:
        kwargs = {
            **kwargs,
            "kwargs": {**(kwargs.get("kwargs") or {}), ARGUMENT: carried},
        }
    return wrapped(*args, **kwargs)
