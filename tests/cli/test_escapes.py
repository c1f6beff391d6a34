"""No command prints what a terminal obeys, wherever a name came from."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from architecture_docs import commands

from lineage.api.client import Api
from lineage.export import formats
from lineage.journal import dead_letters
from lineage.journal.directory import JournalDirectory

#: Clears the screen, sets the title, rings, turns the writing, begins a line again.
EVIL = "a\x1b[2J\x1b]0;x\x07\x9b31m\u202eb\rc\u2028d\x00"
#: What a terminal obeys: control characters but line feed and tab, and turned writing.
OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
#: Colours, which `FORCE_COLOR` asks for.
COLOUR = re.compile(r"\x1b\[[0-9;]*m")

PATH = f"/data/{EVIL.rstrip(chr(0))}/in.csv"
MODEL = f"/data/{EVIL.rstrip(chr(0))}.pt"

#: What is typed for each command; those that wait for Ctrl+C print an address alone.
WORDS: dict[str, list[list[str]]] = {
    "tasks": [[], ["--by", "app"], ["--tree"], ["--text", EVIL], [f"user:{EVIL}"]],
    "show": [["task:5"], ["task:5", "--steps"], ["{path}"], ["{model}"], [EVIL]],
    "search": [["in.csv"], [EVIL]],
    "find": [["in.csv"], [EVIL]],
    "schema": [[], ["tasks"], [EVIL]],
    "upstream": [["{model}"], [EVIL]],
    "downstream": [["{path}"], [EVIL]],
    "impact": [["{path}"], [EVIL]],
    "provenance": [["{model}"], [EVIL]],
    "diff": [["task:5", "task:6"], ["{path}", "{model}"], [EVIL, EVIL]],
    "why": [["task:6", "task:5"], ["{model}"], [EVIL]],
    "stale": [[], ["--all"], [EVIL]],
    "path": [["{path}", "{model}"], [EVIL, EVIL]],
    "health": [[]],
    "export": [
        *(["{model}", "--as", name] for name in formats.FORMATS),
        ["{model}", "--out", f"{EVIL}/x"],
        [EVIL],
    ],
    "passport": [
        ["{model}", "--out", "{tmp}/p.zip"], ["{model}", "--out", f"{EVIL}/x.zip"],
    ],
    "import openlineage": [["{tmp}/events.json"], [EVIL]],
    "import mlflow": [[f"./{EVIL}"]],
    "flush": [["--timeout", "5"]],
    "status": [[]],
    "retry": [["--timeout", "5"]],
    "doctor": [[], ["--store"], ["--store", f"sqlite:///{EVIL}"]],
    "check": [[EVIL], ["{tmp}/evil.py"]],
    "token create": [["--team", EVIL, "--user", EVIL], ["--team", "a", "--role", EVIL]],
    "token list": [[]],
    "token revoke": [["1"], [EVIL]],
    "store backup": [["{tmp}/copy.db"], [f"{EVIL}/x.db"]],
    "store partition": [[EVIL], ["4"]],
    "store distribute": [[], ["--store", f"postgresql://{EVIL}"]],
    "store rebuild": [[], ["--store", f"sqlite:///{EVIL}"]],
    "forget": [
        ["--text", EVIL, "--dry-run"], ["--task", "1", "--dry-run"],
        ["--user", EVIL], ["--text", EVIL],
    ],
    "register project": [[EVIL], ["p", "--type", EVIL]],
    "register project-version": [["1", "--name", EVIL], [EVIL]],
    "register dataset": [["1", EVIL], [EVIL, "d"]],
    "register file": [[f"/{EVIL}"], ["/x", "--from", EVIL]],
    "register job": [[EVIL]],
    "register module": [[EVIL]],
    "register task": [[EVIL]],
}  # fmt: skip
WAITING = {"demo", "serve", "ui"}


@pytest.fixture
def evil(small_graph: Api, clean_environment: Path, tmp_path: Path) -> Path:
    """A home in which every name, text and value holds what a terminal obeys."""
    plain = EVIL.rstrip("\x00")
    facts: list[dict[str, Any]] = []

    def add(run: str, **fact: Any) -> None:
        facts.append({"uid": f"{run}-{len(facts)}", "task": run, **fact})

    for number, run in enumerate(("a", "b")):
        at = 1000.0 + 100 * number
        add(run, f="task", at=at, name=plain, host=plain, user=plain, pid=1,
            python=plain, command=plain, git_commit=plain, meta={"title": plain},
            environment={plain: f"{number}{plain}"})  # fmt: skip
        step = {"key": f"{run}s", "name": plain, "at": at, "params": {plain: plain}}
        stat = {"size": 1, "mtime_ns": 1, "digest": f"sha256:{number + 5:064x}"}
        common = {"f": "edge", "kind": "file", "step": step, "at": at + 1}
        add(run, **common, dir="input", id=PATH, name=plain, stat=stat)
        add(run, **common, dir="output", id=MODEL, name=plain, version=plain,
            is_model=True, meta={"title": plain, "description": plain})  # fmt: skip
        add(run, f="params", at=at + 2, params={plain: f"{number}{plain}"})
        add(run, f="metrics", at=at + 2, metrics=[(plain, number, None)])
        add(run, f="task_end", at=at + 3, status="error", error=plain, traceback=plain)
    refused = small_graph.facts.add(facts).refused
    assert refused == []
    (tmp_path / "evil.py").write_text(
        f"from lineage import uses_file\n@uses_file({plain!r})\ndef f(x):\n    pass\n"
    )
    event = {
        "eventType": plain, "eventTime": plain, "run": {"runId": plain},
        "job": {"namespace": plain, "name": plain},
    }  # fmt: skip
    (tmp_path / "events.json").write_text(json.dumps(event))
    folder = JournalDirectory(clean_environment)
    folder.make()
    fact = {"f": "edge", "uid": plain, "id": plain, "task": plain}
    dead_letters.keep(folder, plain, "left", fact, plain)
    folder.quarantine_piece("torn", b"\x1b[2J", plain)
    return tmp_path


def keys(home: Path) -> dict[str, str]:
    """Return by which keys the evil names are found."""
    with closing(sqlite3.connect(home / "instance.db")) as store:
        found = dict(
            store.execute(
                "SELECT e.ident, MAX(n.id) FROM nodes n JOIN entities e"
                " ON e.team_id = n.team_id AND e.id = n.entity_id GROUP BY e.ident"
            )
        )
    return {"{path}": f"data:{found[PATH]}", "{model}": f"data:{found[MODEL]}"}


def replaced(word: str, places: dict[str, str]) -> str:
    """Fill a key or a folder into a word."""
    for place, value in places.items():
        word = word.replace(place, value)
    return word


def test_every_command_is_walked() -> None:
    """A command that is added later has to be put into `WORDS`."""
    assert {name for name, _ in commands()} == set(WORDS) | WAITING


@pytest.mark.slow
@pytest.mark.parametrize("colours", ["", "1"])
@pytest.mark.parametrize("name", WORDS)
def test_no_command_prints_what_a_terminal_obeys(
    evil: Path,
    clean_environment: Path,
    type_: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    colours: str,
) -> None:
    """Names, errors and what was typed are shown escaped, on both streams."""
    monkeypatch.setenv("FORCE_COLOR", colours)
    monkeypatch.delenv("NO_COLOR", raising=False)
    places = {"{tmp}": str(evil), **keys(clean_environment)}
    for words in WORDS[name]:
        for more in ([], ["--json"]):
            typed = [replaced(word, places) for word in words]
            answer = type_(*name.split(), *typed, *more)
            for text in (answer.out, answer.err):
                # The lines of CSV end as its standard has it.
                found = OBEYED.search(COLOUR.sub("", text.replace("\r\n", "\n")))
                assert found is None, (words, more, text[: found.end() + 40])


def test_what_cannot_be_parsed_is_shown_escaped(type_: Callable[..., Any]) -> None:
    """A wrong command or option is repeated in the message, but not obeyed."""
    for words in ([EVIL], ["tasks", f"--{EVIL}"], ["tasks", "--limit", EVIL]):
        answer = type_(*words)
        assert answer.code == 2
        assert OBEYED.search(answer.out + answer.err) is None


@pytest.mark.usefixtures("evil")
def test_the_walk_can_fail(type_: Callable[..., Any], clean_environment: Path) -> None:
    """The names really hold what a terminal obeys, and are shown."""
    places = keys(clean_environment)
    for words in (["show", "{model}"], ["show", "task:5", "--steps"], ["status"],
                  ["diff", "task:5", "task:6"], ["upstream", "{model}"]):  # fmt: skip
        shown = type_(*(replaced(word, places) for word in words))
        assert "\\x1b[2J" in shown.out, (words, shown)
