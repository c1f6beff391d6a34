"""Surroundings: who runs a task, where, and from which code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lineage.recording import surroundings
from lineage.recording.masking import Masker


def _told(members: str) -> dict[str, object]:
    told: dict[str, object] = json.loads("{" + members[1:] + "}") if members else {}
    return told


@pytest.fixture(autouse=True)
def _fresh() -> None:
    surroundings._git_state.cache_clear()


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (["train.py", "x"], "train.py"),
        (["/a/b/train.py"], "train.py"),
        (["-c"], "python"),
        ([], "python"),
        (["/a/pkg/__main__.py"], "pkg"),
    ],
)
def test_a_program_has_a_name(
    argv: list[str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that was given no name is called as its program."""
    monkeypatch.setattr(sys, "argv", argv)
    assert surroundings.program_name() == name


def test_about_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Host, user, pid, python and the command line, masked."""
    monkeypatch.setattr(sys, "orig_argv", ["python", "t.py", "--password", "hunter2"])
    told = _told(surroundings.about_process(Masker(), "me"))
    assert told["user"] == "me"
    assert told["command"] == "python t.py --password ****"
    assert set(told) == {"host", "user", "pid", "python", "command"}


def test_a_container_without_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user that has no name is left out."""

    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert "user" not in _told(surroundings.about_process(Masker(), None))


def _git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=n", "-c", "user.email=e", *words],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def test_about_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit of the program's folder, and whether it was changed since."""
    _git(tmp_path, "init", "-q")
    program = tmp_path / "main.py"
    program.write_text("1")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-q", "-m", "x")
    main = type(sys)("__main__")
    main.__file__ = str(program)
    monkeypatch.setitem(sys.modules, "__main__", main)
    told = _told(surroundings.about_code())
    assert len(str(told["git_commit"])) == 40
    assert told["git_dirty"] is False
    program.write_text("2")
    surroundings._git_state.cache_clear()
    assert _told(surroundings.about_code())["git_dirty"] is True


def test_code_outside_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a repository, or without git, nothing is told."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "__main__", type(sys)("__main__"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert surroundings.about_code() == ""
    surroundings._git_state.cache_clear()
    monkeypatch.setenv("PATH", "")
    assert surroundings.about_code() == ""
