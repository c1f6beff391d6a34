"""The commit of the code: recorded when `git` answers within the time allowed."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from journal_tools import run_script, wait_for
from runtime_tools import run, stored

from lineage.delivery.status import read_status
from lineage.recording import git_commit
from lineage.recording.git_commit import GitCommitLookup
from lineage.system import is_process_alive

#: A `git` that never answers; `exec` so that killing it ends all of it.
HANGING = "#!/bin/sh\necho $$ >> {pids}\nexec sleep 1000\n"


def _output(members: str | None) -> dict[str, object]:
    assert members is not None
    found: dict[str, object] = json.loads("{" + members[1:] + "}") if members else {}
    return found


def _git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=n", "-c", "user.email=e", *words],
        cwd=folder,
        check=True,
        capture_output=True,
    )


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the running program's file, in a repository with one commit."""
    _git(tmp_path, "init", "-q")
    program = tmp_path / "main.py"
    program.write_text("1")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-q", "-m", "x")
    main = type(sys)("__main__")
    main.__file__ = str(program)
    monkeypatch.setitem(sys.modules, "__main__", main)
    return program


@pytest.fixture
def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Put a `git` that hangs first on the path; give the file of its process ids."""
    pids = tmp_path / "pids"
    script = tmp_path / "bin" / "git"
    script.parent.mkdir()
    script.write_text(HANGING.format(pids=pids))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent), prepend=os.pathsep)
    yield pids
    wait_for(lambda: not any(map(is_process_alive, _pids(pids))))


def _pids(path: Path) -> list[int]:
    return [int(pid) for pid in path.read_text().split()] if path.exists() else []


def test_the_commit_and_whether_the_code_was_changed(program: Path) -> None:
    """The commit of the program's folder, asked once in a process."""
    lookup = GitCommitLookup[str]()
    found = _output(lookup.answer(20))
    assert len(str(found["git_commit"])) == 40
    assert found["git_dirty"] is False
    program.write_text("2")
    assert _output(lookup.answer(20))["git_dirty"] is False
    assert _output(GitCommitLookup[str]().answer(20))["git_dirty"] is True


def test_thousands_of_changes_are_not_read_to_the_end(program: Path) -> None:
    """Output larger than a pipe does not hold `git`, nor us."""
    many = [program.with_name(f"{number}-{'x' * 200}") for number in range(1500)]
    for path in many:
        path.write_text("1")
    _git(program.parent, "add", ".")
    found = _output(GitCommitLookup[str]().answer(20))
    assert len(str(found["git_commit"])) == 40
    assert found["git_dirty"] is True


def test_code_outside_of_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a commit, a repository, or `git`, nothing is recorded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "__main__", type(sys)("__main__"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert GitCommitLookup[str]().answer(20) == ""
    _git(tmp_path, "init", "-q")
    assert GitCommitLookup[str]().answer(20) == ""
    monkeypatch.setenv("PATH", "")
    assert GitCommitLookup[str]().answer(20) == ""
    assert not caplog.text


def test_a_git_that_cannot_be_started_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that is no program costs the commit, and one warning."""
    git = tmp_path / "git"
    git.write_text("")
    git.chmod(0o644)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert GitCommitLookup[str]().answer(20) == ""
    assert "git commit of the code cannot be read" in caplog.text


def test_a_hanging_git_is_tried_again_and_given_up(
    hanging: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits longer than said; after its time `git` is ended."""
    monkeypatch.setattr(git_commit, "_GIVE_UP_S", 0.3)
    lookup = GitCommitLookup[str]()
    assert lookup.answer(0) is None
    assert lookup.answer(0.01) is None
    assert lookup.answer(20) == ""
    assert len(_pids(hanging)) <= 1


@pytest.mark.posix
def test_a_child_of_a_fork_looks_again(hanging: Path) -> None:
    """The parent's `git` is neither waited for nor ended by the child."""
    lookup = GitCommitLookup[str]()
    assert lookup.answer(0) is None
    wait_for(lambda: len(_pids(hanging)) == 1)
    [git] = _pids(hanging)
    parents = lookup._git
    lookup.reset_after_fork()
    lookup.give_up()
    assert is_process_alive(git)
    assert parents is not None
    parents.kill()
    git_commit._reap(parents)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("end", "code"),
    [
        pytest.param(
            "os.kill(os.getpid(), signal.SIGTERM); threading.Event().wait(50)",
            -15,
            marks=pytest.mark.posix,
        ),
        ("sys.exit(3)", 3),
    ],
    ids=["SIGTERM", "exit"],
)
def test_the_end_waits_for_a_hanging_git_no_longer_than_allowed(
    end: str, code: int, hanging: Path, tmp_path: Path
) -> None:
    """The facts are delivered within the deadline; `git` is ended with the process."""
    # Only the deadline can end this wait before the test's own patience does.
    body = f"""
from lineage.recording import git_commit
# What a delivery loads is loaded before the time runs.
import lineage.delivery.exporters, lineage.instance.embedded
git_commit._GIVE_UP_S = 1000
record(1)
{end}
"""
    home = tmp_path / "home"
    ran = run(body, home, LINEAGE_FLUSH_TIMEOUT_S="10")
    assert ran.returncode == code, ran.stderr
    assert _pids(hanging), "git was not asked"
    assert stored(home) == [1]
    assert read_status(home).waiting == 0


def test_the_code_is_the_programs_when_only_an_exit_handler_has_time(
    program: Path, tmp_path: Path
) -> None:
    """There Python has forgotten the program's file, and the app may be elsewhere."""
    program.write_text("""
import atexit, os, sys
from lineage.recording.git_commit import GitCommitLookup
lookup = GitCommitLookup()
os.chdir(os.sep)
atexit.register(lambda: print(lookup.code()))
""")
    ran = run_script(program)
    assert ran.returncode == 0, ran.stderr
    assert f"folder={str(tmp_path)!r}" in ran.stdout


def test_the_end_waits_for_git_as_long_as_allowed(
    program: Path, tmp_path: Path
) -> None:
    """A `git` that takes a moment is heard, also by an app that ends at once."""
    home = tmp_path / "home"
    program.write_text(
        "import sys, lineage; lineage.current_task().uses_project(1); sys.exit(0)"
    )
    run_script(program, home=home).check_returncode()
    with closing(sqlite3.connect(home / "instance.db")) as store:
        (commit,) = store.execute("SELECT git_commit FROM tasks").fetchone()
    command = ["git", "-C", str(tmp_path), "rev-parse", "HEAD"]
    assert commit == subprocess.check_output(command, text=True).strip()
