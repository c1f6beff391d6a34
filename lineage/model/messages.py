"""The base of questions and answers: named members, and rules that can be checked.

They are plain classes, so that a command which asks an embedded instance loads no
pydantic. Where JSON comes in, `model/json_forms.py` makes a pydantic model of each.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

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
    """Say what a value may be, in an `Annotated`; or what makes a member's default."""
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

    model_fields: ClassVar = _Fields()

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
