"""Where a child process finds the home of the task that its parent has open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lineage.recording.open_tasks import OpenTasks
from lineage.recording.recorder import Recorder
from lineage.recording.task_token import VARIABLE, TaskToken, host_id, settings_here


@pytest.fixture
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TaskToken:
    """The token of a task that is open in a home of this machine."""
    home = tmp_path / "parent" / "home"
    home.mkdir(parents=True)
    OpenTasks(home).mark("key")
    token = TaskToken("key", home=str(home), host=host_id())
    monkeypatch.setenv(VARIABLE, token.encode())
    return token


@pytest.mark.parametrize("given", ["", "home", "parent/home"])
def test_a_home_that_may_be_the_parents_is(
    given: str, parent: TaskToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A default or relative home is where the parent has it."""
    monkeypatch.setenv("LINEAGE_HOME", given)
    assert str(settings_here().home) == parent.home


@pytest.mark.parametrize("given", ["/elsewhere", "own", "own/home", "../home"])
def test_a_home_that_was_set_for_this_process_is_kept(
    given: str, parent: TaskToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot be the parent's: it has another name."""
    monkeypatch.setenv("LINEAGE_HOME", given)
    found = settings_here().home
    assert str(found) != parent.home
    assert found.name == Path(given).name


@pytest.mark.parametrize("why", ["ended", "elsewhere", "gone", "none"])
def test_a_home_that_cannot_be_taken_over_is_not(
    why: str, parent: TaskToken, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The task ended, or its home is on another machine, or was deleted."""
    monkeypatch.delenv("LINEAGE_HOME", raising=False)
    if why == "ended":
        OpenTasks(Path(parent.home)).unmark(parent.key)
    home = str(tmp_path / "gone") if why == "gone" else parent.home
    host = "another" if why == "elsewhere" else host_id()
    token = TaskToken("key", home=home, host=host)
    monkeypatch.setenv(VARIABLE, "" if why == "none" else token.encode())
    assert settings_here().home.name == ".lineage"


def test_a_joined_task_ends_where_it_was_opened(parent: TaskToken) -> None:
    """Whoever asks sees it at once, a call with ids alone with the next delivery."""
    recorder = Recorder([].append)
    task = recorder.join(parent).task
    recorder.write_pending_step_ends()
    assert (task.is_ended, task.has_ended()) == (False, False)
    OpenTasks(parent.home).unmark(parent.key)
    assert not task.is_ended
    recorder.write_pending_step_ends()
    assert task.is_ended


def test_a_program_records_into_the_step_that_started_it(
    parent: TaskToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is the step of the token, in a task of it and outside of all."""
    monkeypatch.setenv(VARIABLE, replace(parent, step="s-1", has_inputs=True).encode())
    recorder = Recorder([].append)
    assert recorder.process_root().key == '"s-1"'
    assert recorder.process_task().key == "key"
    assert recorder.open_task("inner").parent_step == '"s-1"'
