"""The check: binds every declared path of a module without running its functions."""

from __future__ import annotations

import importlib
import inspect
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType, TracebackType, UnionType
from typing import Any, Final

from ..errors import NotFoundError, describe_error
from .declaration import Declaration
from .decorator import COLLECTED, Collected
from .signatures import display_name
from .sources import RESULT, PathStep, ValuePath, is_digits, parse_path
from .tracked import TrackedFunction, declarations_of

_UNKNOWN: Final = object()


@dataclass(frozen=True, slots=True)
class Problem:
    """A declaration that cannot work."""

    file: str
    line: int
    function: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and what was found."""

    #: The qualified names of the functions that have declarations.
    functions: list[str]
    problems: list[Problem]


def check_module(module: ModuleType | str, only: str | None = None) -> Checked:
    """Find the declarations of a module that cannot work.

    A module given by name is imported; what would stop its import is collected, so
    that one task shows everything, and so are functions that the decorator of another
    library took, such as a command of Click. Paths are followed along the annotations
    as far as those go: `project.idd` is found when `project: ProjectInfo` is annotated.

    Args:
        module: The module, or its dotted name.
        only: The qualified name of the one function or class that is meant; all of
            the module's when left out.

    Raises:
        ImportError: There is no such module, or its own lines raise an exception.
        NotFoundError: The module has nothing of the name `only`, or that has no
            declaration.
    """
    collected = Collected()
    if isinstance(module, str):
        with _Importing(module, collected):
            module = importlib.import_module(module)
    problems = [_problem(error.subject, str(error)) for error in collected.errors]
    tracked = _tracked(module, collected.tracked)
    if only is not None:
        every = sorted({_name(one) for one in tracked})
        problems = [p for p in problems if _is_in(p.function, only)]
        tracked = [t for t in tracked if _is_in(_name(t), only)]
        if not problems and not tracked:
            raise NotFoundError(_nothing_of(module, only, every), subject=only)
    names = {_name(one) for one in tracked} | {p.function for p in problems}
    for one in tracked:
        problems += _along_annotations(one)
    problems = sorted(set(problems), key=lambda p: (p.file, p.line, p.message))
    return Checked(sorted(names), problems)


class _Importing:
    """While a module is imported: collects its declarations, and says what stops it.

    Args:
        name: The module.
        collected: Where the declarations go.
    """

    def __init__(self, name: str, collected: Collected) -> None:
        self._name = name
        self._collected = collected

    def __enter__(self) -> None:
        self._token = COLLECTED.set(self._collected)

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        COLLECTED.reset(self._token)
        if error is None or isinstance(
            error, (ImportError, SyntaxError, KeyboardInterrupt)
        ):
            return
        place = self._name
        while traceback is not None:
            if traceback.tb_frame.f_globals.get("__name__") == self._name:
                place = f"{self._name}, line {traceback.tb_lineno},"
            traceback = traceback.tb_next
        raise ImportError(
            f"{place} raised {describe_error(error)}; a check imports the "
            "module without recording, so what starts the program belongs below "
            '`if __name__ == "__main__":`',
            name=self._name,
        ) from error


def _is_in(name: str, only: str) -> bool:
    """Whether a qualified name is the one that is meant, or a part of it."""
    return name == only or name.startswith(f"{only}.")


def _name(tracked: Any) -> str:
    return str(getattr(_inner(tracked), "__qualname__", ""))


def _nothing_of(module: ModuleType, only: str, every: list[str]) -> str:
    """List which names there are instead."""
    if not every:
        return f"{module.__name__} has no declarations, so {only!r} has none"
    have = f"those with one are {', '.join(every)}"
    return f"nothing called {only!r} in {module.__name__} has a declaration; {have}"


def _problem(function: Any, message: str) -> Problem:
    inner = _inner(function)
    code = getattr(inner, "__code__", None)
    file = code.co_filename if code else "?"
    line = code.co_firstlineno if code else 0
    return Problem(file, line, display_name(inner), message)


def _tracked(module: ModuleType, collected: list[Any]) -> list[Any]:
    """Return the tracked functions of a module, each with all its declarations.

    Args:
        module: The module.
        collected: What was declared while it was imported, outermost last.
    """
    mine = [one for one in collected if _inner(one).__module__ == module.__name__]
    found = {id(_inner(one)): one for one in [*mine, *_held(module)]}
    return list(found.values())


def _inner(tracked: Any) -> Any:
    """Return the function that the app wrote."""
    return inspect.unwrap(getattr(tracked, "__func__", tracked))


def _held(module: ModuleType) -> Iterator[Any]:
    """Return the tracked functions that a module has by a name, in classes too."""
    for value in list(vars(module).values()):
        if type(value) is TrackedFunction:
            yield value
        elif isinstance(value, type) and value.__module__ == module.__name__:
            yield from _members(value)


def _members(cls: type) -> Iterator[Any]:
    for value in vars(cls).values():
        inner = getattr(value, "__func__", value)
        if type(value) is TrackedFunction or type(inner) is TrackedFunction:
            yield value if type(value) is TrackedFunction else inner
        elif isinstance(value, type) and value.__qualname__.startswith(
            cls.__qualname__
        ):
            yield from _members(value)


def _along_annotations(tracked: Any) -> Iterator[Problem]:
    declarations = declarations_of(tracked)
    function = tracked.__wrapped__
    inner = getattr(function, "__func__", function)
    hints = _hints(inner)
    for declaration in declarations.items if declarations else ():
        for text in _texts(declaration):
            path = parse_path(text)
            root = "return" if path.root == RESULT else path.root
            problem = _lost(path, hints.get(root, _UNKNOWN))
            if problem is not None:
                message = (
                    f"{declaration.word}({text!r}) of {display_name(inner)}: {problem}"
                )
                yield _problem(inner, message)


def _texts(declaration: Declaration) -> list[str]:
    sources = (declaration.source, declaration.when, declaration.version)
    return [s for s in sources if isinstance(s, str) and not is_digits(s)]


def _hints(function: Any) -> dict[str, Any]:
    """Resolve annotations; those that cannot be resolved here are unknown."""
    try:
        return typing.get_type_hints(inspect.unwrap(function))
    except (NameError, TypeError, AttributeError):
        return {}  # a name that exists for type checkers only


def _lost(path: ValuePath, annotation: Any) -> str | None:
    """Follow a path along annotations; return where it certainly leads nowhere."""
    at = annotation
    way = path.root
    for step in path.steps:
        options = [o for o in _options(at) if o is not type(None)]
        nexts = [_next(option, step) for option in options]
        if options and all(option is None for option in nexts):
            names = " | ".join(getattr(o, "__name__", str(o)) for o in options)
            return f"{way} is {names}, which has no {step}"
        known = [n for n in nexts if n is not None and n is not _UNKNOWN]
        at = known[0] if len(known) == 1 else _UNKNOWN
        way += str(step)
    return None


def _options(annotation: Any) -> list[Any]:
    if annotation is _UNKNOWN or annotation is Any:
        return []
    if (
        isinstance(annotation, UnionType)
        or typing.get_origin(annotation) is typing.Union
    ):
        return [o for part in typing.get_args(annotation) for o in _options(part)]
    return [annotation]


def _next(annotation: Any, step: PathStep) -> Any:
    """Return what a step leads to: an annotation, `_UNKNOWN`, or None for nothing."""
    origin = typing.get_origin(annotation) or annotation
    if not isinstance(origin, type):
        return _UNKNOWN
    if step.kind == "attribute":
        return _attribute(origin, str(step.key))
    if typing.is_typeddict(origin):
        return _entry(origin, step)
    if origin in (list, set, frozenset, tuple) and typing.get_args(annotation):
        return typing.get_args(annotation)[0] if origin is not tuple else _UNKNOWN
    if step.kind == "item" and not hasattr(origin, "__getitem__"):
        return None
    return _UNKNOWN


def _entry(cls: type, step: PathStep) -> Any:
    return _hints(cls).get(str(step.key)) if step.kind == "item" else _UNKNOWN


def _attribute(cls: type, name: str) -> Any:
    hints = _hints(cls)
    if name in hints:
        return hints[name]
    if hasattr(cls, name) or "__getattr__" in dir(cls):
        return _UNKNOWN
    # Attributes that `__init__` sets are not declared anywhere.
    is_declared = hasattr(cls, "__slots__") or hasattr(cls, "__dataclass_fields__")
    return (
        None if is_declared or hasattr(cls, "_fields") or _is_plain(cls) else _UNKNOWN
    )


def _is_plain(cls: type) -> bool:
    return cls in (int, str, bytes, float, bool, dict, list, tuple, set)
