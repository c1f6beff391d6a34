"""Checks facts one by one, whole batches at once where all are good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from ...model.facts import BatchAnswer, EdgeFact, Fact, RefusedFact, StepInfo
from ...model.kinds import KINDS

_MANY: Final[TypeAdapter[list[Fact]]] = TypeAdapter(list[Fact])
#: Fields of facts that hold further texts.
_NESTED: Final = (StepInfo, list)
_ONE: Final[TypeAdapter[Fact]] = TypeAdapter(Fact)


@dataclass(slots=True)
class Job:
    """One caller's facts on their way into the store."""

    team_id: int
    user: str | None
    facts: list[Any]
    refused: list[RefusedFact]
    stored: int = 0
    duplicates: int = 0
    is_done: bool = False
    error: BaseException | None = field(default=None)

    def answer(self) -> BatchAnswer:
        """Tell what became of the facts.

        Raises:
            StoreError: They could not be written.
        """
        if self.error is not None:
            raise self.error
        return BatchAnswer(
            stored=self.stored, duplicates=self.duplicates, refused=self.refused
        )


def check(team_id: int, facts: Sequence[Any], *, user: str | None) -> Job:
    """Sort facts into those that can be stored and those that are refused."""
    try:
        models = _MANY.validate_python(list(facts))
    except ValidationError:
        return _check_each(team_id, facts, user)
    if any(_problem(model) for model in models):
        return _check_each(team_id, facts, user)
    return Job(team_id, user, models, [])


def _check_each(team_id: int, facts: Sequence[Any], user: str | None) -> Job:
    job = Job(team_id, user, [], [])
    for index, fact in enumerate(facts):
        try:
            model = _ONE.validate_python(fact)
        except ValidationError as error:
            job.refused.append(_refusal(index, fact, error))
            continue
        problem = _problem(model)
        if problem is None:
            job.facts.append(model)
        else:
            field_name, message = problem
            job.refused.append(
                RefusedFact(
                    uid=model.uid, index=index, field=field_name, message=message
                )
            )
    return job


def _problem(fact: Any) -> tuple[str, str] | None:
    field_name = _with_nul(fact)
    if field_name is not None:
        return field_name, "a text must not hold the character NUL"
    if type(fact) is not EdgeFact:
        return None
    row = KINDS.get(fact.kind)
    if row is None:
        return "kind", f"no kind {fact.kind!r}; kinds are {', '.join(KINDS)}"
    if fact.dir not in row.directions:
        return "dir", f"a task cannot have {fact.kind!r} as {fact.dir}"
    return None


def _with_nul(fact: Any) -> str | None:
    """Name a field whose text holds NUL, which PostgreSQL cannot store."""
    for name, value in fact.__dict__.items():
        # The store keeps metas as JSON, where NUL is spelled out.
        if value is None or name in ("meta", "node_meta"):
            continue
        if type(value) is str:
            if "\x00" in value:
                return str(name)
        elif type(value) in _NESTED and "\\u0000" in _json(value):
            return str(name)
    return None


def _json(value: Any) -> str:
    parts = value if isinstance(value, list) else [value]
    return "".join(part.model_dump_json() for part in parts)


def _refusal(index: int, fact: Any, error: ValidationError) -> RefusedFact:
    first = error.errors(include_url=False, include_context=False)[0]
    uid = fact.get("uid") if isinstance(fact, Mapping) else None
    # The first part of the place is the form of the fact, which is no field.
    place = ".".join(str(part) for part in first["loc"][1:])
    return RefusedFact(
        uid=uid if isinstance(uid, str) else None,
        index=index,
        field=place or None,
        message=f"{first['msg']}; it was {type(first['input']).__name__}",
    )
