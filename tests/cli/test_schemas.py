"""Answers for programs have the form that `lineage schema` shows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from lineage.api import Api
from lineage.cli.main import MODULES
from lineage.cli.schemas import FORMS, form_of

Type = Callable[..., Any]
DOCS = Path(__file__).parents[2] / "docs" / "cli.md"
COMMANDS = [
    "tasks", "tasks --by app", "tasks status:failed", "show model.pt", "show task:3",
    "show kind:file", "show step:convert", "search model", "find step:convert",
    "upstream model.pt", "downstream scans.csv", "path scans.csv readings.csv",
    "path readings.csv scans.csv", "impact scans.csv", "provenance model.pt",
    "diff Train@last Train@-2", "why Train@last", "stale", "health", "status", "flush",
    "retry",
]  # fmt: skip


def _closed(form: Any) -> Any:
    """Return a form that allows no member that it does not name."""
    if isinstance(form, list):
        return [_closed(part) for part in form]
    if not isinstance(form, dict):
        return form
    closed = {name: _closed(part) for name, part in form.items()}
    if closed.get("type") == "object" and "properties" in closed:
        closed["additionalProperties"] = False
    return closed


@pytest.mark.usefixtures("newer_table")
@pytest.mark.parametrize("command", COMMANDS)
def test_an_answer_has_the_form_that_is_documented(type_: Type, command: str) -> None:
    """No member is missing, of another type, or not in the form."""
    answer = type_(*command.split(), "--json")
    assert answer.err == ""
    name = command.split(maxsplit=1)[0]
    data = answer.data
    assert data.pop("schema") == f"lineage.{name}/1"
    jsonschema.validate(data, _closed(form_of(name, 1)))


def test_every_question_has_a_form() -> None:
    """A new question needs one."""
    questions = {
        name for name, module in MODULES.items() if module in ("query", "show")
    }
    assert questions | {"tasks"} <= set(FORMS)


def _members(form: dict[str, Any]) -> Iterator[str]:
    """Yield the members at the top of a form, of each of its variants."""
    for part in form.get("anyOf", [form]):
        target = part.get("$ref", "").rpartition("/")[2]
        whole = form["$defs"][target] if target else part
        yield from whole["properties"]


def _table() -> Iterator[tuple[str, str]]:
    for row in DOCS.read_text("utf-8").splitlines():
        match = re.fullmatch(r"\| ((?:`[a-z]+`(?:, )?)+) \| (.*`.*) \|", row)
        if match:
            yield from ((name, match[2]) for name in re.findall(r"`(\w+)`", match[1]))


@pytest.mark.parametrize("command", [name for name in FORMS if name in dict(_table())])
def test_the_table_of_members_is_complete(command: str) -> None:
    """Each member at the top of an answer stands in the documentation."""
    documented = set(re.findall(r"`(\w+)`", dict(_table())[command]))
    if command != "health":
        assert set(_members(form_of(command, 1))) <= documented


def test_the_command_shows_a_form(type_: Type) -> None:
    """Without a name it lists the commands that have one."""
    shown = type_("schema", "why")
    assert json.loads(shown.out)["title"] == "lineage.why/1"
    assert "token create" in type_("schema").out.splitlines()
    assert "did you mean 'why'" in type_("schema", "whyy").err


@pytest.mark.usefixtures("empty_home")
def test_a_command_of_a_group_is_named_by_both_words(
    type_: Type, empty_home: Api
) -> None:
    """`token create` and `token list` have forms of their own."""
    made = type_("token", "create", "--team", "a", "--json").data
    assert made.pop("schema") == "lineage.token.create/1"
    jsonschema.validate(made, _closed(form_of("token create", 1)))
    listed = type_("token", "list", "--json").data
    assert listed["schema"] == "lineage.token.list/1"
    assert [token["role"] for token in listed["tokens"]] == [made["role"]]
