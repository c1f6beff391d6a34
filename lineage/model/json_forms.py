"""The pydantic model of each question and answer: checks the JSON that comes in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import new_class
from typing import Any, get_type_hints

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import AllowInfNan, BaseModel, ConfigDict, StringConstraints
from pydantic import Field as PydanticField
from pydantic_core import core_schema

from .messages import Message, _from_members

_CONFIG = ConfigDict(extra="ignore", frozen=True, defer_build=True)
_RULES: Mapping[str, Callable[[Any], Any]] = {
    "ge": Ge,
    "le": Le,
    "min_length": MinLen,
    "max_length": MaxLen,
    "allow_inf_nan": AllowInfNan,
}


def form(cls: type[Message]) -> type[BaseModel]:
    """Return the model with the members, rules and defaults of a message."""
    kind: Any = cls
    return _form(kind)


@cache
def _form(cls: Any) -> type[BaseModel]:
    hints = get_type_hints(cls, include_extras=True)
    made = dict(cls._made)
    namespace: dict[str, Any] = {
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
        "__annotations__": {name: hints[name] for name in cls._members},
        "model_config": _CONFIG,
    }
    for name, default in cls._members.items():
        if name in made and not isinstance(default, (list, dict)):
            namespace[name] = PydanticField(default_factory=made[name])
        elif default is not ...:
            namespace[name] = default
    model: type[BaseModel] = new_class(
        cls.__name__, (BaseModel,), exec_body=lambda body: body.update(namespace)
    )
    return model


def schema(cls: type[Message], handler: Any) -> Any:
    """Return how pydantic checks a message inside of something else."""

    def read(value: Any, check: Callable[[Any], BaseModel]) -> Message:
        if isinstance(value, cls):
            return value
        return _from_members(cls, vars(check(value)))

    return core_schema.no_info_wrap_validator_function(read, handler(form(cls)))


def prepared(change: Callable[[Any], Any], inner: Any) -> Any:
    """Return how pydantic checks a value that is changed before."""
    return core_schema.no_info_before_validator_function(change, inner)


def rules(limits: Mapping[str, Any]) -> Iterator[Any]:
    """Return the rules of a value as pydantic knows them."""
    for name, limit in limits.items():
        if name == "pattern":
            yield from StringConstraints(pattern=limit)
        else:
            yield _RULES[name](limit)
