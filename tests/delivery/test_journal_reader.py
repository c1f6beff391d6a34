"""The reader: a disk that takes no byte more costs neither a piece nor a fact."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from journal_tools import WAIT_S, ScriptedExporter, edge, journal_at, wait_for

from lineage.delivery.flusher import Flusher
from lineage.delivery.journal_reader import JournalReader
from lineage.delivery.status import read_status
from lineage.journal import segments
from lineage.journal.directory import JournalDirectory
from lineage.journal.segments import Segment
from lineage.journal.writer import Journal


def _delivered(journal: Journal) -> list[int]:
    """Deliver what is there and let go of it; give what a exporter got."""
    exporter = ScriptedExporter()
    flusher = Flusher(journal, lambda: exporter)
    assert flusher.flush(WAIT_S)
    flusher.stop()
    return exporter.delivered


def test_a_process_at_work_adopts_what_dies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leftovers need no flush and no new process, as long as somebody is at work."""
    monkeypatch.setattr("lineage.delivery.flusher._IDLE_S", 0.02)
    monkeypatch.setattr("lineage.delivery.journal_reader._LOOK_EVERY_S", 0.0)
    exporter = ScriptedExporter()
    alive = Flusher(journal_at(tmp_path), lambda: exporter)
    alive.start()
    dead = journal_at(tmp_path)
    dead.write(edge(1))
    dead.reset_after_fork()
    wait_for(lambda: exporter.delivered == [1])
    alive.stop()


def test_a_torn_piece_that_finds_no_room_stays_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk the file is kept with it, until somebody can keep it aside."""

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    dead = journal_at(tmp_path)
    dead.write(edge(1))
    dead._active.write(b'0000 {"torn')
    dead.reset_after_fork()
    with monkeypatch.context() as full:
        full.setattr(JournalDirectory, "quarantine_piece", refuse)
        assert _delivered(journal_at(tmp_path)) == [1]
    assert _delivered(journal_at(tmp_path)) == []
    [skipped] = read_status(tmp_path).skipped
    assert b"torn" in Path(skipped).read_bytes()


def test_a_mark_that_the_disk_refuses_costs_no_other_fact_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That fact is sent again by a successor under its id; the others are done."""

    def refuse_the_first(segment: Segment, offset: int, mark: int) -> None:
        if offset == segments.HEADER:
            raise OSError(28, "No space left on device")
        whole(segment, offset, mark)

    whole = Segment.mark
    journal = journal_at(tmp_path)
    for number in (1, 2, 3):
        journal.write(edge(number))
    with monkeypatch.context() as full:
        full.setattr(Segment, "mark", refuse_the_first)
        assert _delivered(journal) == [1, 2, 3]
    assert read_status(tmp_path).waiting == 1
    assert _delivered(journal_at(tmp_path)) == [1]


def test_what_waits_to_be_sent_is_sent_without_a_look_at_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts that go one by one are not each preceded by a reading of everything."""
    polled: list[int] = []
    poll = JournalReader.poll

    def counted(reader: JournalReader, rest: Callable[[], None]) -> None:
        polled.append(len(exporter.delivered))
        poll(reader, rest)

    monkeypatch.setattr(JournalReader, "poll", counted)
    journal, exporter = journal_at(tmp_path), ScriptedExporter()
    exporter.max_batch = 1
    for number in range(50):
        journal.write(edge(number + 1))
    flusher = Flusher(journal, lambda: exporter, has_threads=False)
    assert flusher.flush(WAIT_S)
    flusher.stop()
    assert len(exporter.delivered) == 50
    assert set(polled) <= {0, 50}
