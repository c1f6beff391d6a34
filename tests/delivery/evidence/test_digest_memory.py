"""Digests that are remembered in a file of the home."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from lineage.delivery.evidence import digest_memory
from lineage.delivery.evidence.collector import EvidenceCollector
from lineage.delivery.evidence.digest_memory import FILE, DigestMemory, Remembered

FIRST = (1, 2, 3, 4, 5)
LATER = (1, 2, 3, 6, 7)


def test_the_next_process_knows_what_was_read(tmp_path: Path) -> None:
    """A digest is found by the state of its file alone."""
    memory = DigestMemory(tmp_path)
    memory.put(FIRST, Remembered("a"))
    memory.close()
    again = DigestMemory(tmp_path)
    assert again.get(FIRST) == Remembered("a")
    assert again.get(LATER) is None
    again.close()


def test_a_thread_that_comes_after_the_end_opens_no_file(tmp_path: Path) -> None:
    """It is served from memory: nobody would close what it opened."""
    memory = DigestMemory(tmp_path)
    memory.put(FIRST, Remembered("a"))
    memory.close()
    memory.put(LATER, Remembered("b"))
    assert memory.get(LATER) == Remembered("b")
    again = DigestMemory(tmp_path)
    assert again.get(LATER) is None
    again.close()


def test_a_stopped_collector_opens_no_file_but_the_child_of_a_fork_does(
    tmp_path: Path,
) -> None:
    """The end of a parent is not that of its child."""
    collector = EvidenceCollector(lambda _: True, tmp_path, has_threads=False)
    collector.stop()
    late = collector._memory_ready()
    late.put(FIRST, Remembered("a"))
    assert not (tmp_path / FILE).exists()
    collector.reset_after_fork()
    own = collector._memory_ready()
    own.put(FIRST, Remembered("a"))
    assert (tmp_path / FILE).exists()
    collector.stop()


def test_edges_are_noted_once_another_process_lets_go_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is held for long is left alone for a while, not for good."""
    monkeypatch.setattr(digest_memory, "_BUSY_S", 0.01)
    now = 100.0
    monkeypatch.setattr(digest_memory.time, "monotonic", lambda: now)
    memory = DigestMemory(tmp_path, "host")
    memory.want([("e-1", "{}")])
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as other:
        other.execute("BEGIN EXCLUSIVE")
        memory.want([("e-2", "{}"), ("e-3", "{}")])
        other.rollback()
    memory.found("e-3")
    memory.want([("e-4", "{}")])
    now += digest_memory._PAUSE_S + 1
    memory.want([])
    memory.close()
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as db:
        noted = db.execute("SELECT uid FROM wanted ORDER BY uid").fetchall()
    assert noted == [("e-1",), ("e-2",), ("e-4",)]


def test_edges_of_a_process_that_had_the_same_number_are_taken_over(
    tmp_path: Path,
) -> None:
    """A container that is started again gives its program the number it had before."""
    former = DigestMemory(tmp_path, "host")
    former.want([("e-1", "{}"), ("e-2", "{}")])
    former.found("e-2")
    former.close()
    now = DigestMemory(tmp_path, "host")
    now.want([("e-3", "{}")])
    assert now.adopt() == [("e-1", "{}")]
    assert now.adopt() == []
    now.close()
