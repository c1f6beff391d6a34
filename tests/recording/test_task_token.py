"""Where a child process finds the home of the task that its parent has open."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage.recording.open_tasks import OpenTasks
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
