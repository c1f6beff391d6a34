"""Host info: who runs a task, and where."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage.recording import host_info
from lineage.redaction import Masker


def _members(members: str) -> dict[str, object]:
    found: dict[str, object] = json.loads("{" + members[1:] + "}") if members else {}
    return found


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
    found = _members(host_info.about_process(Masker(), "me"))
    assert found["user"] == "me"
    assert found["command"] == "python t.py --password ****"
    assert set(found) == {"host", "machine", "user", "pid", "python", "command"}


@pytest.mark.parametrize(
    ("path", "command"),
    [("/w/my train.ipynb", "jupyter execute '/w/my train.ipynb'"), ("", None)],
)
def test_a_notebook_is_run_again_by_its_file(
    path: str, command: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command of its kernel names a connection that is gone by then."""
    launcher = ["/v/ipykernel_launcher.py", "-f", "/tmp/kernel-1.json"]
    monkeypatch.setattr(sys, "argv", launcher)
    monkeypatch.setattr(sys, "orig_argv", ["python", *launcher])
    monkeypatch.setenv("JPY_SESSION_NAME", path)
    assert _members(host_info.about_process(Masker(), "me")).get("command") == command


def test_a_container_without_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user that has no name is left out."""

    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert "user" not in _members(host_info.about_process(Masker(), None))


@pytest.fixture
def no_memory() -> Iterator[None]:
    """Look up the machine's name again in the test, and after it."""
    host_info.machine_name.cache_clear()
    yield
    host_info.machine_name.cache_clear()


def test_a_machine_is_its_host_and_its_own_id(
    tmp_path: Path, no_memory: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hosts of one image differ, and so do two machines of one host name."""
    own_id = tmp_path / "machine-id"
    names = set()
    for host, text in (("Box A_1", "1"), ("box-b", "1"), ("box-b", "2"), ("box-b", "")):
        own_id.write_text(text + "\n")
        monkeypatch.setattr(host_info, "_MACHINE_IDS", (str(own_id),))
        monkeypatch.setattr("socket.gethostname", lambda host=host: host)
        host_info.machine_name.cache_clear()
        names.add(json.loads(host_info.machine_name()))
    assert len(names) == 4
    assert "box-b" in names
    assert all(re.fullmatch(r"[a-z0-9.-]+", name) for name in names)
