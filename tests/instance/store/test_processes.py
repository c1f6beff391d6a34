"""Several processes on one store, and the sudden death of one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lineage.instance.store import Store, open_store

WRITER = Path(__file__).parents[2] / "support" / "store_writer.py"


def start(url: str, run: str, batches: int, size: int) -> subprocess.Popen[str]:
    """Start a process that writes."""
    command = [sys.executable, str(WRITER), url, run, str(batches), str(size)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def edges_of(store: Store) -> dict[str, int]:
    """Count the edges of each run."""
    with store.db.read() as tx:
        rows = tx.all(
            "SELECT t.run, COUNT(*) FROM edges e JOIN tasks t"
            " ON t.team_id = e.team_id AND t.id = e.task_id GROUP BY t.run"
        )
    return dict(rows)  # type: ignore[arg-type]  # rows are pairs


def test_processes_write_side_by_side(store_url: str) -> None:
    """Every edge of every process is there once, from the first opening on."""
    writers = [start(store_url, f"run{at}", 10, 20) for at in range(4)]
    for writer in writers:
        writer.communicate(timeout=100)
        assert writer.returncode == 0
    store = open_store(store_url)
    assert edges_of(store) == {f"run{at}": 200 for at in range(4)}
    with store.db.read() as tx:
        entities = tx.one("SELECT COUNT(*) FROM entities")
    assert entities == (200,)
    store.close()


OPENER = """
import sys, time
from lineage.instance.store import open_store
from lineage.instance.store.migrate import known_migrations
known_migrations()
print("ready", flush=True)
begin = float(sys.stdin.readline())
for number in range(30):
    while time.time() < begin + number / 20:
        pass
    open_store(f"sqlite:///{sys.argv[1]}/{number}.db").close()
"""


def test_processes_make_a_store_at_the_same_moment(tmp_path: Path) -> None:
    """Whoever comes second waits for the first, instead of being refused."""
    command = [sys.executable, "-c", OPENER, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    openers = [subprocess.Popen(command, text=True, **pipes) for _ in range(4)]
    for opener in openers:
        assert opener.stdout is not None
        assert opener.stdout.readline() == "ready\n"
    begin = f"{time.time() + 0.2}\n"
    ends = []
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write(begin)
        opener.stdin.flush()
    for opener in openers:
        opener.communicate(timeout=100)
        ends.append(opener.returncode)
    assert ends == [0, 0, 0, 0]


@pytest.mark.parametrize("answered", [1, 7])
def test_what_was_answered_survives_a_kill(store_url: str, answered: int) -> None:
    """After SIGKILL in the middle of writing, every answered batch is there whole."""
    writer = start(store_url, "run", 10_000, 25)
    assert writer.stdout is not None
    for _ in range(answered):
        last = writer.stdout.readline().strip()
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged = [last, *writer.stdout.read().split()]
    writer.stdout.close()
    writer.wait(timeout=60)
    store = open_store(store_url)
    kept = edges_of(store)["run"]
    assert kept >= int(acknowledged[-1].rpartition("-")[2])
    assert kept % 25 == 0
    assert store.ingest(1, []).stored == 0
    store.close()


def test_a_fork_uses_connections_of_its_own(store_url: str) -> None:
    """A forked child goes on with the store; the parent's connections stay whole."""
    from store_engines import Facts

    store = open_store(store_url)
    store.ingest(1, [Facts("parent").uses("job", 1)])
    child = os.fork()
    if child == 0:
        os._exit(0 if store.ingest(1, [Facts("child").uses("job", 2)]).stored else 1)
    assert os.waitpid(child, 0)[1] == 0
    store.ingest(1, [Facts("parent").uses("job", 3, uid="p-3")])
    assert edges_of(store) == {"parent": 2, "child": 1}
    store.close()
