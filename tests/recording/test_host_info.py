"""Surroundings: who runs a task, and where."""

from __future__ import annotations

import json
import sys

import pytest

from lineage.recording import host_info
from lineage.recording.masking import Masker


def _told(members: str) -> dict[str, object]:
    told: dict[str, object] = json.loads("{" + members[1:] + "}") if members else {}
    return told


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
    assert host_info.program_name() == name


def test_about_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Host, user, pid, python and the command line, masked."""
    monkeypatch.setattr(sys, "orig_argv", ["python", "t.py", "--password", "hunter2"])
    told = _told(host_info.about_process(Masker(), "me"))
    assert told["user"] == "me"
    assert told["command"] == "python t.py --password ****"
    assert set(told) == {"host", "user", "pid", "python", "command"}


def test_a_container_without_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user that has no name is left out."""

    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert "user" not in _told(host_info.about_process(Masker(), None))
