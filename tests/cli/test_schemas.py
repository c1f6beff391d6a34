"""Answers for programs have the form that `lineage schema` shows."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from lineage.api import Api
from lineage.cli import schemas
from lineage.cli.main import build_parser, every_command

Type = Callable[..., Any]
ANSWERS = {words: command.answer for words, command in every_command()}
DOCS = Path(__file__).parents[2] / "docs"
COMMANDS = [
    "tasks", "tasks --by app", "tasks status:failed", "show model.pt", "show task:3",
    "show kind:file", "show step:convert", "search model", "find step:convert",
    "upstream model.pt", "downstream scans.csv", "path scans.csv readings.csv",
    "path readings.csv scans.csv", "impact scans.csv", "provenance model.pt",
    "diff Train@last Train@-2", "why Train@last", "stale", "health", "status", "flush",
    "retry",
]  # fmt: skip


def form_of(command: str) -> dict[str, Any]:
    """Return the JSON Schema of a command's answer."""
    return schemas.form_of(command, ANSWERS[command], 1)


def _validate(data: Any, form: dict[str, Any]) -> None:
    import jsonschema  # Takes seconds, in every process that collects the tests.

    jsonschema.validate(data, form)


def _closed(form: Any) -> Any:
    """Return a form that allows no member that it does not name."""
    if isinstance(form, list):
        return [_closed(part) for part in form]
    if not isinstance(form, dict):
        return form
    closed = {name: _closed(part) for name, part in form.items()}
    if closed.get("type") == "object" and "properties" in closed:
        closed.setdefault("additionalProperties", False)
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
    _validate(data, _closed(form_of(name)))


def _leaves(parser: argparse.ArgumentParser, *words: str) -> Iterator[str]:
    """Yield the commands that take `--json`; those of a group by both words."""
    groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    for group in groups:
        for word, inner in group.choices.items():
            yield from _leaves(inner, *words, word)
    if not groups and any("--json" in a.option_strings for a in parser._actions):
        yield " ".join(words)


#: What is typed after each command that is not in `COMMANDS`. `OUT` is a new file.
TYPED = {
    "check": "app.py",
    "doctor": "", "doctor --store": "",
    "export": "model.pt", "export --out OUT": "model.pt",
    "passport --out OUT": "model.pt", "import openlineage": "event.json",
    "import mlflow": "runs.db", "forget --user": "maria", "serve": "", "ui": "",
    "token create --team": "a", "token list": "", "token revoke": "1",
    "store backup": "OUT", "store partition": "", "store distribute": "",
    "store rebuild": "", "schema": "", "schema why": "", "register project": "p",
    "register project-version --project-id": "1",
    "register dataset --project-id 1": "d", "register file --text x": "/f.txt",
    "register job": "j", "register module": "m", "register task": "t",
}  # fmt: skip


#: What has to be there before a command.
_BEFORE = {
    "token revoke": "token create --team a",
    "register project-version": "register project p",
    "register dataset": "register project p",
}


class _NoRuns:
    """A tracking store in which nothing was recorded."""

    notes: tuple[str, ...] = ()

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def runs(self, _experiments: list[str]) -> list[Any]:
        return []


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Files to read; servers that stop at once, and engines that are not here."""
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text("import lineage\n", "utf-8")
    run = {"runId": "0196d8a0-5c4f-7b1e-9c2d-3f4a5b6c7d8e"}
    event = {"eventType": "COMPLETE", "eventTime": "2026-01-01T00:00:00Z",
             "run": run, "job": {"namespace": "n", "name": "j"}}  # fmt: skip
    Path("event.json").write_text(json.dumps(event), "utf-8")

    def stopped(*args: Any, **_: Any) -> None:
        port, show = args[3:5]
        show(port)

    monkeypatch.setattr("lineage.cli.serve._serve", stopped)
    monkeypatch.setattr("lineage.integrations.mlflow_store.TrackingStore", _NoRuns)
    for module, made in (("partitioning.partition", ["edges"]),
                         ("distribution.distribute", ["edges"])):  # fmt: skip
        name = f"lineage.instance.store.{module}"
        monkeypatch.setattr(name, MagicMock(return_value=made))
    return tmp_path


def test_every_command_has_a_form_and_a_run() -> None:
    """A new command needs both, so that what it prints is held to its form."""
    commands = set(_leaves(build_parser()))
    assert commands == set(ANSWERS)
    for command in commands:
        assert form_of(command)["title"] == f"lineage.{command.replace(' ', '.')}/1"
    typed = {_name_of(command) for command in (*COMMANDS, *TYPED)}
    assert commands == typed | {"demo"}


def _name_of(typed: str) -> str:
    return max(
        (name for name in ANSWERS if f"{typed} ".startswith(f"{name} ")), key=len
    )


@pytest.mark.usefixtures("small_graph")
@pytest.mark.parametrize("command", TYPED)
def test_what_a_command_prints_has_its_form(
    type_: Type, surroundings: Path, command: str
) -> None:
    """Commands that are no questions are held to their forms as questions are."""
    name = _name_of(command)
    if name in ("token revoke", "register project-version", "register dataset"):
        before = (
            "token create --team a" if name == "token revoke" else "register project p"
        )
        assert type_(*before.split()).code == 0
    words = f"{command} {TYPED[command]}".replace("OUT", str(surroundings / "out.zip"))
    answer = type_(*words.split(), "--json")
    assert answer.out, answer.err
    data = answer.data
    assert data.pop("schema") == f"lineage.{name.replace(' ', '.')}/1"
    _validate(data, _closed(form_of(name)))


def _members(form: dict[str, Any]) -> Iterator[str]:
    """Yield the members at the top of a form, of each of its variants."""
    for part in form.get("anyOf", [form]):
        target = part.get("$ref", "").rpartition("/")[2]
        whole = form["$defs"][target] if target else part
        yield from whole["properties"]


def _table() -> Iterator[tuple[str, str]]:
    pages = [(DOCS / name).read_text("utf-8") for name in ("cli.md", "questions.md")]
    for row in "\n".join(pages).splitlines():
        match = re.fullmatch(r"\| ((?:`[a-z]+`(?:, )?)+) \| (.*`.*) \|", row)
        if match:
            yield from ((name, match[2]) for name in re.findall(r"`(\w+)`", match[1]))


@pytest.mark.parametrize(
    "command", [name for name in ANSWERS if name in dict(_table())]
)
def test_the_table_of_members_is_complete(command: str) -> None:
    """Each member at the top of an answer stands in the documentation."""
    documented = set(re.findall(r"`(\w+)`", dict(_table())[command]))
    if command != "health":
        assert set(_members(form_of(command))) <= documented


#: The demo gives its own output to the process that it starts.
_DEMO = """
from pathlib import Path
from lineage.cli import demo, main
demo._DIGITS = Path("nowhere", "run.py")
raise SystemExit(main(["demo", "--no-page", "--home", "home", "--json"]))
"""


@pytest.mark.slow
def test_the_demo_prints_its_form(tmp_path: Path) -> None:
    """The graph of the example is all that stands in the output."""
    run = subprocess.run(
        [sys.executable, "-c", _DEMO], cwd=tmp_path, capture_output=True, check=True
    )
    data = json.loads(run.stdout)
    assert data.pop("schema") == "lineage.demo/1"
    _validate(data, _closed(form_of("demo")))


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
    _validate(made, _closed(form_of("token create")))
    listed = type_("token", "list", "--json").data
    assert listed["schema"] == "lineage.token.list/1"
    assert [token["role"] for token in listed["tokens"]] == [made["role"]]
