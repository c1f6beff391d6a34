"""Ends of processes that are neither a plain exit nor a plain SIGTERM."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from journal_tools import WAIT_S, run_script
from runtime_tools import PRELUDE, run, stored

import lineage

SUBINTERPRETERS = """
import sys
if sys.version_info >= (3, 13):
    import _interpreters as inside
    make = lambda: inside.create("legacy")
else:
    import _xxsubinterpreters as inside
    make = lambda: inside.create(isolated=False)
"""


CTRL_C = "os.kill(os.getpid(), signal.SIGINT); time.sleep(50)"


@pytest.mark.parametrize("recording", ["record(1)", "lineage.flush(0)"])
@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("1 / 0", 1),
        (CTRL_C, -signal.SIGINT),
        (f"try: {CTRL_C}\nexcept KeyboardInterrupt: sys.exit(5)", 5),
        (f"def end():\n    {CTRL_C}\nimport runpy; end()", -signal.SIGINT),
    ],
    ids=["exception", "Ctrl-C", "handled", "deep"],
)
def test_an_unhandled_end_delivers_and_stays_what_it_is(
    end: str, code: int, recording: str, tmp_path: Path
) -> None:
    """An exception or Ctrl-C is an exit like any other, with the code it had."""
    app = tmp_path / "app.py"
    app.write_text(f"{PRELUDE}\nimport time\n{recording}\n{end}\n")
    ran = run_script(app, home=tmp_path / "home")
    assert ran.returncode == code, ran.stderr
    assert stored(tmp_path / "home") == ([1] if recording == "record(1)" else [])


def test_ctrl_c_in_a_module_stays_the_end_by_a_signal(tmp_path: Path) -> None:
    """A program that was started by `python -m` ends as it would without lineage."""
    (tmp_path / "app.py").write_text(f"{PRELUDE}\nimport time\nrecord(1)\n{CTRL_C}\n")
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    environ["LINEAGE_FLUSH_TIMEOUT_S"] = "30"
    ran = subprocess.run(
        [sys.executable, "-m", "app"], env=environ, capture_output=True
    )
    assert ran.returncode == -signal.SIGINT, ran.stderr


def test_ctrl_c_stays_the_end_by_a_signal_beside_a_delivery_at_work(
    tmp_path: Path,
) -> None:
    """What a slow delivery evaluates after our exit handler does not change it."""
    body = """
import atexit, time
atexit.register(time.sleep, 0.3)  # runs after ours, with the delivery beside it
class Evaluating:
    max_batch, in_flight, wants_digests, ordering_key = 1, 1, False, None
    def send(self, facts):
        while True:
            exec("1")
lineage.configure(exporter=Evaluating())
record(1)
"""
    app = tmp_path / "app.py"
    app.write_text(f"{PRELUDE}\n{body}\n{CTRL_C}\n")
    ran = run_script(app, home=tmp_path / "home", LINEAGE_FLUSH_TIMEOUT_S="0.3")
    assert ran.returncode == -signal.SIGINT, ran.stderr
    assert "not delivered" in ran.stderr


def test_a_handler_set_after_the_first_fact_replaces_ours(tmp_path: Path) -> None:
    """The app's later handler alone is called; its exit delivers."""
    body = """
record(1)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
os.kill(os.getpid(), signal.SIGTERM)
threading.Event().wait(30)
"""
    ran = run(body, tmp_path)
    assert ran.returncode == 7, ran.stderr
    assert stored(tmp_path) == [1]


@pytest.mark.posix
def test_sigterm_after_the_first_fact_of_a_thread_delivers(tmp_path: Path) -> None:
    """The main thread sets the handler as soon as it runs Python code again."""
    body = """
t = threading.Thread(target=record, args=(1,)); t.start(); t.join()
os.kill(os.getpid(), signal.SIGTERM)
threading.Event().wait(30)
"""
    ran = run(body, tmp_path)
    assert ran.returncode == -signal.SIGTERM, ran.stderr
    assert stored(tmp_path) == [1]


@pytest.mark.posix
def test_sigterm_during_a_call_into_c_delivers_when_it_returns(tmp_path: Path) -> None:
    """The handler runs after the call, as any handler of Python."""
    body = """
import hashlib
record(1)
begun = threading.Event()
def kill():
    begun.wait(30)
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=kill).start()
begun.set()
hashlib.pbkdf2_hmac("sha256", b"", b"", 3_000_000)
threading.Event().wait(30)
"""
    ran = run(body, tmp_path)
    assert ran.returncode == -signal.SIGTERM, ran.stderr
    assert stored(tmp_path) == [1]


@pytest.mark.posix
def test_terminated_workers_deliver_as_by_any_sigterm(tmp_path: Path) -> None:
    """`Pool.terminate` sends SIGTERM, which is handled in workers, too."""
    app = tmp_path / "app.py"
    app.write_text(
        PRELUDE
        + """
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(record, range(1, 9))
"""
    )
    ran = run_script(app, home=tmp_path / "home")
    assert ran.returncode == 0, ran.stderr
    lineage.configure(home=tmp_path / "home")
    assert lineage.flush(WAIT_S)
    assert stored(tmp_path / "home") == list(range(1, 9))


#: The thread that gets the signal only notes it: the main thread waits in C, as it does
#: when it is woken at a queue of its pool in vain, at the very moment of the signal.
MISSED = """
def wait_for_ever(turn):
    if RECORDS:
        record(1)
    def end():
        import time
        time.sleep(0.2)
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    threading.Thread(target=end, daemon=True).start()
    turn.acquire()

if __name__ == "__main__":
    context = multiprocessing.get_context(METHOD)
    turn = context.Lock()
    turn.acquire()
    worker = context.Process(target=wait_for_ever, args=(turn,))
    worker.start()
    worker.join(60)
    print(worker.exitcode)
    worker.kill()
"""


@pytest.mark.posix
@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("records", [True, False])
def test_a_worker_ends_by_a_signal_that_its_main_thread_missed(
    method: str, records: bool, tmp_path: Path
) -> None:
    """The app that ends its workers never waits for one that noted the signal only."""
    app = tmp_path / "app.py"
    head = f"METHOD, RECORDS = {method!r}, {records}\n"
    if method == "fork":
        head += "record(2)\n"
    app.write_text(PRELUDE + head + MISSED)
    ran = run_script(app, home=tmp_path / "home")
    assert ran.stdout.split() == [str(-signal.SIGTERM)], ran.stderr
    lineage.configure(home=tmp_path / "home")
    assert lineage.flush(WAIT_S)
    expected = [1] * records + [2] * (method == "fork")
    assert stored(tmp_path / "home") == expected


@pytest.mark.posix
@pytest.mark.parametrize("signals", ["signal.SIG_DFL", "own"])
def test_a_forked_child_that_records_nothing_has_the_handler_of_the_app(
    signals: str, tmp_path: Path
) -> None:
    """It would be ended as without lineage, at any moment; its own child, too."""
    body = f"""
def own(*_): ...
signal.signal(signal.SIGTERM, {signals})
record(1)
ours = signal.getsignal(signal.SIGTERM)
assert ours not in (own, signal.SIG_DFL)
def look():
    assert signal.getsignal(signal.SIGTERM) == {signals}
    assert signal.set_wakeup_fd(-1) == -1
def work():
    look()
    record(2)
    assert signal.getsignal(signal.SIGTERM) == ours
    assert (pid := os.fork()) or not look() and os._exit(5)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
    sys.exit(6)
worker = multiprocessing.get_context("fork").Process(target=work)
worker.start(); worker.join(60)
assert worker.exitcode == 6, worker.exitcode
assert signal.getsignal(signal.SIGTERM) == ours
"""
    ran = run(body, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert stored(tmp_path) == [1, 2]


def test_facts_recorded_after_our_exit_handler_wait(tmp_path: Path) -> None:
    """A handler that runs after ours is heard, and its fact delivered by the next."""
    body = """
import atexit
def last():
    record(2)
    os._exit(0)
atexit.register(last)
record(1)
"""
    assert run(body, tmp_path, LINEAGE_TARGET="http://127.0.0.1:9").returncode == 0
    kept = [path.read_bytes() for path in (tmp_path / "journal").glob("*.seg")]
    assert b'"id":2' in b"".join(kept)


def test_an_interpreter_inside_of_another_delivers_when_it_ends(
    tmp_path: Path,
) -> None:
    """It gets no thread of ours, which would end the process with the interpreter."""
    inner = """
import lineage, threading
lineage.current_task().uses_project(1)
assert threading.active_count() == 1
assert lineage.flush(20)
lineage.current_task().uses_project(2)
"""
    body = f"""
{SUBINTERPRETERS}
inner = make()
inside.run_string(inner, {inner!r})
inside.destroy(inner)
print("still here")
"""
    ran = run_script(body, home=tmp_path)
    assert (ran.returncode, ran.stdout) == (0, "still here\n"), ran.stderr
    assert stored(tmp_path) == [1, 2]


UVICORN = """
import asyncio, os, signal, threading
import uvicorn
import lineage

def record(number):
    lineage.current_task().uses_project(number)

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                record(3)
                return

def first():
    record(1)
    asyncio.run_coroutine_threadsafe(later(), loop)

async def later():
    record(2)
    os.kill(os.getpid(), signal.SIGTERM)

async def main():
    global loop
    loop = asyncio.get_running_loop()
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    loop.call_later(1.0, lambda: threading.Thread(target=first).start())
    await server.serve()

asyncio.run(main())
"""


@pytest.mark.posix
def test_uvicorn_stopped_by_sigterm_delivers_everything(tmp_path: Path) -> None:
    """Also what was recorded first by a thread, and last at its shutdown."""
    ran = run_script(UVICORN, home=tmp_path)
    assert ran.returncode == -signal.SIGTERM, ran.stderr
    assert stored(tmp_path) == [1, 2, 3]


WRAPPER = """
import sys, types
wrapper = types.ModuleType("supervisely.function_wrapper")
exec('''
import os
def main_wrapper(name, main):
    try:
        main()
    except Exception:
        os._exit(1)
''', wrapper.__dict__)
sys.modules["supervisely.function_wrapper"] = wrapper
def main():
    record(1)
    1 / 0
wrapper.main_wrapper("main", main)
"""


def test_a_wrapper_that_ends_the_process_hard_delivers_before(tmp_path: Path) -> None:
    """The SDK's `main_wrapper` calls `os._exit(1)`: the task ends with its error."""
    ran = run(WRAPPER, tmp_path)
    assert ran.returncode == 1, ran.stderr
    assert stored(tmp_path) == [1]
    with closing(sqlite3.connect(tmp_path / "instance.db")) as store:
        ends = store.execute("SELECT status, error FROM tasks").fetchall()
    assert [(status, "ZeroDivisionError" in error) for status, error in ends] == [
        ("error", True)
    ]
