"""SIGTERM: tasks are stopped, facts delivered, and the app keeps its say."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from runtime_tools import run, stored

import lineage
from lineage.exporters import MemoryExporter
from lineage.process_end import process_end
from lineage.runtime import runtime

#: Windows has no SIGTERM.
pytestmark = pytest.mark.posix


def ends(home: Path) -> list[tuple[str, str]]:
    """Return the names and states of the tasks that reached the embedded instance."""
    with closing(sqlite3.connect(home / "instance.db")) as store:
        return sorted(store.execute("SELECT name, status FROM tasks").fetchall())


def test_sigterm_leaves_the_tasks_stopped(tmp_path: Path) -> None:
    """The task of the process, and one begun inside it, end as stopped."""
    body = """
record(1)
with lineage.task("inner"):
    record(2)
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(30)
"""
    ran = run(body, tmp_path, APP_NAME="outer")
    assert ran.returncode == -signal.SIGTERM, ran.stderr
    assert ends(tmp_path) == [("inner", "stopped"), ("outer", "stopped")]


def test_stopping_ends_each_task_once_with_the_reason() -> None:
    """Inner tasks end before outer ones; a second stop finds nothing to end."""
    exporter = MemoryExporter()
    lineage.configure(exporter=exporter)
    lineage.current_task().uses_project(1)
    with lineage.task("inner"):
        lineage.current_task().uses_project(2)
        runtime().stop()
        runtime().stop()
        ends = [fact for fact in exporter.facts if fact["f"] == "task_end"]
    assert [fact["status"] for fact in ends[:2]] == ["stopped"] * 2
    assert ends[0]["task"] != ends[1]["task"]
    assert ends[0]["error"] == "TerminatedBySignal: by SIGTERM"
    assert len(ends) == 2


def test_the_handler_ends_by_the_signal_unless_the_app_had_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The app's handler decides where there is one; otherwise the signal does."""
    sent: list[tuple[int, int]] = []
    called: list[int] = []
    exporter = MemoryExporter()
    lineage.configure(exporter=exporter)
    lineage.current_task().uses_project(1)
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(os, "kill", lambda *to: sent.append(to))
    former = process_end.former
    try:
        process_end.former = lambda number, _: called.append(number)
        process_end.on_sigterm(signal.SIGTERM, None)
        assert called == [signal.SIGTERM]
        assert not [to for to in sent if to[0] == os.getpid() and to[1]]
        process_end.former = signal.SIG_DFL
        process_end.on_sigterm(signal.SIGTERM, None)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        process_end.former = former
        signal.signal(signal.SIGTERM, before)
    # Number 0 only asks whether a process lives; a `git` may be ended beside ours.
    mine = [to for to in sent if to[0] == os.getpid() and to[1]]
    assert mine == [(os.getpid(), signal.SIGTERM)]
    assert [f["status"] for f in exporter.facts if f["f"] == "task_end"] == ["stopped"]


def test_sigterm_after_the_task_ended_records_no_other_end(tmp_path: Path) -> None:
    """A task that is over stays as it ended."""
    body = """
with lineage.task("done"):
    record(1)
os.kill(os.getpid(), signal.SIGTERM)
threading.Event().wait(30)
"""
    assert run(body, tmp_path).returncode == -signal.SIGTERM
    assert ("done", "finished") in ends(tmp_path)


def test_sigterm_delivers_and_ends_the_process_by_the_signal(tmp_path: Path) -> None:
    """The default end by SIGTERM stays what it was, after the delivery."""
    body = "record(1); os.kill(os.getpid(), signal.SIGTERM); threading.Event().wait(30)"
    ran = run(body, tmp_path)
    assert ran.returncode == -signal.SIGTERM
    assert stored(tmp_path) == [1]


def test_sigterm_with_an_unreachable_instance_ends_within_its_deadline(
    tmp_path: Path,
) -> None:
    """A flush that cannot succeed holds the signal no longer than allowed."""
    body = "record(1); os.kill(os.getpid(), signal.SIGTERM); threading.Event().wait(50)"
    ran = run(
        body, tmp_path,
        LINEAGE_TARGET="http://127.0.0.1:9", LINEAGE_FLUSH_TIMEOUT_S="0.2",
    )  # fmt: skip
    assert ran.returncode == -signal.SIGTERM
    [journal] = (tmp_path / "journal").glob("*.seg")
    assert b'"status":"stopped"' in journal.read_bytes()


def test_an_apps_own_sigterm_handler_is_called(tmp_path: Path) -> None:
    """A handler that was there first is called, with its own way to end."""
    body = """
def mine(number, frame):
    print("mine", number, frame is not None)
    sys.exit(7)
signal.signal(signal.SIGTERM, mine)
record(1)
os.kill(os.getpid(), signal.SIGTERM)
threading.Event().wait(30)
"""
    ran = run(body, tmp_path)
    assert (ran.returncode, ran.stdout) == (7, "mine 15 True\n"), ran.stderr
    assert stored(tmp_path) == [1]


def test_an_ignored_sigterm_stays_ignored(tmp_path: Path) -> None:
    """A process that ignores the signal goes on."""
    body = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
record(1)
os.kill(os.getpid(), signal.SIGTERM)
print("on")
"""
    assert run(body, tmp_path).stdout == "on\n"
