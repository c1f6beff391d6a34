"""A task is lost when nothing is heard of it, however long ago it was opened."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from instance_server import Served, in_thread, settings_for
from journal_tools import run_script, wait_for
from runtime_tools import PRELUDE, run

from lineage.delivery.heartbeat import Heartbeat
from lineage.delivery.openlineage_exporter import OpenLineageExporter

KILL = "os.kill(os.getpid(), signal.SIGKILL)\n"


def _status(store: Path) -> str | None:
    """Return the state of the only task."""
    with closing(sqlite3.connect(store)) as connection:
        rows = connection.execute("SELECT status FROM tasks").fetchall()
    return str(rows[0][0]) if rows else None


def _opening(key: str) -> bytes:
    return json.dumps(
        {"f": "task", "task": key, "at": 1.0, "name": "train", "pid": os.getpid()},
        separators=(",", ":"),
    ).encode()


def test_open_tasks_are_named_again_and_ended_ones_are_not() -> None:
    """At each beat and in each new segment; the opening promises it."""
    now, written = [0.0], []
    heartbeat = Heartbeat(written.append, 60.0, lambda: now[0])
    heartbeat.beat(is_new_segment=True)
    assert json.loads(heartbeat.notice(_opening("a")))["lost_after_s"] == 60
    heartbeat.beat(is_new_segment=False)
    assert written == []
    now[0] = 10.0
    heartbeat.beat(is_new_segment=False)
    heartbeat.beat(is_new_segment=False)
    heartbeat.beat(is_new_segment=True)
    assert [json.loads(text)["task"] for text in written] == ["a", "a"]
    assert json.loads(written[0])["pid"] == os.getpid()
    heartbeat.notice(b'{"f":"task_end","task":"a","at":1,"status":"finished"}')
    heartbeat.beat(is_new_segment=True)
    assert len(written) == 2


def test_there_is_no_heartbeat_where_it_is_switched_off() -> None:
    """Nothing is promised, and nothing written."""
    heartbeat = Heartbeat(pytest.fail, 0.0)
    assert heartbeat.notice(_opening("a")) == _opening("a")
    heartbeat.beat(is_new_segment=True)
    assert heartbeat.every_s == float("inf")


def test_another_receiver_gets_no_second_beginning(tmp_path: Path) -> None:
    """In OpenLineage a run starts once."""
    beat = {"f": "task", "task": "a", "at": 2.0, "lost_after_s": 60}
    exporter = OpenLineageExporter("http://127.0.0.1:9")
    assert [result.status for result in exporter.send([beat])] == ["delivered"]


def test_a_task_that_was_opened_many_segments_ago_is_lost(tmp_path: Path) -> None:
    """The file that opened it was delivered and deleted."""
    body = f"""
from pathlib import Path
with lineage.task("train"):
    journal = Path(os.environ["LINEAGE_HOME"], "journal")
    record(0)
    assert lineage.flush(20)
    first = {{path.name for path in journal.glob("*.seg")}}
    number = 1
    while first & {{path.name for path in journal.glob("*.seg")}}:
        for _ in range(500):
            record(number)
            number += 1
        assert lineage.flush(20)
    {KILL}
"""
    ran = run(body, tmp_path)
    assert ran.returncode == -9, ran.stderr
    assert _status(tmp_path / "instance.db") == "started"
    ran = run("assert lineage.flush(20)", tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert _status(tmp_path / "instance.db") == "lost"


@pytest.mark.posix
def test_a_question_finds_the_process_gone_whose_journal_is_gone(
    tmp_path: Path,
) -> None:
    """One that is only silent, since somebody stopped it, is at work."""
    body = """
with lineage.task("train"):
    record(1)
    assert lineage.flush(20)
    print("open", flush=True)
    signal.pause()
"""
    environ = {
        **os.environ,
        "LINEAGE_HOME": str(tmp_path),
        "LINEAGE_LOST_AFTER_S": "0.5",
    }
    command = [sys.executable, "-c", PRELUDE + body]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE) as app:
        assert app.stdout is not None
        assert app.stdout.readline() == b"open\n"
        app.send_signal(signal.SIGSTOP)
        time.sleep(1)
        assert "train" in _shown(tmp_path)
        assert _status(tmp_path / "instance.db") == "started"
        app.kill()
    shutil.rmtree(tmp_path / "journal")
    assert "train" in _shown(tmp_path)
    assert _status(tmp_path / "instance.db") == "lost"


def _shown(home: Path) -> str:
    show = "import sys; from lineage.cli import main; sys.exit(main(['tasks']))"
    return run_script(show, home=home).stdout


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Serve an instance that looks often."""
    monkeypatch.setattr("lineage.instance.silent_task_watch.LOOK_EVERY_S", 0.1)
    with in_thread(settings_for(tmp_path / "served")) as served:
        yield served


def test_an_instance_ends_what_it_hears_nothing_of(
    served: Served, tmp_path: Path
) -> None:
    """The container of the app is gone, and its home with it; a living one beats."""
    store = Path(served.settings.store.removeprefix("sqlite:///"))
    body = """
with lineage.task("train"):
    record(1)
    assert lineage.flush(20)
    print("open", flush=True)
    sys.stdin.read()
    record(2)
    assert lineage.flush(20)
    print("open", flush=True)
    signal.pause()
"""
    environ = {
        **os.environ,
        "LINEAGE_HOME": str(tmp_path / "home"),
        "LINEAGE_TARGET": served.address,
        "LINEAGE_LOST_AFTER_S": "3",
    }
    app = subprocess.Popen(
        [sys.executable, "-c", PRELUDE + body],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert app.stdout is not None
    assert app.stdin is not None
    assert app.stdout.readline() == b"open\n"
    heard: set[float] = set()

    def is_heard_often() -> bool:
        with closing(sqlite3.connect(store)) as connection:
            heard.update(*connection.execute("SELECT heard_at FROM tasks"))
        return len(heard) > 2

    wait_for(is_heard_often)
    app.stdin.close()
    assert app.stdout.readline() == b"open\n"
    app.kill()
    app.wait()
    app.stdout.close()
    shutil.rmtree(tmp_path / "home")
    wait_for(lambda: _status(store) == "lost")
