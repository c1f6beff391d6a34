"""The forms of facts as plain dictionaries, checked by the rules of the models.

Building a model of each fact would cost four times as much as checking it.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Union

from pydantic import BaseModel, Field, TypeAdapter
from typing_extensions import NotRequired, TypedDict

from ...model.facts import (
    EdgeFact,
    EvidenceFact,
    LinksFact,
    LogFact,
    MetricsFact,
    ParamsFact,
    StepEndFact,
    StepEndsFact,
    TaskEndFact,
    TaskFact,
)

#: A checked fact: its members, and nothing for those that are absent.
FactDict = dict[str, Any]

_MODELS: Final = (
    EdgeFact, EvidenceFact, TaskFact, TaskEndFact, StepEndFact, StepEndsFact,
    ParamsFact, MetricsFact, LinksFact, LogFact,
)  # fmt: skip


def _form(model: type[BaseModel]) -> Any:
    """Return the dictionary that holds what a model's object would."""
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        rule: Any = field.annotation
        for part in field.metadata:
            rule = Annotated[rule, part]
        fields[name] = rule if field.is_required() else NotRequired[rule]
    return TypedDict(model.__name__, fields)  # type: ignore[operator]  # made of models


_FORM: Final[Any] = Annotated[
    Union[tuple(_form(model) for model in _MODELS)],  # noqa: UP007  made of models
    Field(discriminator="f"),
]
ONE: Final[TypeAdapter[FactDict]] = TypeAdapter(_FORM)
MANY: Final[TypeAdapter[list[FactDict]]] = TypeAdapter(list[_FORM])

#: As many fields as an edge must have.
_LEAST: Final = sum(field.is_required() for field in EdgeFact.model_fields.values())


def is_plain(fact: FactDict) -> bool:
    """Whether an edge names nothing but a task and an artifact."""
    more = len(fact) - _LEAST
    return more == 0 or (more == 1 and "task_id" in fact)
