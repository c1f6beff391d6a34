"""Consoles that are not UTF-8: what they cannot show comes as an escape."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from journal_tools import run_script

from lineage.cli.main import main


@pytest.fixture(scope="module")
def home_of_all_letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose names no console but a UTF-8 one can show."""
    home = tmp_path_factory.mktemp("letters") / "home"
    program = (
        "import lineage\n"
        "with lineage.task('Größe → ☃ 😀'):\n"
        "    lineage.current_task().uses_file('s3://b/ü☃.csv')\n"
        "    lineage.current_task().produces_file('s3://b/out→.csv')\n"
    )
    run_script(program, home=home).check_returncode()
    return home


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize(
    "words",
    [
        ["tasks"],
        ["tasks", "--tree"],
        ["find", "csv"],
        ["show", "file:s3://b/ü☃.csv"],
        ["why", "file:s3://b/out→.csv"],
        ["impact", "file:s3://b/ü☃.csv"],
        ["status"],
        ["doctor"],
        ["--help"],
        ["show", "☃"],
    ],
    ids=" ".join,
)
def test_every_console_shows_every_answer(
    encoding: str,
    words: list[str],
    home_of_all_letters: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A console that is not UTF-8 gets an escape for what it cannot show."""
    monkeypatch.setenv("LINEAGE_HOME", str(home_of_all_letters))
    consoles = [io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in "oe"]
    monkeypatch.setattr(sys, "stdout", consoles[0])
    monkeypatch.setattr(sys, "stderr", consoles[1])
    try:
        code = main(words)
    except SystemExit as ended:  # After --help.
        code = int(ended.code or 0)
    for console in consoles:
        console.flush()
    printed = b"".join(console.buffer.getvalue() for console in consoles)
    assert printed
    assert b"codec" not in printed
    assert code == (2 if words == ["show", "☃"] else 0), printed


def test_a_program_shows_its_help_on_an_old_console() -> None:
    """The console's encoding is known from the program's first line on."""
    done = subprocess.run(
        [sys.executable, "-m", "lineage", "--help"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_json_is_json_on_every_console(
    encoding: str, home_of_all_letters: Path
) -> None:
    """What is escaped comes back as it was."""
    environ = {
        **os.environ,
        "LINEAGE_HOME": str(home_of_all_letters),
        "PYTHONIOENCODING": encoding,
    }
    done = subprocess.run(
        [sys.executable, "-m", "lineage", "tasks", "--json"],
        capture_output=True,
        env=environ,
        check=True,
    )
    (task,) = json.loads(done.stdout.decode(encoding))["tasks"]
    assert task["node"]["name"] == "Größe → ☃ 😀"
