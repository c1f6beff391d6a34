"""Real servers that fork their workers, started as their users start them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from journal_tools import run_script, wait_for

#: The request that takes longer than any worker may.
HANGS = 1_000_000

_WEB = f"""
HANGS = {HANGS}
import os, threading
import lineage
"""
_WEB += """
def record(number):
    lineage.current_task().uses_project(number)
if "IN_MASTER" in os.environ:
    record(1)
def app(environ, start_response):
    number = int(environ["PATH_INFO"][1:])
    record(number)
    if number == HANGS:
        threading.Event().wait(60)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d %d" % (os.getpid(), number)]
"""

_JOBS = """
import os, signal
from pathlib import Path
from celery import Celery
import lineage
place = Path(__file__).parent
app = Celery("jobs", broker="filesystem://", backend=f"file://{place}/results")
app.conf.broker_transport_options = {
    "data_folder_in": f"{place}/queue",
    "data_folder_out": f"{place}/queue",
    "control_folder": f"{place}/control",
}
app.conf.broker_connection_retry_on_startup = True
if "IN_MASTER" in os.environ:
    lineage.current_task().uses_project(1)
@app.task
def work(number):
    lineage.current_task().uses_project(number)
    return [os.getpid(), 2 * number]
@app.task
def die(number):
    lineage.current_task().uses_project(number)
    os.kill(os.getpid(), signal.SIGKILL)
"""

_SEND = """
import json, os, sys
os.environ["LINEAGE_ENABLED"] = "false"
import jobs
sent = [jobs.work.delay(number) for number in json.loads(sys.argv[1])]
print(json.dumps([result.get(timeout=150) for result in sent]))
"""

_SEND_FATAL = """
import os, sys
os.environ["LINEAGE_ENABLED"] = "false"
import jobs
jobs.die.delay(int(sys.argv[1]))
"""

Answers = dict[int, tuple[int, int]]
"""What each number came back with: the worker's process, and the result."""


class Started:
    """A server at work.

    Args:
        place: Its folder: the program, the log and the home of lineage.
        words: The module to run, and its arguments.
        environ: More variables.
    """

    def __init__(self, place: Path, *words: str, **environ: str) -> None:
        self.place = place
        self.home = place / "home"
        self._log = place / "log"
        self._environ = {
            **os.environ, "LINEAGE_HOME": str(self.home), "PYTHONPATH": str(place),
            "LINEAGE_FLUSH_TIMEOUT_S": "30",
            **environ,
        }  # fmt: skip
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=place, env=self._environ, stdout=log, stderr=log,
            )  # fmt: skip

    def output(self) -> str:
        """Return what it has logged."""
        return self._log.read_text()

    def find(self, pattern: str) -> str:
        """Wait until it has logged something; give the pattern's group."""
        wait_for(lambda: re.search(pattern, self.output()) is not None)
        found = re.search(pattern, self.output())
        assert found is not None
        return found[1]

    def stop(self, by: int = signal.SIGTERM) -> int:
        """Ask it to end as a supervisor does; give its exit code."""
        self.process.send_signal(by)
        return self.process.wait(60)


@contextmanager
def gunicorn(place: Path, *options: str, **environ: str) -> Iterator[Started]:
    """Serve a small app with three workers."""
    pytest.importorskip("gunicorn", reason="needs pip install -e '.[dev]'")
    (place / "web.py").write_text(_WEB)
    words = ("gunicorn", "web:app", "-w", "3", "-b", "127.0.0.1:0", *options)
    with _ended(Started(place, *words, **environ)) as server:
        yield server


@contextmanager
def celery(place: Path, *options: str, **environ: str) -> Iterator[Started]:
    """Work off tasks in a pool of two processes."""
    (place / "jobs.py").write_text(_JOBS)
    for name in ("queue", "control", "results"):
        (place / name).mkdir()
    words = (
        "celery", "-A", "jobs", "worker", "-l", "info", "--pool", "prefork", "-c", "2",
        "--without-gossip", "--without-mingle", "--without-heartbeat",
    )  # fmt: skip
    with _ended(Started(place, *words, *options, **environ)) as worker:
        yield worker


@contextmanager
def _ended(started: Started) -> Iterator[Started]:
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.kill()
            started.process.wait(20)


def request(server: Started, numbers: Sequence[int]) -> Answers:
    """Send a request for each number, several at a time."""
    address = server.find(r"Listening at: (http\S+)")

    def one(number: int) -> tuple[int, tuple[int, int]]:
        with urllib.request.urlopen(f"{address}/{number}", timeout=60) as answer:
            pid, back = answer.read().split()
            return number, (int(pid), int(back))

    with ThreadPoolExecutor(6) as pool:
        return dict(pool.map(one, numbers))


def request_several(server: Started, first: int) -> Answers:
    """Send requests, numbered from the first, until two workers have answered."""
    answers: Answers = {}
    for _ in range(100):
        start = first + len(answers)
        answers |= request(server, range(start, start + 20))
        if len({pid for pid, _ in answers.values()}) > 1:
            return answers
    raise AssertionError("one worker answers everything")


def delegate(worker: Started, numbers: Sequence[int]) -> Answers:
    """Send a task for each number, and wait for their results."""
    worker.find(r"celery@\S+ (ready)\.")
    script = worker.place / "send.py"
    script.write_text(_SEND)
    ran = run_script(script, str(list(numbers)), home=worker.home)
    assert ran.returncode == 0, ran.stderr
    pairs = json.loads(ran.stdout)
    return {number: tuple(pair) for number, pair in zip(numbers, pairs, strict=True)}


def let_die(worker: Started, number: int) -> None:
    """Send a task whose process is killed when it has recorded, and wait for that."""
    worker.find(r"celery@\S+ (ready)\.")
    script = worker.place / "send_fatal.py"
    script.write_text(_SEND_FATAL)
    ran = run_script(script, str(number), home=worker.home)
    assert ran.returncode == 0, ran.stderr
    worker.find(r"exited with '(signal 9 \(SIGKILL\))'")
