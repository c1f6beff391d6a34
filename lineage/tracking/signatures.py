"""Signatures: a function's parameters, and binding a call to them cheaply."""

from __future__ import annotations

import enum
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..errors import DeclarationError

_KINDS: Final = inspect.Parameter


@dataclass(frozen=True, slots=True)
class Signature:
    """What declarations need to know of a function."""

    function: Callable[..., Any]
    name: str
    """As messages name it: `train`, `Trainer.train`."""
    parameters: tuple[str, ...]
    annotations: tuple[Any, ...]
    bind: Callable[..., tuple[Any, ...]]
    """Takes a call's arguments, returns the parameters' values in order, and raises
    TypeError exactly when the function would refuse the call."""
    details: tuple[inspect.Parameter, ...] = ()

    def position(self, name: str) -> int:
        """Return the place of a parameter among the bound values.

        Raises:
            ValueError: There is no such parameter.
        """
        return self.parameters.index(name)


def read_signature(function: Callable[..., Any]) -> Signature:
    """Read a function's signature.

    Raises:
        DeclarationError: It is no function, or shows no signature.
    """
    name = display_name(function)
    try:
        signature = _signature(function)
    except (TypeError, ValueError) as error:
        raise DeclarationError(
            f"{name}: its parameters cannot be seen, so nothing can be declared on it; "
            "wrap it in a function of your own",
            subject=function,
        ) from error
    parameters = tuple(signature.parameters.values())
    return Signature(
        function,
        name,
        tuple(p.name for p in parameters),
        tuple(p.annotation for p in parameters),
        _binder(parameters),
        parameters,
    )


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """Read a signature; annotations that are undefined at run time stay text."""
    if sys.version_info < (3, 14):
        return inspect.signature(function)
    annotationlib = importlib.import_module("annotationlib")
    return inspect.signature(
        function, annotation_format=annotationlib.Format.FORWARDREF
    )


def display_name(function: Any) -> str:
    """Return the name by which messages speak of a function."""
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return str(name).rpartition("<locals>.")[2]


def _binder(parameters: Sequence[inspect.Parameter]) -> Callable[..., Any]:
    """Make a function that has these parameters and returns their values.

    Python's own call then does the binding, at a tenth of the cost of
    `inspect.Signature.bind`, and with the same rules. All texts that are compiled
    are identifiers, which `inspect.Parameter` has checked.
    """
    defaults: dict[str, Any] = {}
    text = parameters_text(parameters, defaults)
    values = "".join(f"{p.name}," for p in parameters)
    made: Callable[..., Any] = eval(f"lambda {text}: ({values})", defaults)  # noqa: S307  identifiers only
    return made


def parameters_text(
    parameters: Sequence[inspect.Parameter], defaults: dict[str, Any]
) -> str:
    """Return parameters as source text; their defaults are put into `defaults`."""
    parts: list[str] = []
    previous = None
    for index, parameter in enumerate(parameters):
        if previous is _KINDS.POSITIONAL_ONLY and parameter.kind is not previous:
            parts.append("/")
        is_first_keyword = parameter.kind is _KINDS.KEYWORD_ONLY and previous not in (
            _KINDS.KEYWORD_ONLY,
            _KINDS.VAR_POSITIONAL,
        )
        if is_first_keyword:
            parts.append("*")
        text = _STARS.get(parameter.kind, "") + parameter.name
        if parameter.default is not parameter.empty:
            defaults[f"_{index}"] = parameter.default
            text += f"=_{index}"
        parts.append(text)
        previous = parameter.kind
    if previous is _KINDS.POSITIONAL_ONLY:
        parts.append("/")
    return ", ".join(parts)


def arguments_text(parameters: Sequence[inspect.Parameter]) -> str:
    """Return how a function with these parameters passes them on, as source text."""
    return ", ".join(
        f"{p.name}={p.name}"
        if p.kind is _KINDS.KEYWORD_ONLY
        else _STARS.get(p.kind, "") + p.name
        for p in parameters
    )


_STARS: Final[dict[Any, str]] = {_KINDS.VAR_POSITIONAL: "*", _KINDS.VAR_KEYWORD: "**"}


def annotation_names(annotation: Any) -> set[str]:
    """Return the class names that an annotation mentions, without evaluating it."""
    if annotation is inspect.Parameter.empty:
        return set()
    if isinstance(annotation, type) and not getattr(annotation, "__args__", None):
        return {annotation.__name__}
    text = annotation if isinstance(annotation, str) else repr(annotation)
    return set(re.findall(r"[A-Za-z_]\w*", text))


class CallStyle(enum.Enum):
    """The ways in which a call comes to its result."""

    SYNC = "sync"
    COROUTINE = "coroutine"
    GENERATOR = "generator"
    ASYNC_GENERATOR = "async generator"


def call_style(function: Any) -> CallStyle:
    """Return how a function, or an object's `__call__`, comes to its result."""
    for candidate in (function, type(function).__call__):
        if inspect.iscoroutinefunction(candidate):
            return CallStyle.COROUTINE
        if inspect.isasyncgenfunction(candidate):
            return CallStyle.ASYNC_GENERATOR
        if inspect.isgeneratorfunction(candidate):
            return CallStyle.GENERATOR
    return CallStyle.SYNC


def named_after(made: Any, wrapped: Any) -> Any:
    """Name a coroutine or generator of ours after the wrapped function."""
    made.__name__ = getattr(wrapped, "__name__", made.__name__)
    made.__qualname__ = getattr(wrapped, "__qualname__", made.__name__)
    return made
