"""Records: classes whose methods are made of their fields, as `dataclasses` makes them.

`dataclasses` loads `inspect`, and compiles the methods of each class when its module is
imported; an app that starts and a command that is typed wait for both. A record's
`__init__` is compiled when the first is made. To `dataclasses.replace`, `asdict` and
`fields` a record is a data class like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Callable[[_T], _T]:
        """Do nothing: only type checkers read it."""
        return lambda made: made


_T = TypeVar("_T")
_NONE: Final = object()


class _Field:
    """What a field is beyond its type."""

    __slots__ = ("compare", "default", "make", "repr")

    def __init__(
        self,
        default: Any = _NONE,
        make: Callable[[], Any] | None = None,
        *,
        repr: bool = True,
        compare: bool = True,
    ) -> None:
        self.default = default
        self.make = make
        self.repr = repr
        self.compare = compare


def field(
    *,
    default: Any = _NONE,
    default_factory: Callable[[], Any] | None = None,
    repr: bool = True,
    compare: bool = True,
) -> Any:
    """Describe a field by more than its type and its default.

    Args:
        default: Its value where none is given.
        default_factory: Makes that value, for each record its own.
        repr: Whether `repr` of a record shows it.
        compare: Whether records that differ in it are unequal.
    """
    return _Field(default, default_factory, repr=repr, compare=compare)


@dataclass_transform(field_specifiers=(field,))
def record(
    *, frozen: bool = False, slots: bool = False
) -> Callable[[type[_T]], type[_T]]:
    """Make a class a record of the fields that it annotates.

    Args:
        frozen: Fields cannot be set, and records have a hash.
        slots: Records have no `__dict__`.
    """

    def make(cls: type[_T]) -> type[_T]:
        found = _fields_of(cls)
        members: dict[str, Any] = {
            "__record_fields__": found,
            "__dataclass_fields__": _DataclassFields(),
            "__match_args__": tuple(found),
            "__repr__": _repr,
            "__eq__": _equal,
            "__hash__": _hash if frozen else None,
        }
        if frozen:
            members |= {"__setattr__": _refuse_set, "__delattr__": _refuse_set}
        if frozen and slots:
            members |= {"__getstate__": _state, "__setstate__": _set_state}
        for name in members.keys() - {"__record_fields__", "__dataclass_fields__"}:
            if name in cls.__dict__ and name != "__hash__":
                del members[name]
        made = _with_slots(cls, found) if slots else cls
        members["__init__"] = _first_init(made, frozen)
        for name, value in members.items():
            setattr(made, name, value)
        return made

    return make


def _fields_of(cls: type[Any]) -> dict[str, _Field]:
    """Return the fields in their order, those of a record below it first."""
    found: dict[str, _Field] = dict(getattr(cls, "__record_fields__", {}))
    for name, hint in cls.__annotations__.items():
        if hint.startswith("ClassVar"):
            continue
        given = cls.__dict__.get(name, _NONE)
        found[name] = given if isinstance(given, _Field) else _Field(given)
        if isinstance(given, _Field) and name in cls.__dict__:
            delattr(cls, name)
            if given.default is not _NONE:
                setattr(cls, name, given.default)
    return found


def _with_slots(cls: type[_T], found: Mapping[str, _Field]) -> type[_T]:
    """Return the class again, with a slot for each field of its own."""
    inherited = {n for base in cls.__mro__[1:] for n in getattr(base, "__slots__", ())}
    body = {
        name: value
        for name, value in cls.__dict__.items()
        if name not in found and name not in ("__dict__", "__weakref__")
    }
    body["__slots__"] = tuple(name for name in found if name not in inherited)
    kind: Any = type(cls)
    made: type[_T] = kind(cls.__name__, cls.__bases__, body)
    made.__qualname__ = cls.__qualname__
    return made


def _first_init(cls: type[Any], frozen: bool) -> Callable[..., None]:
    """Return an `__init__` that puts a compiled one in its place when it is called."""

    def __init__(self: Any, *args: Any, **named: Any) -> None:  # noqa: N807  it is one
        compiled = _compiled_init(cls, frozen)
        cls.__init__ = compiled
        compiled(self, *args, **named)

    return __init__


def _compiled_init(cls: type[Any], frozen: bool) -> Callable[..., None]:
    names: dict[str, Any] = {"_set": object.__setattr__, "_NONE": _NONE}
    parameters, lines = [], []
    for name, one in cls.__record_fields__.items():
        value = name
        if one.make is not None:
            names[f"_make_{name}"] = one.make
            parameters.append(f"{name}=_NONE")
            value = f"_make_{name}() if {name} is _NONE else {name}"
        elif one.default is _NONE:
            parameters.append(name)
        else:
            names[f"_default_{name}"] = one.default
            parameters.append(f"{name}=_default_{name}")
        form = "_set(self, {!r}, {})" if frozen else "self.{} = {}"
        lines.append(f"    {form.format(name, value)}\n")
    if hasattr(cls, "__post_init__"):
        lines.append("    self.__post_init__()\n")
    body = "".join(lines) or "    pass"
    source = f"def __init__(self, {', '.join(parameters)}):\n{body}"
    exec(source, names)  # noqa: S102  made of names of fields
    made: Callable[..., None] = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _repr(self: Any) -> str:
    shown = ", ".join(
        f"{name}={getattr(self, name)!r}"
        for name, one in self.__record_fields__.items()
        if one.repr
    )
    return f"{type(self).__qualname__}({shown})"


def _compared(self: Any) -> tuple[Any, ...]:
    return tuple(
        getattr(self, name)
        for name, one in self.__record_fields__.items()
        if one.compare
    )


def _equal(self: Any, other: object) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return _compared(self) == _compared(other)


def _hash(self: Any) -> int:
    return hash(_compared(self))


def _refuse_set(self: Any, name: str, *_: Any) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"{name!r} of {type(self).__name__} cannot be changed")


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__record_fields__]


def _set_state(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__record_fields__, state, strict=True):
        object.__setattr__(self, name, value)


class _DataclassFields:
    """Describes the fields to `dataclasses`, once it is loaded and looks for them."""

    def __get__(self, _: object, cls: type[Any]) -> Mapping[str, Any]:
        import dataclasses

        described = []
        for name, one in cls.__record_fields__.items():
            how: dict[str, Any] = {"repr": one.repr, "compare": one.compare}
            if one.make is not None:
                how["default_factory"] = one.make
            elif one.default is not _NONE:
                # No rule of theirs about defaults that can change is wanted here.
                how["default_factory"] = lambda default=one.default: default
            described.append((name, Any, dataclasses.field(**how)))
        twin: Any = dataclasses.make_dataclass(cls.__name__, described)
        fields: Mapping[str, Any] = twin.__dataclass_fields__
        return fields


def replace(changed: _T, **changes: Any) -> _T:
    """Return a record with some fields changed."""
    fields: Mapping[str, Any] = type(changed).__record_fields__  # type: ignore[attr-defined]  # a record
    given = {name: getattr(changed, name) for name in fields}
    return type(changed)(**{**given, **changes})
