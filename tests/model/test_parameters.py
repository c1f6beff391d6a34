"""The parameters of questions: one set of rules, from Python and from JSON."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import ValidationError

from lineage.errors import ParameterError
from lineage.instance.graph.queries import QUESTIONS
from lineage.model.details import DataParams
from lineage.model.graph import GraphParams
from lineage.model.lists import TasksParams
from lineage.model.overview import MembersParams
from lineage.model.parameters import Question

_NAMES = sorted({name for row in QUESTIONS.values() for name in row.params._members})
_VALUES = some.sampled_from(
    [None, 0, 1, -1, 5.5, 10**19, float("inf"), "", "x" * 5000, "a.csv", "task:1",
     "data:7", "file", "-created", True, [], ["file"], ["bogus"], ["declared"], [1],
     "a\udcff.csv", {}, {"name": "a"}, {"kinds": [7]}]
)  # fmt: skip


def _read(make: Any, members: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return dict(vars(make(members)))
    except (ValidationError, ParameterError, TypeError):
        return None


@given(some.sampled_from(sorted(QUESTIONS)), some.dictionaries(
    some.sampled_from(_NAMES), _VALUES, max_size=3))  # fmt: skip
def test_python_and_json_have_the_same_rules(
    name: str, members: dict[str, Any]
) -> None:
    """A question is refused by both or by none; JSON may say a number otherwise."""
    params: type[Question] = QUESTIONS[name].params
    wanted = dict.fromkeys(params._required, "task:1")
    known = {n: v for n, v in members.items() if n in params._members}
    python = _read(lambda m: params(**m), {**wanted, **known})
    by_json = _read(params.model_validate, {**wanted, **known})
    if python is None and by_json is not None:
        changed = [n for n, v in known.items() if type(by_json[n]) is not type(v)]
        assert changed, f"only Python refuses {known}"
    else:
        assert python == by_json


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TasksParams(limit=0),
         "limit cannot be 0; allowed is a value greater than or equal to 1"),
        (lambda: TasksParams(sort="size"),  # type: ignore[arg-type]  # that is the test
         "sort cannot be 'size'; allowed is 'created', '-created', 'name'"),
        (lambda: GraphParams(select="a", kinds=["file", "bogus"]),
         "kinds.1 cannot be 'bogus'; allowed is"),
        (lambda: DataParams(key=""), "key cannot be ''; allowed is a length of"),
        (lambda: GraphParams(select=""), "select cannot be ''; allowed is a length of"),
        (lambda: MembersParams(
            select="a", item="b", filter={"since": -1}),  # type: ignore[arg-type]  # JSON
         "filter.since cannot be -1; allowed is a value greater than or equal to 0"),
        (lambda: TasksParams(since=float("inf")), "since cannot be inf; allowed is"),
    ],
)  # fmt: skip
def test_what_is_refused_is_named_with_what_is_allowed(make: Any, message: str) -> None:
    """The error names the parameter, its value and what it may be."""
    with pytest.raises(ParameterError) as caught:
        make()
    assert str(caught.value).startswith(message)


def test_a_name_is_looked_up_as_it_was_recorded() -> None:
    """Bytes of a name that are no text become what they were recorded as."""
    assert GraphParams(select="a\udcff.csv").select == "a\ufffd.csv"
