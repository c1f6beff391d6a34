"""Forks at bad moments: the child records, delivers and warns as if it were new."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from runtime_tools import run, stored

from lineage.recording import fork_guard

#: Only POSIX forks.
pytestmark = pytest.mark.posix


def test_a_fork_waits_until_the_instance_is_loaded(tmp_path: Path) -> None:
    """A child of a fork in the middle of the flusher's import has whole modules."""
    body = """
begun, forking = threading.Event(), threading.Event()
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "lineage.instance.store.ingest":
            begun.set()
            assert forking.wait(20)
sys.meta_path.insert(0, Finder())
# Called before the hooks that were registered earlier.
os.register_at_fork(before=forking.set)
record(1)
assert begun.wait(20)
pid = os.fork()
record(2 if pid else 3)
assert lineage.flush(20)
if pid == 0:
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
"""
    ran = run(body, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert stored(tmp_path) == [1, 2, 3]


def test_a_fork_is_not_held_for_ever(tmp_path: Path) -> None:
    """An import that does not come to its end holds a fork for a bounded time."""
    body = """
from lineage.recording import fork_guard
fork_guard._LONGEST_S = 0.05
inside, done = threading.Event(), threading.Event()
def load():
    with fork_guard.no_fork():
        inside.set()
        done.wait(50)
thread = threading.Thread(target=load)
thread.start()
assert inside.wait(20)
for _ in range(2):
    pid = os.fork()
    if pid == 0:
        with fork_guard.no_fork():
            os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
done.set()
thread.join()
with fork_guard.no_fork():
    print("open again")
"""
    assert run(body, tmp_path).stdout == "open again\n"
    assert fork_guard._LONGEST_S > 1


def test_a_child_warns_though_a_thread_of_its_parent_was_warning(
    tmp_path: Path,
) -> None:
    """No lock that another thread held at the fork stays closed in the child."""
    body = """
from lineage import errors
inside, done = threading.Event(), threading.Event()
def warn():
    with errors.throttle._lock:
        inside.set()
        done.wait(50)
thread = threading.Thread(target=warn)
thread.start()
assert inside.wait(20)
pid = os.fork()
if pid == 0:
    signal.alarm(20)
    errors.warn_rarely("key", "logged")
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
done.set()
thread.join()
"""
    ran = run(body, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "logged" in ran.stderr


FORKS = """
import time, warnings
record(1)
assert lineage.flush(20)
idle = threading.Thread(target=time.sleep, args=(60,), daemon=True)
def fork():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
    return len(seen)
print(fork(), fork())
idle.start()
print(fork())
"""


def test_our_threads_cause_no_warning_when_the_app_forks(tmp_path: Path) -> None:
    """Python 3.12 and newer warn of the app's own threads, as without lineage."""
    ran = run(FORKS, tmp_path)
    own = int(sys.version_info >= (3, 12))
    assert ran.stdout == f"0 0\n{own}\n", ran.stderr


def test_forks_in_the_middle_of_a_delivery_all_deliver(tmp_path: Path) -> None:
    """No child inherits a lock of the store that the parent's thread held."""
    body = """
for number in range(1, 200):
    record(number)
children = []
for number in range(200, 208):
    pid = os.fork()
    if pid == 0:
        record(number)
        os._exit(0 if lineage.flush(50) else 1)
    children.append(pid)
    record(1000 + number)
assert lineage.flush(50)
assert all(os.waitpid(pid, 0)[1] == 0 for pid in children)
"""
    ran = run(body, tmp_path)
    assert ran.returncode == 0, ran.stderr
    expected = [*range(1, 208), *range(1200, 1208)]
    assert stored(tmp_path) == expected


def test_a_child_imports_again_what_its_parent_had_half_imported(
    tmp_path: Path,
) -> None:
    """On a busy machine the import takes longer than a fork is held: it delivers."""
    body = """
from lineage.recording import fork_guard
fork_guard._LONGEST_S = 0.05
from importlib.machinery import SourceFileLoader
begun, forked = threading.Event(), threading.Event()
execute = SourceFileLoader.exec_module
def execute_slowly(loader, module):
    if module.__name__ == "lineage.instance.store.ingest" and not begun.is_set():
        begun.set()
        assert forked.wait(20)
    execute(loader, module)
SourceFileLoader.exec_module = execute_slowly
record(1)
assert begun.wait(20)
pid = os.fork()
if pid == 0:
    record(3)
    os._exit(0 if lineage.flush(50) else 1)
forked.set()
record(2)
assert lineage.flush(50)
assert os.waitpid(pid, 0)[1] == 0
"""
    ran = run(body, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert stored(tmp_path) == [1, 2, 3]


def test_a_child_does_not_wait_for_an_import_of_a_thread_it_lacks(
    tmp_path: Path,
) -> None:
    """Whatever another thread imports at the fork, the child imports by itself."""
    (tmp_path / "slow_module.py").write_text(
        "import threading\nthreading.begun.set()\nthreading.go_on.wait(20)\nvalue = 7\n"
    )
    body = f"""
sys.path.insert(0, {str(tmp_path)!r})
threading.begun, threading.go_on = threading.Event(), threading.Event()
thread = threading.Thread(target=__import__, args=("slow_module",))
thread.start()
assert threading.begun.wait(20)
pid = os.fork()
threading.go_on.set()
if pid == 0:
    signal.alarm(20)
    import slow_module
    os._exit(0 if slow_module.value == 7 else 1)
thread.join()
import slow_module
assert slow_module.value == 7
assert os.waitpid(pid, 0)[1] == 0
"""
    ran = run(body, tmp_path / "home")
    assert ran.returncode == 0, ran.stderr


def test_a_child_keeps_no_pipe_of_a_program_that_is_being_started(
    tmp_path: Path,
) -> None:
    """A worker that lives on does not hold up the delivery of its parent."""
    body = """
begun, forked, count = threading.Event(), threading.Event(), []
make_pipe = os.pipe
def pipe():
    made = make_pipe()
    if threading.current_thread().name == "lineage-flusher":
        count.append(made)
        if len(count) == 2:  # The first one is for what `git` prints.
            begun.set()
            forked.wait(0.5)
    return made
end, still_open = make_pipe()
os.pipe = pipe
record(1)
assert begun.wait(20)
pid = os.fork()
if pid == 0:
    os.close(still_open)
    os.read(end, 1)  # Until the parent ends, or is done.
    os._exit(0)
forked.set()
assert lineage.flush(20)
os.close(still_open)
assert os.waitpid(pid, 0)[1] == 0
"""
    ran = run(body, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert stored(tmp_path) == [1]
