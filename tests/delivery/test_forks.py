"""Forks at bad moments: the child records, delivers and warns as if it were new."""

from __future__ import annotations

from pathlib import Path

from runtime_tools import run, stored

from lineage.recording import fork_guard


def test_a_fork_waits_until_the_instance_is_loaded(tmp_path: Path) -> None:
    """A child of a fork in the middle of the flusher's import has whole modules."""
    body = """
begun, forking = threading.Event(), threading.Event()
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "lineage.instance.services":
            begun.set()
            assert forking.wait(20)
sys.meta_path.insert(0, Finder())
# Called before the hooks that were registered earlier.
os.register_at_fork(before=forking.set)
say(1)
assert begun.wait(20)
pid = os.fork()
say(2 if pid else 3)
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
    errors.warn_rarely("key", "told")
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
done.set()
thread.join()
"""
    ran = run(body, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "told" in ran.stderr
