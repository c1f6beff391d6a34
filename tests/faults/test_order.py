"""A slow platform gets the inputs of a task before the outputs made of them."""

from __future__ import annotations

import os
import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from journal_tools import run_script
from plain_platform import TEAM, PlainPlatform

APP = """
import sys
import lineage

@lineage.uses_file("source")
@lineage.produces_file("target")
def convert(source, target):
    return None

for number in range(12):
    with lineage.task(f"part {number % 3}", id=100 + number % 3):
        convert(f"/in/{number}", f"/out/{number}")
        convert(f"/more/{number}", f"/made/{number}")
report = lineage.flush(60)
assert report, report
"""


class _SlowPlatform(PlainPlatform):
    """Takes its time for each call, and notes when an edge came and was answered."""

    def __init__(self) -> None:
        super().__init__()
        self._chosen = random.Random(20260)
        self._guard = threading.Lock()
        self._paths: dict[int, str] = {}
        self.seen: list[tuple[str, str, int, str]] = []
        """What happened to which edge: event, direction, task and path."""

    def answer(self, method: str, body: Any) -> Any:
        """Process a call, slowly."""
        if method == "tasks.info":
            return {"id": body["id"], "teamId": TEAM, "status": "started"}
        if method == "file-storage.list":
            self._pause()
            with self._guard:
                id = len(self._paths) + 1
                self._paths[id] = body["path"]
            return [{"id": id, "path": body["path"]}]
        if method.startswith("workflow.node.add-"):
            edge = self._edge(method, body)
            self._note("came", *edge)
            self._pause()
            answer = super().answer(method, body)
            self._note("answered", *edge)
            return answer
        return super().answer(method, body)

    def _edge(self, method: str, body: Any) -> tuple[str, int, str]:
        with self._guard:
            path = self._paths[body["id"]]
        return method.rpartition("-")[2], body["node"]["id"], path

    def _note(self, event: str, direction: str, task: int, path: str) -> None:
        with self._guard:
            self.seen.append((event, direction, task, path))

    def _pause(self) -> None:
        with self._guard:
            pause_s = self._chosen.random() * 0.08
        time.sleep(pause_s)


def _number(path: str) -> tuple[int, bool]:
    """Return when an edge of the app was recorded, in relation to the others."""
    folder, name = path[1:].split("/")
    return int(name), folder in ("more", "made")


def test_outputs_of_a_task_never_overtake_its_inputs(tmp_path: Path) -> None:
    """Whatever the platform's pace: an edge of an output comes after the answers."""
    with _SlowPlatform() as platform:
        ran = run_script(
            APP,
            home=tmp_path,
            LINEAGE_TARGET=f"http://127.0.0.1:{platform.port}",
            TEAM_ID=str(TEAM),
        )
    assert ran.returncode == 0, ran.stderr
    assert len(platform.seen) == 2 * 48
    answered: set[tuple[int, str]] = set()
    for event, direction, task, path in platform.seen:
        if event == "answered":
            answered.add((task, path))
        elif direction == "output":
            before = {
                (task, source)
                for number in range(12)
                for source in (f"/in/{number}", f"/more/{number}")
                if number % 3 == task - 100 and _number(source) <= _number(path)
            }
            assert before <= answered


@pytest.mark.posix
def test_a_pipe_at_a_declared_path_holds_nothing_up(tmp_path: Path) -> None:
    """It is never read: nobody may write to it, and opening it would wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    app = f"""
import lineage
task = lineage.current_task()
task.uses_file({str(tmp_path / "pipe")!r})
task.produces_file({str(tmp_path / "pipe")!r})
task.uses_project(1)
report = lineage.flush(30)
assert report, report
"""
    ran = run_script(app, home=tmp_path / "home")
    assert ran.returncode == 0, ran.stderr
