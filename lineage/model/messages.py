"""The base of questions and answers: named members, and rules that can be checked.

They are plain classes, so that a command which asks an embedded instance loads no
pydantic. The parameters of a question are checked here where they are Python's; where
JSON comes in, `model/json_forms.py` makes a pydantic model of each class. A test holds
both to the same rules.
"""

# Longer than 400 lines: members, their rules and what checks them are one idea.

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Final,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from ..errors import ParameterError

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Callable[[_T], _T]:
        """Do nothing: only type checkers read it."""
        return lambda cls: cls


_T = TypeVar("_T")
_M = TypeVar("_M", bound="Message")


class Rules:
    """What a value may be, beyond its type; pydantic reads it as several rules.

    Args:
        make: Makes the default of a member.
        limits: `ge`, `le`, `min_length`, `max_length`, `pattern`, `allow_inf_nan`.
    """

    __is_annotated_types_grouped_metadata__ = True
    __slots__ = ("limits", "make")

    def __init__(
        self, make: Callable[[], Any] | None, limits: Mapping[str, Any]
    ) -> None:
        self.make = make
        self.limits = limits

    def __iter__(self) -> Iterator[Any]:
        return iter(_json_forms().rules(self.limits))


def Field(  # noqa: N802  named as pydantic's
    *, default_factory: Callable[[], Any] | None = None, **limits: Any
) -> Any:
    """Describe what a value may be, in an `Annotated`; or make a member's default."""
    return Rules(default_factory, limits)


class Prepared:
    """Has a function change a value before it is checked."""

    __slots__ = ("change",)

    def __init__(self, change: Callable[[Any], Any]) -> None:
        self.change = change

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return _json_forms().prepared(self.change, handler(source))


class _Fields:
    """The members with their rules, as pydantic describes them."""

    def __get__(self, _: object, cls: type[Message]) -> Mapping[str, Any]:
        fields: Mapping[str, Any] = _json_forms().form(cls).model_fields
        return fields


@dataclass_transform(kw_only_default=True, field_specifiers=(Field,))
class Message:  # noqa: PLW1641  members may change: it has no hash
    """A question or an answer, or a part of one; equal when all members are."""

    model_fields: ClassVar[Any] = _Fields()

    #: Whether the rules are checked where it is made in Python, as for questions.
    _is_checked: ClassVar[bool] = False

    #: Members in order with their defaults; those without a default; and what
    #: makes defaults that no two messages may share.
    _members: ClassVar[Mapping[str, Any]] = {}
    _required: ClassVar[frozenset[str]] = frozenset()
    _made: ClassVar[tuple[tuple[str, Callable[[], Any]], ...]] = ()

    def __init_subclass__(cls) -> None:
        members, required = dict(cls._members), set(cls._required)
        made = dict(cls._made)
        for name, hint in cls.__annotations__.items():
            if hint.startswith("ClassVar"):
                continue
            default = cls.__dict__.get(name, ...)
            if isinstance(default, Rules) and default.make is not None:
                made[name], default = default.make, None
                delattr(cls, name)
            elif isinstance(default, (list, dict)):
                made[name] = default.copy
            members[name] = default
            required.discard(name)
            if default is ...:
                required.add(name)
        cls._members, cls._required = members, frozenset(required)
        cls._made = tuple(made.items())

    if not TYPE_CHECKING:

        def __init__(self, **members: Any) -> None:
            held = self.__dict__
            held.update(self._members)
            for name, make in self._made:
                held[name] = make()
            held.update(members)
            if len(held) > len(self._members) or not self._required <= members.keys():
                raise TypeError(_wrong_members(type(self), members))
            if self._is_checked:
                # What the rules change, such as bytes of a name that are no text.
                held.update(checked(type(self), members))

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.__dict__ == self.__dict__

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({inside})"

    def model_dump(
        self,
        *,
        mode: str = "python",  # noqa: ARG002  as pydantic's
        exclude: frozenset[str] | set[str] = frozenset(),
        exclude_none: bool = False,
    ) -> dict[str, Any]:
        """Return the members as a dict, and those of messages inside as well.

        Args:
            mode: `python` or `json`, which are the same here.
            exclude: Members of this message to leave out.
            exclude_none: Leave out what is None, here and inside.
        """
        return {
            name: _dumped(value, exclude_none)
            for name, value in vars(self).items()
            if name not in exclude and not (exclude_none and value is None)
        }

    def model_dump_json(self) -> str:
        """Return the message as JSON text."""
        return encode_json(self)

    def model_copy(self: _M, *, update: Mapping[str, Any] | None = None) -> _M:
        """Return a copy in which some members are others; no rule is checked."""
        return _from_members(type(self), {**vars(self), **(update or {})})

    @classmethod
    def model_validate(cls: type[_M], value: Any) -> _M:
        """Make a message of what JSON holds.

        Raises:
            pydantic.ValidationError: A member is missing, or breaks a rule.
        """
        if isinstance(value, cls):
            return value
        checked = _json_forms().form(cls).model_validate(value)
        return _from_members(cls, vars(checked))

    @classmethod
    def model_rebuild(cls) -> None:
        """Make what checks JSON now, and not when the first comes."""
        _json_forms().form(cls).model_rebuild()

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: Any) -> Any:
        return _json_forms().schema(cls, handler)


def _from_members(cls: type[_M], members: Mapping[str, Any]) -> _M:
    """Make a message of members that are known to be right."""
    made = cls.__new__(cls)
    made.__dict__.update(members)
    return made


def _wrong_members(cls: type[Message], given: Mapping[str, Any]) -> str:
    unknown = sorted(given.keys() - cls._members.keys())
    missing = sorted(cls._required - given.keys())
    parts = [f"no member {name!r}" for name in unknown]
    parts += [f"{name!r} is missing" for name in missing]
    return f"{cls.__name__}: {', '.join(parts)}"


def _dumped(value: Any, exclude_none: bool) -> Any:
    if isinstance(value, Message):
        return value.model_dump(exclude_none=exclude_none)
    if isinstance(value, dict):
        return {
            name: _dumped(part, exclude_none)
            for name, part in value.items()
            if not (exclude_none and part is None)
        }
    if isinstance(value, (list, tuple)):
        return [_dumped(part, exclude_none) for part in value]
    return value


_ENCODER: Final = json.JSONEncoder(
    separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=vars
)


def encode_json(value: Any) -> str:
    """Return messages, and what else JSON can say, as its text."""
    try:
        return _ENCODER.encode(value)
    except ValueError:  # JSON has no word for a number that is none.
        return _ENCODER.encode(_without_nan(_dumped(value, exclude_none=False)))


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_nan(part) for part in value]
    is_number = not isinstance(value, float) or value - value == 0
    return value if is_number else None


def _json_forms() -> Any:
    """Import what needs pydantic, where JSON comes in."""
    return importlib.import_module(".json_forms", __package__)


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
                raise _Refused(value, f"another one: {error}") from error
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
    "min_length": (lambda value, least: len(value) >= least, "a length of at least {}"),
    "max_length": (lambda value, most: len(value) <= most, "a length of at most {}"),
    "pattern": (lambda text, form: re.search(form, text) is not None, "the form {}"),
    "allow_inf_nan": (lambda value, yes: yes or value - value == 0, "a finite number"),
}
