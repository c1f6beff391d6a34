"""What every command has in common."""

from __future__ import annotations

import argparse
import ast
import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from architecture_docs import commands

from lineage.cli import main, output
from lineage.cli.main import MODULES, build_parser, commands_of
from lineage.cli.result import CommandResult, StyledText, line


def test_an_unknown_command_names_the_nearest(type_) -> None:
    """Did you mean: the commands are compared with what was typed."""
    answer = type_("shwo", "x")
    assert answer.code == 2
    assert "no command 'shwo'; did you mean 'show'?" in answer.err
    assert "lineage --help" in answer.err


@pytest.mark.parametrize("words", [[], ["register"], ["token"]])
def test_without_a_command_the_commands_are_listed(type_, words: list[str]) -> None:
    """Typing too little is no mistake: it shows what there is."""
    answer = type_(*words)
    assert answer.code == 0
    assert "commands:" in answer.out


def test_a_missing_argument_names_it_and_the_help(type_) -> None:
    """What is missing, and where to read on."""
    answer = type_("show")
    assert answer.code == 2
    assert "NAME" in answer.err
    assert "lineage show --help" in answer.err


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (
            "tasks --bogus",
            "unrecognized arguments: --bogus; type: lineage tasks --help",
        ),
        (
            "tasks --statsu failed",
            "unrecognized arguments: --statsu; did you mean --status?; type: lineage",
        ),
        ("show a --dwn=3", "--dwn=3; did you mean --down?; type: lineage show --help"),
        ("token list --bogus", "--bogus; type: lineage token list --help"),
        ("export a --as pdf", "argument --as: no value 'pdf'; there are csv, dot"),
        ("tasks --limit x", "argument --limit: 'x' is no number"),
        ("flush --timeout -1", "argument --timeout: '-1' is no number of seconds"),
        (
            "show a --up x",
            "argument --up: 'x' is neither a number of hops nor the word",
        ),
        ("upstream a --only same", "no value 'same'; did you mean 'same step'?"),
        ("search a --kind modl", "no kind 'modl'; did you mean 'model'?"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_allowed(
    type_, words: str, shown: str
) -> None:
    """The option, what it takes, and the help of the command that was typed."""
    answer = type_(*words.split())
    assert answer.code == 2
    assert shown in answer.err


@pytest.mark.usefixtures("small_graph")
def test_a_file_that_cannot_be_read_is_named_with_the_reason(type_) -> None:
    """Without the number that the system has for the reason."""
    answer = type_("register", "file", "/a", "--from", "/no/a")
    assert answer.code == 2
    assert answer.err == "lineage: /no/a: No such file or directory\n"


@pytest.mark.usefixtures("small_graph")
@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("tasks --limit 0", "limit cannot be 0; allowed is a value greater"),
        ("show ' '", "an empty name means nothing; list the runs: lineage tasks"),
        ("show model.pt --up -1", "argument --up: '-1' is neither a number of hops"),
    ],
)
def test_a_number_out_of_its_bounds_is_refused_in_one_line(
    type_, words: str, shown: str
) -> None:
    """The number and its bound, without the words of a library."""
    answer = type_(*shlex.split(words))
    assert answer.code == 2
    assert shown in answer.err
    assert answer.err.count("\n") == 1


def test_a_command_in_an_empty_folder_shows_what_to_type(type_) -> None:
    """Nothing was recorded: the folder's name, and how to begin."""
    answer = type_("tasks")
    assert answer.code == 2
    assert "nothing is recorded here" in answer.err
    assert "lineage demo" in answer.err


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_each_command_knows_help_and_json(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--help` explains, and offers `--json`."""
    with pytest.raises(SystemExit) as stopped:
        main([*name.split(), "--help"])
    assert stopped.value.code == 0
    assert "--json" in capsys.readouterr().out


def test_the_version_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """`lineage --version`."""
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.startswith("lineage 0.")


def test_a_damaged_store_is_named_with_what_to_do(
    type_, clean_environment: Path
) -> None:
    """The file, what is wrong with it; never a traceback."""
    clean_environment.mkdir()
    (clean_environment / "instance.db").write_text("no database" * 1000)
    answer = type_("tasks")
    assert answer.code == 2
    assert "instance.db" in answer.err
    assert "Traceback" not in answer.err


def test_a_server_that_is_not_there_is_named(type_) -> None:
    """One line: the address, why it does not answer, and what to look at."""
    answer = type_("tasks", "--server", "http://127.0.0.1:9")
    assert answer.code == 2
    assert answer.err == (
        "lineage: http://127.0.0.1:9 does not answer: Connection refused; check the "
        "address, and whether a server runs there: lineage serve\n"
    )


def test_a_server_that_is_no_instance_is_named(type_, plain_server: str) -> None:
    """One line, whatever page it answers with."""
    answer = type_("tasks", "--server", plain_server)
    assert answer.code == 2
    assert answer.err == (
        f"lineage: {plain_server} does not offer lineage.tasks.list: asked what it "
        "is, it answers with status 404; check the address and the token\n"
    )


@pytest.mark.usefixtures("small_graph")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("tasks", "--status", "faild"), "no status 'faild'; did you mean 'failed'?"),
        (("tasks", "--status", "foo"), "no status 'foo'; there are consumed, deployed"),
        (("tasks", "status:foo"), "'foo' is no status; statuses are failed, running"),
        (("show", "status:foo"), "'foo' is no status; statuses are failed, running"),
        (("search", "status:foo"), "'foo' is no status; statuses are failed, running"),
        (("show", "kind:bogus"), "'bogus' is no kind; kinds are project, dataset"),
        (("search", "kind:bogus"), "'bogus' is no kind; kinds are project, dataset"),
    ],
)
def test_a_word_that_is_none_is_refused_with_those_that_are(
    type_, words: tuple[str, ...], message: str
) -> None:
    """A filter that can match nothing is a mistake, and not an empty answer."""
    answer = type_(*words)
    assert answer.code == 2
    assert message in answer.err
    assert answer.err.count("\n") == 1


def test_an_address_needs_no_scheme(type_) -> None:
    """`--server host:port` means http, as people type it."""
    answer = type_("tasks", "--server", "127.0.0.1:9", "--token", "t")
    assert "127.0.0.1:9" in answer.err


def test_the_platform_without_an_address_shows_what_to_set(
    type_, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LINEAGE_TARGET=instance alone is not enough."""
    monkeypatch.setenv("LINEAGE_TARGET", "instance")
    assert "SERVER_ADDRESS" in type_("tasks").err


def test_a_defect_is_reported_in_one_line() -> None:
    """An error nobody foresaw shows no traceback, unless asked for."""
    program = (
        "from lineage.cli import main, tasks\n"
        "def broken(args): raise RuntimeError('boom')\n"
        "tasks.instance = broken\n"
        "main(['tasks'])\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "a defect of lineage itself (RuntimeError: boom)" in done.stderr
    assert "Traceback" not in done.stderr
    environ = {**os.environ, "LINEAGE_STRICT": "1"}
    full = subprocess.run(command, capture_output=True, text=True, env=environ)
    assert "Traceback" in full.stderr


def test_a_reader_that_goes_away_is_no_trouble(tmp_path: Path) -> None:
    """`lineage doctor | head -1` ends in silence."""
    command = f"{sys.executable} -m lineage doctor | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert done.stderr == ""


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_show_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal with colours, in a pipe without, and never with NO_COLOR."""
    monkeypatch.setenv("TERM", "xterm-256color")
    answer = CommandResult({}, [line(StyledText("bad news", "bad"))])
    terminal, pipe = _Terminal(), io.StringIO()
    output.emit(answer, as_json=False, stream=terminal)
    output.emit(answer, as_json=False, stream=pipe)
    assert "\x1b[" in terminal.getvalue()
    assert pipe.getvalue() == "bad news\n"
    monkeypatch.setenv("NO_COLOR", "1")
    plain = _Terminal()
    output.emit(answer, as_json=False, stream=plain)
    assert plain.getvalue() == "bad news\n"


def test_without_rich_the_text_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra `cli` adds colours, nothing else."""
    monkeypatch.setitem(sys.modules, "rich.text", None)
    terminal = _Terminal()
    output.emit(CommandResult({}, [line("a")]), as_json=False, stream=terminal)
    assert terminal.getvalue() == "a\n"


def test_json_is_readable_and_complete() -> None:
    """Models, dataclasses, paths and sets become plain JSON."""
    stream = io.StringIO()
    data = {"path": Path("x"), "span": StyledText("a", "b"), 3: ("é",)}
    output.emit(CommandResult(data), as_json=True, stream=stream)
    expected = {"path": "x", "span": {"text": "a", "style": "b"}, "3": ["é"]}
    assert json.loads(stream.getvalue()) == expected
    assert "é" in stream.getvalue()


def test_tab_completion_is_offered(tmp_path: Path) -> None:
    """Argcomplete asks the program itself, through its own protocol."""
    pytest.importorskip("argcomplete")
    answers = tmp_path / "answers"
    environ = {
        **os.environ, "_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n",
        "COMP_LINE": "lineage prov", "COMP_POINT": "12",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answers),
    }  # fmt: skip
    program = "import sys; from lineage.cli import main; main([])"
    subprocess.run([sys.executable, "-c", program], env=environ, check=False)
    assert answers.read_text().strip() == "provenance"


def _names(parser: argparse.ArgumentParser) -> list[str]:
    (group,) = (
        action
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return list(group.choices)


def test_each_command_is_found_in_its_module() -> None:
    """The table names every command that is no question, in the order of the help."""
    names = _names(build_parser())
    questions = [command.name for command in commands_of("query")]
    table = [name for found in MODULES.values() for name in found or questions]
    assert names == table
    for name in names:
        assert _names(build_parser(name)) == [name]


def test_a_word_that_is_no_command_is_read_with_all_of_them() -> None:
    """Its refusal names the nearest command of any module."""
    assert _names(build_parser("taskz")) == _names(build_parser())


def test_a_command_imports_its_own_module_alone() -> None:
    """`lineage tasks` loads neither the server nor the exports."""
    program = "import sys; from lineage.cli import main; main(['tasks', '--help'])"
    check = f"try:\n {program}\nexcept SystemExit: pass\nprint(sorted(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True
    )
    loaded = set(ast.literal_eval(ran.stdout.splitlines()[-1]))
    assert "lineage.cli.tasks" in loaded
    assert not loaded & {"lineage.cli.serve", "lineage.export", "lineage.instance"}


def test_the_program_does_what_was_to_be_done_at_exit(tmp_path: Path) -> None:
    """It ends at once, after what is registered, with all that was written."""
    program = (
        "import atexit, sys; atexit.register(print, 'bye')\n"
        "from lineage.cli import run\n"
        "sys.argv = ['lineage', 'tasks', '--home', 'nowhere']; print('first'); run()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert ended.stdout == "first\nbye\n"
    assert "nothing is recorded here" in ended.stderr
