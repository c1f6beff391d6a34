"""Dask distributed: submitted functions record into the task that submits them.

Decorated functions carry the task by themselves, in every kind of graph; this is for
plain functions handed to `Client.submit`, `Client.map` and `Client.run`, and for the
methods of actors, which take the task of each call as an argument of ours.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any, Final

import wrapt

from ..errors import guard
from ..tracking.carrier import CarriedFunction, Carrier, open_scope
from ..tracking.environment import HEADER, context_headers_with_home
from ..tracking.signatures import call_style
from ..tracking.tracked import declarations_of
from .context_argument import ARGUMENT, with_argument

#: What the class of an actor has whose methods take our argument.
_MARK: Final = "_lineage_takes_context"


def install(module: Any) -> None:
    """Wrap how functions are submitted."""
    for name in ("submit", "map", "run"):
        wrapt.wrap_function_wrapper(module, f"Client.{name}", _submit)


def install_actors(module: Any) -> None:
    """Wrap how methods of actors are found."""
    wrapt.wrap_function_wrapper(module, "Actor.__getattr__", _find_method)


class ActorMaker:
    """Makes an actor, on its worker, whose methods take the task of each call.

    Args:
        made: The actor's class.
    """

    def __init__(self, made: type) -> None:
        self._made = made
        self.__name__ = made.__name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Make it."""
        return _taking_context(self._made)(*args, **kwargs)


def _taking_context(made: type) -> type:
    """Return a class of the same name whose methods take the task of each call."""
    members: dict[str, Any] = {_MARK: True}
    for name in ("__module__", "__qualname__", "__doc__"):
        members[name] = getattr(made, name)
    for name, method in inspect.getmembers(made, inspect.isroutine):
        kept = inspect.getattr_static(made, name)
        if name.startswith("__") or isinstance(kept, (staticmethod, classmethod)):
            continue
        carried = with_argument(method, call_style(method))
        members[name] = functools.wraps(method)(carried)
    with guard("The methods of an actor cannot take the task of a call"):
        return type(made)(made.__name__, (made,), members)
    return made


def _find_method(wrapped: Any, actor: Any, args: Any, kwargs: Any) -> Any:
    found = wrapped(*args, **kwargs)
    if not callable(found) or not hasattr(vars(actor).get("_cls"), _MARK):
        return found

    @functools.wraps(found)
    def call(*given: Any, **named: Any) -> Any:
        carried = context_headers_with_home().get(HEADER)
        more = {} if carried is None else {ARGUMENT: carried}
        return found(*given, **named, **more)

    return call


def _submit(wrapped: Any, _client: Any, args: Any, kwargs: Any) -> Any:
    if (
        args
        and isinstance(args[0], type)
        and (kwargs.get("actor") or kwargs.get("actors"))
    ):
        args = (ActorMaker(args[0]), *args[1:])
    scope = open_scope()
    if scope is None or not args or not callable(args[0]):
        return wrapped(*args, **kwargs)
    if declarations_of(args[0]) is not None:
        return wrapped(*args, **kwargs)
    # Workers await coroutine functions, and give some parameters by their names.
    return wrapped(CarriedFunction(args[0], Carrier(scope)), *args[1:], **kwargs)
