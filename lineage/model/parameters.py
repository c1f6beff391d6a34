"""Checks the parameters of a question where they are Python's, without pydantic.

What arrives as JSON is checked by `json_forms`; a test holds both to the same rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from ..errors import ParameterError
from .messages import Message, Prepared, Rules


class _Refused(Exception):
    """A value that is not allowed, what is, and where it lies in its parameter."""

    def __init__(self, value: Any, allowed: str) -> None:
        super().__init__(allowed)
        self.value = value
        self.allowed = allowed
        self.where: list[str] = []


def checked(cls: type[Message], members: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as the question holds them.

    Raises:
        ParameterError: A parameter is not allowed; the error names it and what is.
    """
    try:
        return _checked(cls, members)
    except _Refused as refused:
        where = ".".join(refused.where)
        text = f"{where} cannot be {refused.value!r}; allowed is {refused.allowed}"
        raise ParameterError(text, subject=where) from None


def _checked(cls: type[Message], members: Mapping[str, Any]) -> dict[str, Any]:
    kind: Any = cls
    hints, found = _hints(kind), {}
    for name, value in members.items():
        try:
            found[name] = _read(hints.get(name, Any), value)
        except _Refused as refused:
            refused.where.insert(0, name)
            raise
    return found


@cache
def _hints(cls: Any) -> dict[str, Any]:
    return get_type_hints(cls, include_extras=True)


def _read(hint: Any, value: Any) -> Any:
    """Return a value as its hint has it."""
    if hint in _PLAIN:
        return _PLAIN[hint](value)
    origin = get_origin(hint)
    if origin is not None:
        return _COMPOUND[origin](get_args(hint), value)
    if isinstance(value, hint):
        return value
    if isinstance(value, Mapping):
        return hint(**_checked(hint, value))
    raise _Refused(value, f"a {hint.__name__}")


def _whole(value: Any) -> int:
    is_whole = isinstance(value, float) and value.is_integer()
    if isinstance(value, bool) or not (isinstance(value, int) or is_whole):
        raise _Refused(value, "a whole number")
    return int(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _Refused(value, "a number")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Refused(value, "a text")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Refused(value, "True or False")
    return value


def _nothing(value: Any) -> None:
    if value is not None:
        raise _Refused(value, "None")


_PLAIN: Final[Mapping[Any, Callable[[Any], Any]]] = {
    int: _whole,
    float: _number,
    str: _text,
    bool: _truth,
    type(None): _nothing,
    Any: lambda value: value,
}


def _either(hints: Sequence[Any], value: Any) -> Any:
    if value is None and type(None) in hints:
        return None
    refused = _Refused(value, "another value")
    for hint in hints:
        if hint is not type(None):
            try:
                return _read(hint, value)
            except _Refused as error:
                refused = error
    raise refused


def _one_of(words: Sequence[Any], value: Any) -> Any:
    if value not in words:
        raise _Refused(value, ", ".join(map(repr, words)))
    return value


def _items(hints: Sequence[Any], value: Any) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise _Refused(value, "a list")
    found = []
    for at, item in enumerate(value):
        try:
            found.append(_read(hints[0], item))
        except _Refused as refused:
            refused.where.insert(0, str(at))
            raise
    return found


def _annotated(parts: Sequence[Any], value: Any) -> Any:
    hint, *notes = parts
    for note in notes:
        if isinstance(note, Prepared):
            try:
                value = note.change(value)
            except ValueError as error:
                raise _Refused(value, str(error)) from error
    found = _read(hint, value)
    for note in notes:
        if isinstance(note, Rules):
            for name, limit in note.limits.items():
                if not _RULES[name][0](found, limit):
                    raise _Refused(value, _RULES[name][1].format(limit))
    return found


_COMPOUND: Final[Mapping[Any, Callable[[Sequence[Any], Any], Any]]] = {
    Annotated: _annotated,
    Literal: _one_of,
    Union: _either,
    UnionType: _either,
    list: _items,
}
#: How each rule is checked, and the words for what it allows.
_RULES: Final[Mapping[str, tuple[Callable[[Any, Any], bool], str]]] = {
    "ge": (lambda value, least: value >= least, "a value greater than or equal to {}"),
    "le": (lambda value, most: value <= most, "a value less than or equal to {}"),
    "min_length": (lambda value, least: len(value) >= least, "{} or more of it"),
    "max_length": (lambda value, most: len(value) <= most, "{} of it at most"),
    "pattern": (lambda text, form: re.search(form, text) is not None, "the form {}"),
    "allow_inf_nan": (lambda value, yes: yes or value - value == 0, "a finite number"),
}
