"""The forms of facts as plain dictionaries, checked by the rules of the models.

Building a model of each fact would cost four times as much as checking it.
"""

from __future__ import annotations

from functools import cache
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


@cache
def _any_form() -> Any:
    return Annotated[
        Union[tuple(_form(model) for model in _MODELS)],  # noqa: UP007  made of models
        Field(discriminator="f"),
    ]


@cache
def one_fact() -> TypeAdapter[FactDict]:
    """Return what checks a fact; made for the first one: questions need none."""
    return TypeAdapter(_any_form())


@cache
def many_facts() -> TypeAdapter[list[FactDict]]:
    """Return what checks a list of facts."""
    form: Any = list[_any_form()]  # type: ignore[misc]  # made of models
    return TypeAdapter(form)


#: As many fields as an edge must have.
_LEAST: Final = sum(field.is_required() for field in EdgeFact.model_fields.values())


def is_plain(fact: FactDict) -> bool:
    """Whether an edge names nothing but a task and an artifact."""
    more = len(fact) - _LEAST
    return more == 0 or (more == 1 and "task_id" in fact)
