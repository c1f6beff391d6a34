"""Every question has one answer: in the process and through a server."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lineage.api.client import Api
from lineage.errors import ApiError
from lineage.instance.graph.queries import QUESTIONS
from lineage.instance.local_graph import LocalGraph
from lineage.model.messages import Message
from lineage.model.overview import MembersAnswer, MembersParams, OverviewParams
from lineage.model.questions import GraphQuestions

#: Each question, with arguments that find something in the small graph.
_CASES: dict[str, list[dict[str, Any]]] = {
    "tasks": [{}, {"select": "status:failed"}, {"limit": 1}, {"kind": "file"}],
    "task": [{"id": 1}, {"id": "task:3"}, {"id": "task:99"}],
    "tasks_by_key": [{"keys": ["task:2", "task:1", "task:99"]}],
    "data": [{"key": "data:1"}, {"key": "data:3"}, {"key": "data:99"}],
    "get": [{"select": "model.pt", "up": None}, {"select": "kind:file"},
            {"select": "none"}, {"select": "a &"}, {"select": "task:1", "limit": 1}],
    "upstream": [{"of": "readings.csv"}, {"of": "model.pt", "only": ["declared"]}],
    "downstream": [{"of": "scans.csv", "depth": 2}, {"of": "x", "after": "no"}],
    "impact": [{"of": "table.csv"}, {"of": "table.csv", "if_unchanged": "other"}],
    "provenance": [{"of": "readings.csv"}],
    "why": [{"a": "model.pt"}, {"a": "task:3", "b": "task:2"}],
    "diff": [{"a": "task:2", "b": "task:3"}],
    "stale": [{}, {"of": "model.pt", "all": True}, {"after": "no number"}],
    "path": [{"source": "scans.csv", "target": "model.pt"},
             {"source": "model.pt", "target": "model.pt", "as_of": 1.0}],
    "search": [{"text": "table"}, {"text": "sha256:000000", "kinds": ["file"]}],
    "files": [{"key": "data:1"}, {"key": "data:99"}],
    "health": [{}],
    "changes": [{}, {"cursor": "no cursor"}],
    "delete": [{"key": "data:4"}, {"key": "data:99"}],
}  # fmt: skip
#: Questions of the page, which have no method.
_BY_PARAMS = [
    OverviewParams(select="model.pt", up=None),
    MembersParams(select="kind:file", item="data:1"),
]


@pytest.fixture
def local(newer_table: Api, clean_environment: Path) -> Iterator[LocalGraph]:
    """The small graph, asked in this process."""
    with closing(LocalGraph(clean_environment)) as graph:
        yield graph


def _answer_of(call: Callable[[], Any]) -> Any:
    """Return an answer as JSON, or what kept the instance from answering."""
    try:
        found = call()
    except ApiError as error:
        return error.status, error.server_message, error.endpoint
    parts = found if isinstance(found, list) else [found]
    return [part.model_dump_json() for part in parts]


def test_each_question_has_its_case() -> None:
    """A new question is compared, too."""
    methods = {
        name
        for name, _ in inspect.getmembers(GraphQuestions, inspect.isfunction)
        if not name.startswith("_")
    }
    assert methods - {"ask"} == set(_CASES)
    covered = len(_CASES) + len(_BY_PARAMS) + len({"list_artifacts"})
    assert len(QUESTIONS) == covered


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(_CASES, key=lambda name: name == "delete"))
def test_a_question_has_the_same_answer_through_a_server(
    name: str, local: LocalGraph, served_home: str
) -> None:
    """The answers, and the refusals, are the same to the letter."""
    served = Api(served_home, "", retry_count=1).graph
    for case in _CASES[name]:
        answers = [
            _answer_of(partial(getattr(at, name), **case)) for at in (local, served)
        ]
        assert answers[0] == answers[1], case
        assert answers[0]


def test_a_question_of_the_page_has_the_same_answer(
    local: LocalGraph, served_home: str
) -> None:
    """The picture, and the members of an item of it."""
    served = Api(served_home, "", retry_count=1).graph
    for params in _BY_PARAMS:
        kind: type[Message] = next(
            row.answer for row in QUESTIONS.values() if row.params is type(params)
        )
        answers = [_answer_of(partial(at.ask, params, kind)) for at in (local, served)]
        assert answers[0] == answers[1]
    assert isinstance(local.ask(_BY_PARAMS[1], MembersAnswer), MembersAnswer)


@pytest.mark.usefixtures("newer_table")
@pytest.mark.parametrize(
    "command",
    ["tasks", "tasks --by app", "tasks status:failed", "show task:3 --steps",
     "show model.pt", "show kind:file", "show step:convert", "search table",
     "upstream readings.csv", "downstream scans.csv", "impact table.csv",
     "provenance readings.csv", "diff task:2 task:3", "why model.pt", "stale",
     "path scans.csv model.pt", "health", "export model.pt --as mermaid"],
)  # fmt: skip
def test_a_command_has_the_same_answer_through_a_server(
    command: str, type_: Callable[..., Any], served_home: str
) -> None:
    """All that `--json` prints is the same."""
    here = type_(*command.split(), "--json")
    there = type_(*command.split(), "--json", "--server", served_home)
    assert here.data == there.data
    assert (here.out, here.code, here.err) == (there.out, there.code, there.err)
