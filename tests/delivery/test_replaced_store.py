"""A store that lost what it had confirmed gets it again, as far as it is kept."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from api_recorder import Recorder
from journal_tools import WAIT_S, wait_for
from runtime_tools import run, stored

import lineage
from lineage.runtime import runtime

LOST = "has lost facts that it had confirmed"
KILL = "os.kill(os.getpid(), signal.SIGKILL)\n"


def _back_up(home: Path) -> Path:
    copy = home / "copy.db"
    with (
        closing(sqlite3.connect(home / "instance.db")) as store,
        closing(sqlite3.connect(copy)) as target,
    ):
        store.backup(target)
    return copy


def _restore(home: Path, copy: Path) -> None:
    for name in ("instance.db-wal", "instance.db-shm"):
        (home / name).unlink(missing_ok=True)
    os.replace(copy, home / "instance.db")


def _is_named(name: str) -> bool:
    return bool(lineage.graph().search(name).hits)


def _losses(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if LOST in r.getMessage()]


@pytest.mark.posix
def test_a_backup_that_is_copied_back_gets_what_came_after_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What the journal still has is sent again, and stored once."""
    home = tmp_path / "home"
    lineage.configure(home=home)
    lineage.current_task().uses_project(1)
    assert lineage.flush(WAIT_S)
    copy = _back_up(home)
    lineage.current_task().uses_project(2)
    assert lineage.flush(WAIT_S)
    _restore(home, copy)
    assert lineage.flush(WAIT_S)
    assert stored(home) == [1, 2]
    lineage.current_task().uses_project(3)
    assert lineage.flush(WAIT_S)
    assert stored(home) == [1, 2, 3]
    (logged,) = _losses(caplog)
    assert "; 0 others cannot be sent again" in logged


@pytest.mark.posix
def test_names_are_looked_up_by_the_same_threads_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What looks up names outlives the store: a second one would never be ended."""
    platform = Recorder()
    platform.on("projects.info", {"id": 1, "name": "Road signs"})
    monkeypatch.setenv("SERVER_ADDRESS", platform.address)
    monkeypatch.setenv("API_TOKEN", "t" * 128)
    home = tmp_path / "home"
    lineage.configure(home=home)
    lineage.current_task().uses_project(1)
    with closing(platform):
        wait_for(lambda: lineage.flush(WAIT_S) and _is_named("Road signs"))
        before = runtime()._names
        copy = _back_up(home)
        _restore(home, copy)
        lineage.current_task().uses_project(2)
        assert lineage.flush(WAIT_S)
        assert before is not None
        assert runtime()._names is before


@pytest.mark.posix
def test_a_whole_home_that_is_copied_back_loses_and_doubles_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The process finds a copy of its own file in the journal, beside the store."""
    home, kept = tmp_path / "home", tmp_path / "kept"
    lineage.configure(home=home)
    lineage.current_task().uses_project(1)
    assert lineage.flush(WAIT_S)
    copy = _back_up(home)
    shutil.copytree(home, kept, ignore=shutil.ignore_patterns("instance.db*"))
    lineage.current_task().uses_project(2)
    assert lineage.flush(WAIT_S)
    os.replace(copy, kept / "instance.db")
    shutil.rmtree(home)
    os.replace(kept, home)
    lineage.current_task().uses_project(3)
    for _ in range(2):
        runtime().flusher.reader.scan_again()
        assert lineage.flush(WAIT_S)
        assert stored(home) == [1, 2, 3]
    assert len(_losses(caplog)) == 1


@pytest.mark.posix
def test_what_lies_in_no_file_any_more_is_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody has to guess whether all is there again."""
    home = tmp_path / "home"
    lineage.configure(home=home)
    lineage.current_task().uses_project(1)
    assert lineage.flush(WAIT_S)
    runtime().flusher.remove_delivered()
    gone = runtime().flusher.delivered
    lineage.current_task().uses_project(2)
    assert lineage.flush(WAIT_S)
    shutil.rmtree(home)
    assert lineage.flush(WAIT_S)
    assert stored(home) == [2]
    (logged,) = _losses(caplog)
    assert f"; {gone} others cannot be sent again" in logged


@pytest.mark.parametrize("is_restored", [True, False])
def test_a_successor_notices_that_the_store_is_an_older_one(
    is_restored: bool, tmp_path: Path
) -> None:
    """One fact shows it; where the store has that one, nothing is logged or sent."""
    copying = (
        "import sqlite3\n"
        "store = sqlite3.connect(os.environ['LINEAGE_HOME'] + '/instance.db')\n"
        "target = sqlite3.connect(os.environ['LINEAGE_HOME'] + '/copy.db')\n"
        "store.backup(target)\n"
    )
    flush = "assert lineage.flush(20)\n"
    ran = run(
        f"record(1)\n{flush}{copying}record(2)\nrecord(3)\n{flush}{KILL}", tmp_path
    )
    assert ran.returncode == -9, ran.stderr
    if is_restored:
        _restore(tmp_path, tmp_path / "copy.db")
    ran = run(flush, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert stored(tmp_path) == [1, 2, 3]
    assert (LOST in ran.stderr) == is_restored
    assert not list((tmp_path / "journal").glob("*.seg"))


@pytest.mark.parametrize("becomes", ["older", "same", "gone"])
def test_it_is_noticed_that_a_backup_was_restored_while_nothing_ran(
    becomes: str, tmp_path: Path
) -> None:
    """What the former programs delivered is in no file any more: that is logged."""
    flush = "assert lineage.flush(20)\n"
    assert run(f"record(1)\n{flush}", tmp_path).returncode == 0
    copy = _back_up(tmp_path)
    assert run(f"record(2)\nrecord(3)\n{flush}", tmp_path).returncode == 0
    assert not list((tmp_path / "journal").glob("*.seg"))
    if becomes == "older":
        _restore(tmp_path, copy)
    elif becomes == "gone":
        (tmp_path / "instance.db").unlink()
    ran = run(f"record(4)\n{flush}", tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert (LOST in ran.stderr) == (becomes == "older")
    expected = {"older": {1, 4}, "same": {1, 2, 3, 4}, "gone": {4}}[becomes]
    assert expected <= set(stored(tmp_path))
    assert run(f"record(5)\n{flush}", tmp_path).stderr == ""


def test_a_journal_that_is_copied_back_stores_nothing_twice(tmp_path: Path) -> None:
    """Its position is the older one; each fact keeps its uid."""
    waiting = "import lineage.runtime\nlineage.runtime.runtime().flusher.start = int\n"
    ran = run(f"{waiting}record(1)\nrecord(2)\n{KILL}", tmp_path)
    assert ran.returncode == -9, ran.stderr
    shutil.copytree(tmp_path / "journal", tmp_path / "kept")
    for _ in range(2):
        ran = run("assert lineage.flush(20)", tmp_path)
        assert ran.returncode == 0, ran.stderr
        assert stored(tmp_path) == [1, 2]
        shutil.rmtree(tmp_path / "journal")
        shutil.copytree(tmp_path / "kept", tmp_path / "journal")


def test_a_store_that_is_replaced_while_it_confirms_gets_the_batch_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that came from the store that is gone counts as none."""
    from lineage.delivery.exporters import BatchExporter

    home = tmp_path / "home"
    lineage.configure(home=home)
    lineage.current_task().uses_project(1)
    assert lineage.flush(WAIT_S)
    send, replaced = BatchExporter.send, []

    def send_then_lose(self: BatchExporter, facts: object) -> object:
        results = send(self, facts)  # type: ignore[arg-type]  # passed on as it is
        if not replaced:
            replaced.append(True)
            for path in home.glob("instance.db*"):
                path.unlink()
            runtime().make_query_api()
        return results

    monkeypatch.setattr(BatchExporter, "send", send_then_lose)
    lineage.current_task().uses_project(2)
    assert lineage.flush(WAIT_S)
    assert stored(home) == [1, 2]
