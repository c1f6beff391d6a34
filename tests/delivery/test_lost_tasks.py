"""A task whose process is gone is lost, once somebody delivers what it left."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from journal_tools import run_script
from runtime_tools import run

KILL = "os.kill(os.getpid(), signal.SIGKILL)\n"
NOT_DELIVERED = """
import lineage.runtime
lineage.runtime.runtime().flusher.start = lambda: None
"""
SHOW = "import sys; from lineage.cli import main; sys.exit(main(sys.argv[1:]))"
OPEN = """
with lineage.task("train"):
    record(1)
"""


def _tasks(home: Path) -> dict[str, tuple[str, float | None]]:
    with closing(sqlite3.connect(home / "instance.db")) as store:
        rows = store.execute("SELECT name, status, ended_at FROM tasks").fetchall()
    return {name: (status, ended_at) for name, status, ended_at in rows}


def _is_lost(home: Path, killed_at: float) -> bool:
    """Whether the task is lost since its last edge, or what came after that."""
    status, ended_at = _tasks(home)["train"]
    return status == "lost" and _last_edge(home) <= (ended_at or 0) <= killed_at


def _last_edge(home: Path) -> float:
    with closing(sqlite3.connect(home / "instance.db")) as store:
        [(at,)] = store.execute("SELECT max(recorded_at) FROM edges").fetchall()
    return float(at)


def _killed(body: str, home: Path, **environ: str) -> None:
    ran = run(body, home, **environ)
    assert ran.returncode == -9, ran.stderr


def _flush(home: Path) -> None:
    ran = run("assert lineage.flush(20)", home)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("before", [NOT_DELIVERED, ""], ids=["waiting", "delivered"])
def test_a_killed_task_is_lost_with_its_last_sign_of_life(
    before: str, tmp_path: Path
) -> None:
    """Whether its process had delivered or not; again changes nothing."""
    sent = "" if before else "    assert lineage.flush(20)\n"
    _killed(f"{before}{OPEN}{sent}    {KILL}", tmp_path)
    killed_at = time.time()
    _flush(tmp_path)
    assert _is_lost(tmp_path, killed_at)
    _flush(tmp_path)
    assert _is_lost(tmp_path, killed_at)


def test_a_task_that_ended_before_its_process_was_killed_keeps_its_end(
    tmp_path: Path,
) -> None:
    """Only what is still open is lost."""
    _killed(f"{NOT_DELIVERED}{OPEN}\n{KILL}", tmp_path)
    _flush(tmp_path)
    assert _tasks(tmp_path)["train"][0] == "finished"


def test_a_task_that_goes_on_under_its_id_is_not_lost(tmp_path: Path) -> None:
    """Another process opens it again: before and after the killed one was found."""
    opened = OPEN.replace('"train"', '"train", id=5')
    _killed(f"{NOT_DELIVERED}{opened}    {KILL}", tmp_path)
    ran = run(f"{opened}    assert lineage.flush(20)\n    os._exit(0)", tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert _tasks(tmp_path) == {"train": ("started", None)}
    _flush(tmp_path)
    assert _tasks(tmp_path)["train"][0] == "lost"
    assert run(opened, tmp_path).returncode == 0
    assert _tasks(tmp_path)["train"][0] == "finished"


@pytest.mark.posix
def test_a_killed_worker_leaves_its_parents_task_alone(tmp_path: Path) -> None:
    """Whether it was forked, or joined the task by its environment."""
    body = """
import subprocess
with lineage.task("parent"):
    record(1)
    pid = os.fork()
    if not pid:
        record(2)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    code = "import os, lineage; lineage.current_task().uses_project(3)"
    code += "; os.kill(os.getpid(), 9)"
    environ = {**os.environ, **lineage.environment()}
    subprocess.run([sys.executable, "-c", code], env=environ)
    lineage.runtime.runtime().flusher.reader.scan_again()
    assert lineage.flush(20)
    import sqlite3
    store = sqlite3.connect(os.environ["LINEAGE_HOME"] + "/instance.db")
    print(store.execute("SELECT name, status FROM tasks").fetchall())
    print(sorted(store.execute("SELECT count(*) FROM edges").fetchall()))
"""
    ran = run(f"import lineage.runtime\n{body}", tmp_path)
    assert ran.stdout == "[('parent', 'started')]\n[(3,)]\n", ran.stderr
    assert _tasks(tmp_path)["parent"][0] == "finished"


def test_a_lost_task_and_its_open_step_are_shown_as_such(tmp_path: Path) -> None:
    """The step that ended has a check mark, the one that did not has none."""
    body = """
with lineage.task("train"):
    with lineage.step("load"):
        record(1)
    with lineage.step("fit"):
        record(2)
        assert lineage.flush(20)
"""
    _killed(f"{body}        {KILL}", tmp_path)
    _flush(tmp_path)
    shown = run_script(SHOW, "show", "train", home=tmp_path).stdout
    assert "last sign of life" in shown
    below = shown.partition("\nSteps\n")[2].splitlines()[:2]
    assert [line.split()[:2] for line in below] == [["✔", "load"], ["…", "fit"]]
    listed = run_script(SHOW, "tasks", "status:lost", home=tmp_path).stdout
    assert listed.count("train") == 1
    assert "train" not in run_script(SHOW, "tasks", "status:ok", home=tmp_path).stdout
