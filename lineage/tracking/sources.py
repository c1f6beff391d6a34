"""Sources: where a declaration's value comes from, compiled against a signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ..errors import DeclarationError
from .signatures import Signature
from .value_paths import ValuePath, is_digits, parse_path


class _Auto:
    """Stands for a source that was left out."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "…"

    def __reduce__(self) -> str:
        return "AUTO"


AUTO: Final = _Auto()

RESULT: Final = "result"
CALL: Final = "call"

#: Takes the values of a call (see `Values`), returns the value of the source.
Getter = Callable[[tuple[Any, ...]], Any]


class ParameterGetter:
    """The getter of a bare name: a parameter, or the result."""

    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index

    def __call__(self, values: tuple[Any, ...]) -> Any:
        """Return the value at its place."""
        return values[self.index]


@dataclass(frozen=True, slots=True)
class CallInfo:
    """One call of a decorated function, for callables with a parameter `call`."""

    function: Callable[..., Any]
    arguments: dict[str, Any]
    """The parameters with their values, defaults included."""
    result: Any = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class SourceScope:
    """Where a source is written, and which names it may use there.

    The values of a call are a tuple: the parameters in order, and once the call is
    over also its result and its exception.
    """

    signature: Signature
    what: str
    """The declaration, as messages name it: `uses_project`."""
    is_over: bool
    """Whether the source is evaluated after the call, so that `result` exists."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that a source may use."""
        own = self.signature.parameters
        return (*own, RESULT) if self.is_over and RESULT not in own else own

    def position(self, name: str) -> int | None:
        """Return the place of a name among the values; None when there is none."""
        if self.is_over and name == RESULT:
            return len(self.signature.parameters)
        if name in self.signature.parameters:
            return self.signature.position(name)
        return None

    def problem(self, text: str, name: str) -> DeclarationError:
        """Make the error for a name that does not exist here."""
        names = ", ".join(self.names) or "none"
        late = ""
        if name == RESULT:
            late = "; an input that is known only after the call needs after=True"
        return DeclarationError(
            f"{self.what}({text}) of {self.signature.name}: there is no parameter "
            f"{name!r}; available: {names}{late}",
            subject=self.signature.function,
        )

    def call(self, values: tuple[Any, ...]) -> CallInfo:
        """Describe the call, for a callable with a parameter `call`."""
        names = self.signature.parameters
        arguments = dict(zip(names, values, strict=False))
        over = values[len(names) :] if self.is_over else (None, None)
        return CallInfo(self.signature.function, arguments, *over)


def compile_source(source: Any, place: SourceScope) -> Getter:
    """Compile a source into a getter.

    Args:
        source: A path, a callable, or a constant.
        place: Where it is written.

    Raises:
        DeclarationError: It names something that does not exist there.
    """
    if isinstance(source, str) and not is_digits(source):
        return _of_path(source, place)
    if callable(source) and not isinstance(source, type):
        return _of_callable(source, place)
    if callable(source):
        raise DeclarationError(
            f"{place.what} of {place.signature.name}: {source!r} is a class, not a "
            "source",
            subject=source,
        )
    return lambda _values: source


def _of_path(text: str, place: SourceScope) -> Getter:
    try:
        path = parse_path(text)
    except DeclarationError as error:
        raise DeclarationError(
            f"{place.what} of {place.signature.name}: {error}; parameters: "
            f"{', '.join(place.names) or 'none'}",
            subject=place.signature.function,
        ) from None
    index = place.position(path.root)
    if index is None:
        raise place.problem(repr(text), path.root)
    return _walker(path, index)


def _walker(path: ValuePath, index: int) -> Getter:
    if not path.steps:
        return ParameterGetter(index)
    quick, walk = path.compiled(), path.walk
    if quick is None:
        return lambda values: walk(values[index])

    def get(values: tuple[Any, ...]) -> Any:
        try:
            return quick(values[index])
        except (AttributeError, LookupError, TypeError):
            return walk(values[index])  # which handles None, and names what is missing

    return get


def compile_card(card: Any, place: SourceScope) -> Getter | None:
    """Compile a card that takes more than the artifact; None for all others.

    Its first parameter is the artifact; the others name what a source may name. The
    getter returns a callable of the artifact alone.

    Raises:
        DeclarationError: It names something that does not exist there, or cannot be
            called with the artifact.
    """
    if isinstance(card, type) or not callable(card):
        return None
    _check_takes_artifact(card, place)
    if not inspect.isroutine(card):
        return None
    positional, named = _wanted(card, place, skip=1)
    if not positional and not named:
        return None

    def get(values: tuple[Any, ...]) -> Any:
        given = [place.call(values) if i is None else values[i] for i in positional]
        more = {
            name: place.call(values) if i is None else values[i]
            for name, i in named.items()
        }
        return lambda artifact: card(artifact, *given, **more)

    return get


def _check_takes_artifact(card: Callable[..., Any], place: SourceScope) -> None:
    try:
        signature = inspect.signature(card)
    except (TypeError, ValueError):
        return  # Written in C, it is found out at the call.
    try:
        if inspect.isroutine(card):
            signature.bind_partial(None)
        else:
            signature.bind(None)
    except TypeError as error:
        shown = getattr(card, "__name__", repr(card))
        raise DeclarationError(
            f"{place.what} of {place.signature.name}: the card {shown} cannot be "
            f"called with the artifact ({error}); write a function whose first "
            "parameter is the artifact: lambda artifact: …",
            subject=card,
        ) from error


def _of_callable(function: Callable[..., Any], place: SourceScope) -> Getter:
    positional, named = _wanted(function, place)
    if not named:
        if not positional:
            return lambda _values: function()
        if len(positional) == 1 and positional[0] is not None:
            index = positional[0]
            return lambda values: function(values[index])

    def get(values: tuple[Any, ...]) -> Any:
        given = [place.call(values) if i is None else values[i] for i in positional]
        more = {
            name: place.call(values) if i is None else values[i]
            for name, i in named.items()
        }
        return function(*given, **more)

    return get


def _wanted(
    function: Callable[..., Any], place: SourceScope, *, skip: int = 0
) -> tuple[list[int | None], dict[str, int | None]]:
    """Return which values a callable takes, by its parameter names (None: the call).

    Args:
        function: The callable.
        place: Where it is written.
        skip: Parameters at its beginning that get something else.
    """
    shown = getattr(function, "__name__", repr(function))
    try:
        parameters = [*inspect.signature(function).parameters.values()][skip:]
    except (TypeError, ValueError) as error:
        raise DeclarationError(
            f"{place.what} of {place.signature.name}: the parameters of {shown} cannot "
            f"be seen; write a lambda that names what it takes: "
            f"{', '.join(place.names) or 'nothing'}",
            subject=function,
        ) from error
    positional: list[int | None] = []
    named: dict[str, int | None] = {}
    has_gap = False
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        index = place.position(parameter.name)
        if index is None and parameter.name != CALL:
            if parameter.default is not parameter.empty:
                has_gap = True
                continue
            raise place.problem(shown, parameter.name)
        if parameter.kind is parameter.KEYWORD_ONLY or has_gap:
            named[parameter.name] = index
        else:
            positional.append(index)
    return positional, named


def describe(source: Any) -> str:
    """Return a source as messages show it."""
    if isinstance(source, str):
        return repr(source)
    if callable(source):
        return str(getattr(source, "__name__", type(source).__name__))
    return "" if source is AUTO else repr(source)[:60]
