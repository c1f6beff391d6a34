"""Disks that are really full and really read-only: the app runs on, no fact is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from mount_tools import MAY_NOT, namespace, run_on_disk

pytestmark = [
    pytest.mark.posix,
    pytest.mark.slow,
    pytest.mark.skipif(namespace() is None, reason=MAY_NOT),
]


def ran_well(body: str, place: Path, **how: str) -> str:
    """Run a program on a disk of its own; give what it logged."""
    ran = run_on_disk(body, place / "disk", **how)
    assert ran.returncode == 0, ran.stderr
    return ran.stderr


def test_a_disk_that_is_full_from_the_start(tmp_path: Path) -> None:
    """Facts wait in memory, which is logged once, and are delivered from there."""
    body = """
fill()
lineage.configure(exporter=exporter)
work_off(1, 5000)
assert lineage.flush(20)
assert arrived() == list(range(1, 5000))
assert not segments()
"""
    assert ran_well(body, tmp_path).count("facts are kept in memory") == 1


def test_a_disk_that_becomes_full_while_threads_record(tmp_path: Path) -> None:
    """Nobody is killed by a page without a block; each fact arrives once."""
    body = """
lineage.configure(exporter=exporter)
def go(start):
    work_off(start, start + 4000)
threads = [threading.Thread(target=go, args=(n * 10_000,)) for n in (1, 2, 3)]
work(1)
for thread in threads:
    thread.start()
fill()
for thread in threads:
    thread.join()
assert lineage.flush(30)
expected = [1, *(n * 10_000 + i for n in (1, 2, 3) for i in range(4000))]
assert sorted(arrived()) == expected
"""
    ran_well(body, tmp_path)


def test_what_was_allocated_before_is_written_on_a_full_disk(tmp_path: Path) -> None:
    """Facts in the segment in use survive the process, though the disk is full."""
    body = """
from lineage.exporters import DeliveryResult
class Away:
    max_batch, in_flight, wants_digests, ordering_key = 1000, 1, False, None
    def send(self, facts):
        away = DeliveryResult("waiting", "away", is_transport_error=True)
        return [away] * len(facts)
pid = os.fork()
if pid == 0:
    lineage.configure(exporter=Away())
    work(1)
    fill()
    work_off(2, 400)
    os.kill(os.getpid(), signal.SIGKILL)
assert os.waitpid(pid, 0)[1] == signal.SIGKILL
lineage.configure(exporter=exporter)
assert lineage.flush(20)
assert arrived() == list(range(1, 400))
assert not segments()
"""
    assert "kept in memory" not in ran_well(body, tmp_path)


def test_a_disk_that_has_room_again_is_used_again(tmp_path: Path) -> None:
    """After memory the journal goes on on the disk, and survives a kill there."""
    body = """
from lineage.exporters import DeliveryResult
is_away = [True]
class Moody(MemoryExporter):
    def send(self, facts):
        if is_away[0]:
            away = DeliveryResult("waiting", "away", is_transport_error=True)
            return [away] * len(facts)
        return super().send(facts)
moody = Moody()
fill()
lineage.configure(exporter=moody)
work_off(1, 3000)
assert not segments()
free()
number = 3000
while not segments():
    work_off(number, number + 10)
    number += 10
    assert number < 100_000
is_away[0] = False
assert lineage.flush(30)
assert arrived(moody) == list(range(1, number))
"""
    ran_well(body, tmp_path)


def test_a_disk_that_becomes_read_only_and_writable_again(tmp_path: Path) -> None:
    """The open segment goes on, later ones are in memory; nothing is left behind."""
    body = """
lineage.configure(exporter=exporter)
work_off(1, 100)
make_read_only()
work_off(100, 6000)
assert lineage.flush(20)
assert arrived() == list(range(1, 6000))
make_writable()
work_off(6000, 9000)
assert lineage.flush(20)
assert arrived() == list(range(1, 9000))
runtime().close()
assert not segments()
"""
    printed = ran_well(body, tmp_path)
    assert "cannot be written ([Errno 30] Read-only file system" in printed


def test_leftovers_on_a_read_only_disk_wait_and_are_reported(tmp_path: Path) -> None:
    """They are not taken for delivered, and delivered when the disk is writable."""
    body = """
pid = os.fork()
if pid == 0:
    os.environ["LINEAGE_FLUSH_TIMEOUT_S"] = "0"
    lineage.configure(exporter=exporter)
    runtime().flusher.stop()
    work_off(1, 10)
    os.kill(os.getpid(), signal.SIGKILL)
os.waitpid(pid, 0)
make_read_only()
assert read_status(home).waiting >= 9
words = [sys.executable, "-m", "lineage"]
ran = subprocess.run([*words, "flush", "--home", home], capture_output=True, text=True)
assert ran.returncode == 2, ran
assert "cannot be opened for writing (Read-only file system)" in ran.stdout
assert subprocess.run([*words, "status", "--home", home]).returncode == 0
make_writable()
lineage.configure(exporter=exporter)
assert lineage.flush(20)
assert arrived() == list(range(1, 10))
"""
    ran_well(body, tmp_path)


def test_facts_wait_until_the_embedded_store_has_room(tmp_path: Path) -> None:
    """A full disk under SQLite costs no fact, also when the process is killed."""
    body = """
import sqlite3, time
def stored():
    with sqlite3.connect(home / "instance.db") as store:
        rows = store.execute("SELECT count(*) FROM edges").fetchone()
    store.close()
    return rows[0]
def flush_to_full():
    until = time.monotonic() + 30  # A busy machine needs long for a first attempt.
    report = lineage.flush(1)
    while "full" not in report.reason and time.monotonic() < until:
        report = lineage.flush(1)
    return report
pid = os.fork()
if pid == 0:
    work_off(1, 100)
    assert lineage.flush(20)
    fill()
    work_off(100, 400)
    report = flush_to_full()
    assert report.waiting and "full" in report.reason, report
    os.kill(os.getpid(), signal.SIGKILL)
assert os.waitpid(pid, 0)[1] == signal.SIGKILL
report = flush_to_full()
assert report.waiting and "full" in report.reason, report
free()
assert lineage.flush(20)
assert stored() == 399
assert not segments()
"""
    ran_well(body, tmp_path)


def test_a_refusal_that_finds_no_room_leaves_the_fact_waiting(tmp_path: Path) -> None:
    """Half a refusal is none: the fact is refused again when there is room."""
    body = """
from lineage.exporters import DeliveryResult
from lineage.runtime import reset_runtime
is_away = [True]
class Refusing(MemoryExporter):
    def send(self, facts):
        if is_away[0]:
            away = DeliveryResult("waiting", "away", is_transport_error=True)
            return [away] * len(facts)
        return [DeliveryResult("rejected", "no such project")] * len(facts)
lineage.configure(exporter=Refusing())
runtime().journal.write('{"f":"edge","dir":"input","kind":"project","id":"%s"}'
                        % ("x" * 9000))
fill(leave=4096)
is_away[0] = False
assert len(lineage.flush(2).refused) == 1
status = read_status(home)
assert (status.waiting, status.refused) == (1, ())
free()
reset_runtime()
lineage.configure(exporter=Refusing())
assert len(lineage.flush(2).refused) == 1
[refused] = read_status(home).refused
assert refused.reason == "no such project"
"""
    assert "A refused fact cannot be kept" in ran_well(body, tmp_path)


def test_what_is_lost_with_the_process_is_reported(tmp_path: Path) -> None:
    """Where nothing could be written nor delivered, the end says how much that was."""
    body = """
home.mkdir()
make_read_only()
work_off(1, 10)
"""
    printed = ran_well(body, tmp_path, LINEAGE_FLUSH_TIMEOUT_S="5")
    assert "facts are lost with this process" in printed
    assert "instance.db" in printed
