"""Sources: where a declaration's value comes from, compiled against a signature.

A source is a constant, a callable, or a path as text: `settings[weights]`,
`projects[].id`.
"""

# Longer than 400 lines: a source as text and its compiling are one idea.

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from keyword import iskeyword
from typing import Any, Final, Literal

from ..errors import DeclarationError, SourceError
from .signatures import Signature


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

#: Kinds whose constants look like the name of a parameter: `data.csv`, `out`.
_BY_PATH = ("file", "folder")
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
        kind = self.what.rpartition("_")[2]
        if kind in _BY_PATH and name != RESULT:
            late = f"; a {kind} that is always the same is lineage.{kind}({text})"
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
    if not _is_routine(card):
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


def _is_routine(card: Callable[..., Any]) -> bool:
    """Whether it is a function; since Python 3.14 a `partial` binds as one does."""
    return inspect.isroutine(card) and not isinstance(card, partial)


def _check_takes_artifact(card: Callable[..., Any], place: SourceScope) -> None:
    try:
        signature = inspect.signature(card)
    except (TypeError, ValueError):
        return  # Written in C, it is found out at the call.
    try:
        if _is_routine(card):
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


# -- paths -----------------------------------------------------------------------

StepKind = Literal["attribute", "item", "each"]

_ROOT: Final = re.compile(r"[^\W\d]\w*")
_STEP: Final = re.compile(
    r"""\.(?P<attribute>[^\W\d]\w*)
      | \[(?P<each>)\]
      | \[(?P<index>-?\d+)\]
      | \[(?P<quote>['"])(?P<quoted>.*?)(?P=quote)\]
      | \[(?P<key>[^\[\]'"]+)\]""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of a path: an attribute, an item, or each item."""

    kind: StepKind
    key: str | int = ""

    def __str__(self) -> str:
        if self.kind == "attribute":
            return f".{self.key}"
        return "[]" if self.kind == "each" else f"[{self.key}]"


@dataclass(frozen=True, slots=True)
class ValuePath:
    """A path: the name at which it begins, and the way from there."""

    text: str
    root: str
    steps: tuple[PathStep, ...]

    def walk(self, value: Any) -> Any:
        """Follow the path from its root's value; None on the way ends it.

        Raises:
            SourceError: A step leads nowhere; the message names the step.
        """
        return _walk(self, value, 0)

    def compiled(self) -> Callable[[Any], Any] | None:
        """Return a faster `walk` for plain paths; it raises where `walk` is needed.

        Attribute names are identifiers and keys are put in by `repr`, so that the
        text that is compiled holds nothing else.
        """
        if any(s.kind == "each" or iskeyword(str(s.key)) for s in self.steps):
            return None
        way = "".join(
            f".{s.key}" if s.kind == "attribute" else f"[{s.key!r}]" for s in self.steps
        )
        source = f"lambda root: root{way}"
        made: Callable[[Any], Any] = eval(source)  # noqa: S307  parsed steps only
        return made


def parse_path(text: str) -> ValuePath:
    """Read a path.

    Raises:
        DeclarationError: The text is no path.
    """
    root = _ROOT.match(text)
    if root is None:
        raise _no_path(text)
    steps, place = [], root.end()
    while place < len(text):
        found = _STEP.match(text, place)
        if found is None:
            raise _no_path(text)
        steps.append(_step(found))
        place = found.end()
    return ValuePath(text, root[0], tuple(steps))


def _step(found: re.Match[str]) -> PathStep:
    if found["attribute"] is not None:
        return PathStep("attribute", found["attribute"])
    if found["each"] is not None:
        return PathStep("each")
    if found["index"] is not None:
        return PathStep("item", int(found["index"]))
    key = found["quoted"] if found["quoted"] is not None else found["key"].strip()
    return PathStep("item", key)


def _no_path(text: str) -> DeclarationError:
    return DeclarationError(
        f"{text!r} is no path: write a parameter's name or `result`, then .attribute, "
        "[key], [0] or [] for each, as in 'settings[weights]'. A place in the file "
        "system that is always the same is lineage.file('…'), lineage.folder('…') or "
        "a pathlib.Path",
        subject=text,
    )


def _walk(path: ValuePath, value: Any, start: int) -> Any:
    for number in range(start, len(path.steps)):
        if value is None:
            return None
        step = path.steps[number]
        if step.kind == "each":
            return [
                _walk(path, item, number + 1) for item in _items(path, number, value)
            ]
        value = _one(path, number, step, value)
    return value


def _one(path: ValuePath, number: int, step: PathStep, value: Any) -> Any:
    try:
        if step.kind == "attribute":
            return getattr(value, str(step.key))
        return _item(value, step.key)
    except (AttributeError, LookupError, TypeError) as error:
        way = path.root + "".join(map(str, path.steps[:number]))
        hint = ""
        if step.kind == "attribute" and isinstance(value, Mapping):
            hint = f"; an entry of a dict is written {way}[{step.key}]"
        raise SourceError(
            f"{way} ({type(value).__name__}) has no {step}{hint}", subject=value
        ) from error


def _items(path: ValuePath, number: int, value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    # An iterator can be read once, and that once is the app's.
    if isinstance(value, Iterable) and not isinstance(value, (Iterator, str, bytes)):
        return value
    way = path.root + "".join(map(str, path.steps[:number]))
    raise SourceError(f"{way} ({type(value).__name__}) is no list for []")


def _item(value: Any, key: str | int) -> Any:
    # `[0]` means the entry "0" of a dict that has no entry 0.
    if isinstance(key, int) and isinstance(value, Mapping) and key not in value:
        return value[str(key)]
    return value[key]


def is_digits(text: str) -> bool:
    """Whether text is a whole number that may be an id."""
    return len(text) <= 19 and text.isascii() and text.isdigit()
