"""Where the interpreter has no lock of its own, the journal's writes take one."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from mmap import mmap
from pathlib import Path

import pytest
from journal_tools import edge, journal_at

from lineage import threads
from lineage.journal import records, segments
from lineage.journal.directory import JournalDirectory
from lineage.journal.file_map import LockedMap

THREADS, FACTS = 4, 60


class ManyStepMap(mmap):
    """A map that is written in several steps, as without the interpreter's lock."""

    def write(self, data: bytes) -> int:
        """Append; other threads come in between."""
        at = self.tell()
        middle = at + len(data) // 2
        self[at:middle] = data[: middle - at]
        time.sleep(0.0001)
        self[middle : at + len(data)] = data[middle - at :]
        self.seek(at + len(data))
        return len(data)


@pytest.fixture
def no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter whose threads run side by side."""
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)


def _side_by_side(work: Callable[[int], None]) -> None:
    running = [threading.Thread(target=work, args=(n,)) for n in range(THREADS)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def _recorded(home: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Record from several threads at once: how many facts are there, and torn."""
    monkeypatch.setattr(segments.mmap, "mmap", ManyStepMap)
    journal = journal_at(home)
    journal.write(edge(0))

    def record(thread: int) -> None:
        for number in range(FACTS):
            journal.write(edge(1 + thread * FACTS + number))

    _side_by_side(record)
    lines = torn = 0
    for path in JournalDirectory(home).files_with_suffix(segments.SUFFIX):
        found, broken = records.read(path.read_bytes()[segments.HEADER :])
        lines, torn = lines + len({line.text for line in found}), torn + len(broken)
    return lines, torn


@pytest.mark.usefixtures("no_lock")
def test_threads_side_by_side_lose_no_fact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each fact is whole, and none is written over another."""
    assert _recorded(tmp_path, monkeypatch) == (1 + THREADS * FACTS, 0)


def test_the_map_of_this_test_needs_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one it loses facts: what the test above shows is the lock's doing."""
    monkeypatch.setattr(threads, "has_gil", lambda: True)
    lines, _ = _recorded(tmp_path, monkeypatch)
    assert lines < 1 + THREADS * FACTS


def test_a_lock_is_taken_only_where_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the interpreter's lock a write is one call of the map."""
    monkeypatch.setattr(threads, "has_gil", lambda: True)
    assert isinstance(segments.create_in_memory(segments.PAGE).view, mmap)
    monkeypatch.setattr(threads, "has_gil", lambda: False)
    made = segments.create(tmp_path, segments.SMALLEST_SIZE, "local")
    assert isinstance(made.view, LockedMap)
    made.discard()


@pytest.mark.usefixtures("no_lock")
def test_numbers_are_given_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps get their keys from one counter, whatever thread they run in."""

    class ManySteps:
        """Counts in several steps."""

        number = 0

        def __next__(self) -> int:
            number = self.number + 1
            time.sleep(0)
            self.number = number
            return number

    monkeypatch.setattr(threads.itertools, "count", lambda _first: ManySteps())
    count, given = threads.counter(), list[int]()
    _side_by_side(lambda _: given.extend(count() for _ in range(200)))
    assert sorted(given) == list(range(1, 1 + THREADS * 200))


@pytest.mark.usefixtures("no_lock")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_child_lets_go_of_a_map_that_its_parent_writes() -> None:
    """The lock may be held by a thread that the child does not have."""
    segment = segments.create_in_memory(segments.PAGE)
    is_held, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        with segment.view._lock:
            is_held.set()
            is_over.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    assert is_held.wait(20)
    child = os.fork()
    if child == 0:
        segment.release()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    is_over.set()
    holder.join()
    assert os.waitstatus_to_exitcode(status) == 0
