"""The runtime: forks, exits and signals of real processes, each with defined ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from journal_tools import WAIT_S, run_script, wait_for
from runtime_tools import PRELUDE, run, stored, why_waiting

import lineage
from lineage.api import Api
from lineage.delivery.status import read_status
from lineage.errors import reset_warnings
from lineage.exporters import DELIVERED, DeliveryResult, MemoryExporter
from lineage.runtime import Runtime, reset_runtime, runtime
from lineage.settings import Settings
from lineage.system import locked

FORKS = [pytest.param(m, marks=pytest.mark.posix) for m in ("fork", "forkserver")]
#: A filter of the kernel: any other call kills the process.
ONLY_THESE_CALLS = """
import ctypes, platform, struct
write, exit_group = (64, 94) if platform.machine() == "aarch64" else (1, 231)
def only_these_calls(*numbers):
    code = [(0x20, 0, 0, 0)]
    code += [(0x15, len(numbers) - i, 0, n) for i, n in enumerate(numbers)]
    code += [(0x06, 0, 0, 0x80000000), (0x06, 0, 0, 0x7FFF0000)]
    text = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *c) for c in code))
    program = struct.pack("HxxxxxxP", len(code), ctypes.addressof(text))
    prctl = ctypes.CDLL(None).prctl
    assert prctl(38, 1, 0, 0, 0) == 0
    assert prctl(22, 2, program, 0, 0) == 0
"""


def test_an_app_that_just_ends_has_delivered(tmp_path: Path) -> None:
    """The exit of the interpreter delivers, and leaves no segment behind."""
    ran = run("record(1); record(2)", tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert stored(tmp_path) == [1, 2]
    assert not list((tmp_path / "journal").glob("*.seg"))


def test_an_app_that_records_nothing_leaves_nothing(tmp_path: Path) -> None:
    """Importing and decorating makes no file, no thread and no handler."""
    home = tmp_path / "home"
    ran = run(
        "lineage.uses_project('p')(lambda p: p)\n"
        "assert threading.active_count() == 1\n"
        "assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL\n",
        home,
    )
    assert ran.returncode == 0, ran.stderr
    assert not home.exists()


def test_facts_of_exit_handlers_are_delivered(tmp_path: Path) -> None:
    """Handlers of `atexit` may record, whether they run before ours or after."""
    body = """
import atexit
atexit.register(record, 1)
record(2)
atexit.register(record, 3)
"""
    ran = run(body, tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert stored(tmp_path) == [1, 2, 3]
    assert read_status(tmp_path).waiting == 0


@pytest.mark.parametrize(
    ("end", "code"), [("os._exit(3)", 3), ("os.kill(os.getpid(), 9)", -9)]
)
def test_what_a_sudden_end_leaves_is_adopted(
    end: str, code: int, tmp_path: Path
) -> None:
    """Facts of a process that ends without a word are sent by the next one."""
    body = f"record(1); record(2); {end}"
    ran = run(body, tmp_path, LINEAGE_TARGET="http://127.0.0.1:9")
    assert ran.returncode == code, ran.stderr
    assert read_status(tmp_path).waiting >= 2
    ran = run(body, tmp_path)
    assert ran.returncode == code, ran.stderr
    lineage.configure(home=tmp_path)
    assert lineage.flush(WAIT_S)
    assert stored(tmp_path) == [1, 2]
    # What was recorded for the other instance waits for that one.
    assert read_status(tmp_path).waiting >= 2


def test_a_lock_that_outlives_its_process_for_a_moment_is_waited_for(
    tmp_path: Path,
) -> None:
    """A child between fork and exec holds the dead process's lock; a flush waits."""
    # A fork that Python's hooks do not see is what starting a program begins with.
    body = """
import ctypes
record(1)
if ctypes.PyDLL(None).fork() == 0:
    for number in (0, 1, 2):
        os.close(number)
    ctypes.PyDLL(None).usleep(400_000)
    os._exit(0)
os._exit(3)
"""
    ran = run(body, tmp_path, LINEAGE_FLUSH_TIMEOUT_S="0")
    assert ran.returncode == 3, ran.stderr
    lineage.configure(home=tmp_path)
    assert lineage.flush(WAIT_S)
    assert stored(tmp_path) == [1]
    assert read_status(tmp_path).waiting == 0


def test_a_living_adopters_lock_holds_no_flush_for_long(tmp_path: Path) -> None:
    """What another process has taken over is that one's to send."""
    ran = run("record(1); os._exit(3)", tmp_path, LINEAGE_TARGET="http://127.0.0.1:9")
    assert ran.returncode == 3, ran.stderr
    [segment] = (tmp_path / "journal").glob("*.seg")
    with segment.open("r+b") as adopted:
        wait_for(lambda: locked(adopted.fileno()))
        lineage.configure(home=tmp_path, api=Api("http://127.0.0.1:9", "token"))
        assert lineage.flush(WAIT_S)
    assert lineage.flush(0.1).waiting


def test_the_first_fact_of_another_thread_is_enough(tmp_path: Path) -> None:
    """Where no handler can be set, delivery works all the same."""
    body = "t = threading.Thread(target=record, args=(1,)); t.start(); t.join()"
    assert run(body, tmp_path).returncode == 0
    assert stored(tmp_path) == [1]


@pytest.mark.posix
def test_forks_record_into_segments_of_their_own(tmp_path: Path) -> None:
    """Children of a fork in full work deliver their own facts, the parent its own."""
    body = """
record(1)
children = []
for number in range(2, 6):
    pid = os.fork()
    if pid == 0:
        record(number)
        sys.exit(0)
    children.append(pid)
record(6)
for pid in children:
    assert os.waitpid(pid, 0)[1] == 0
assert lineage.flush(20)
"""
    ran = run(body, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert stored(tmp_path) == [1, 2, 3, 4, 5, 6]
    assert read_status(tmp_path).waiting == 0


@pytest.mark.parametrize("method", ["spawn", *FORKS])
def test_workers_of_multiprocessing_deliver(method: str, tmp_path: Path) -> None:
    """Workers that skip `atexit` deliver nevertheless, however they are started."""
    app = tmp_path / "app.py"
    app.write_text(
        PRELUDE
        + """
if __name__ == "__main__":
    record(1)
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(2) as pool:
        pool.map(record, range(2, 20))
        pool.close()
        pool.join()
    lineage.flush(20)
"""
    )
    home = tmp_path / "home"
    ran = run_script(app, method, home=home)
    assert ran.returncode == 0, ran.stderr
    assert stored(home) == list(range(1, 20))


def test_several_processes_share_a_home(tmp_path: Path) -> None:
    """Processes at work at the same time on one home deliver each fact once."""
    body = """
start = int(sys.argv[1])
for number in range(start, start + 50):
    record(number)
"""
    environ = {**os.environ, "LINEAGE_HOME": str(tmp_path)}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PRELUDE + body, str(1 + 50 * n)], env=environ
        )
        for n in range(4)
    ]
    assert [process.wait(60) for process in running] == [0] * 4
    lineage.configure(home=tmp_path)
    assert lineage.flush(WAIT_S)
    assert stored(tmp_path) == list(range(1, 201))


def test_a_home_that_cannot_be_made_does_not_stop_the_app(tmp_path: Path) -> None:
    """With a file in the folder's place the app runs on, and one warning is logged."""
    home = tmp_path / "home"
    home.write_text("in the way")
    ran = run("record(1); record(2); print('on')", home, LINEAGE_FLUSH_TIMEOUT_S="0.1")
    assert (ran.returncode, ran.stdout) == (0, "on\n")
    assert ran.stderr.count("kept in memory") <= 1


def test_recording_makes_no_system_call(tmp_path: Path) -> None:
    """A thread that the kernel would kill at any call but one `write` records on."""
    body = """
lineage.runtime.runtime().flusher.start = lambda: None  # Nobody is to be woken.
@lineage.uses_project("number")
def work(number):
    return number
# Room for small objects, so that the interpreter needs no more memory either.
junk = [object() for _ in range(500_000)]
kept = junk[::2000]
del junk
for number in range(1, 1000):
    work(number)
only_these_calls(write, exit_group)
for number in range(1000, 1100):
    work(number)
os.write(1, b"recorded on")
os._exit(0)
"""
    ran = run(f"import lineage.runtime\n{ONLY_THESE_CALLS}{body}", tmp_path)
    assert (ran.returncode, ran.stdout) == (0, "recorded on"), ran.stderr
    assert read_status(tmp_path).waiting >= 1099


@pytest.mark.parametrize("call", ["os.getpid()", "os.stat('/')"])
def test_the_kernel_kills_at_other_calls(call: str, tmp_path: Path) -> None:
    """The filter of the test above does what it is meant to."""
    body = f"{ONLY_THESE_CALLS}\nonly_these_calls(write, exit_group)\n{call}\n"
    assert run(body + "os._exit(0)", tmp_path).returncode == -signal.SIGSYS


@pytest.mark.posix
def test_a_folder_deleted_under_the_app_costs_only_its_survival(tmp_path: Path) -> None:
    """What is in the open segment is delivered by this process; a new one is made."""
    home = tmp_path / "home"
    exporter = MemoryExporter()
    lineage.configure(home=home, exporter=exporter)
    lineage.current_task().uses_project(1)
    shutil.rmtree(home)
    lineage.current_task().uses_project(2)
    runtime().journal.seal()
    lineage.current_task().uses_project(3)
    assert lineage.flush(WAIT_S)
    assert [f["id"] for f in exporter.facts if f["f"] == "edge"] == [1, 2, 3]
    assert list((home / "journal").glob("*.seg"))


def test_facts_wait_out_a_corrupt_store(tmp_path: Path) -> None:
    """A damaged store is named with its file; nothing valid is lost."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "instance.db").write_bytes(b"this is no database" * 100)
    lineage.configure(home=home)
    lineage.current_task().uses_project(1)
    assert "instance.db" in why_waiting()
    (home / "instance.db").unlink()
    runtime().close()
    reset_runtime()
    lineage.configure(home=home)
    assert lineage.flush(WAIT_S)
    assert stored(home) == [1]


def test_an_exporter_of_ones_own_gets_the_facts() -> None:
    """`configure(exporter=)` sends to an object of the user's, from then on."""
    exporter = MemoryExporter()
    lineage.configure(exporter=exporter)
    lineage.current_task().uses_project(1)
    assert lineage.flush(WAIT_S)
    assert [f["id"] for f in exporter.facts if f["f"] == "edge"] == [1]
    assert runtime().status().waiting == 0


def test_a_given_api_is_the_target(clean_environment: Path) -> None:
    """`configure(api=)` names the destination that the journal keeps facts for."""
    lineage.configure(api=Api("http://127.0.0.1:9", "token"))
    lineage.current_task().uses_project(1)
    report = lineage.flush(0.05)
    assert report.waiting
    runtime().abandon()
    header = next((clean_environment / "journal").glob("*.seg")).read_bytes()[:256]
    assert b"http://127.0.0.1:9" in header


@pytest.mark.parametrize("target", ["instance", "http://127.0.0.1:9/"])
def test_the_environment_names_the_target(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Addresses and the platform come from the environment, asked at first flush."""
    monkeypatch.setenv("LINEAGE_TARGET", target)
    monkeypatch.setenv("SERVER_ADDRESS", "http://127.0.0.1:9")
    monkeypatch.setenv("API_TOKEN", "token")
    reset_runtime()
    lineage.current_task().uses_project(1)
    assert "127.0.0.1:9" in why_waiting()


def test_refused_facts_are_tried_again_on_demand() -> None:
    """`retry` puts refused facts back in line; the status forgets them."""

    class Moody(MemoryExporter):
        is_well = False

        def send(self, facts: Any) -> list[DeliveryResult]:
            if self.is_well:
                return super().send(facts)
            return [DeliveryResult("rejected", "not now")] * len(facts)

    exporter = Moody()
    lineage.configure(exporter=exporter)
    lineage.current_task().uses_project(1)
    refused = lineage.flush(WAIT_S).refused
    assert len(runtime().status().refused) == len(refused) > 0
    exporter.is_well = True
    assert runtime().retry() == len(refused)
    assert lineage.flush(WAIT_S)
    assert len(exporter.facts) == len(refused)
    assert DELIVERED.status == "delivered"


def test_switching_off_and_on() -> None:
    """The switch is the process's; what is off is not recorded."""
    current = runtime()
    current.disable()
    assert not current.is_enabled
    current.enable()
    assert current.is_enabled


def test_a_runtime_of_its_own_sends_leftovers(tmp_path: Path) -> None:
    """A command-line tool delivers a home without recording anything itself."""
    assert run("record(1); os._exit(0)", tmp_path, LINEAGE_FLUSH_TIMEOUT_S="0")
    tool = Runtime()
    tool.configure(home=tmp_path)
    assert tool.flush(WAIT_S)
    tool.close()
    reset_warnings()
    assert stored(tmp_path) == [1]


def test_a_runtime_that_cannot_be_built_switches_recording_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong at the first fact: one warning, and the app runs on."""
    reset_runtime()
    build = Runtime._build

    def fail_first(self: Runtime, settings: Settings) -> None:
        monkeypatch.setattr(Runtime, "_build", build)
        raise OSError("the working directory is gone")

    monkeypatch.setattr(Runtime, "_build", fail_first)
    for number in range(1, 4):
        lineage.current_task().uses_project(number)
    assert not lineage.is_enabled()
    warned = [r for r in caplog.records if "Nothing is recorded" in r.getMessage()]
    assert len(warned) == 1
    assert "the working directory is gone" in warned[0].getMessage()


@pytest.mark.posix
def test_a_home_that_is_deleted_under_a_running_process_is_made_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Facts do not vanish in unlinked files: all of them are in the new store."""
    home = tmp_path / "home"
    lineage.configure(home=home)
    with lineage.task("one") as task:
        task.uses_project(1)
    assert lineage.flush(WAIT_S)
    shutil.rmtree(home)
    with lineage.task("two") as task:
        task.uses_project(2)
        assert list((home / "open").iterdir())
    assert lineage.flush(WAIT_S)
    lineage.current_task().uses_project(3)
    assert lineage.flush(WAIT_S)
    assert stored(home) == [1, 2, 3]
    assert list((home / "journal").glob("*.seg"))
    (warned,) = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert "has lost facts that it had confirmed" in warned
    assert f"{home / 'journal'} was deleted or replaced" in warned
