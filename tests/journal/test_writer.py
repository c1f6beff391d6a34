"""The journal: facts are kept from the return of `write` on."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path

import pytest
from journal_tools import edge, journal_at

from lineage.delivery.status import read_status
from lineage.journal import records, segments
from lineage.journal.directory import JournalDirectory
from lineage.journal.file_map import FileMap
from lineage.system import sync, write_at


def _texts(home: Path) -> list[str]:
    found = []
    for path in JournalDirectory(home).files_with_suffix(segments.SUFFIX):
        data = path.read_bytes()[segments.HEADER :]
        found += [line.text.decode() for line in records.read(data)[0]]
    return found


def test_a_written_fact_is_in_the_file_at_once(tmp_path: Path) -> None:
    """When `write` returns, another process can read the fact."""
    journal = journal_at(tmp_path)
    assert journal.write('{"a":1}')
    assert journal.write_many(['{"b":2}', '{"c":3}'])
    assert _texts(tmp_path) == ['{"a":1}', '{"b":2}', '{"c":3}']


def test_nothing_is_made_before_the_first_fact(tmp_path: Path) -> None:
    """A process that records nothing leaves no trace."""
    home = tmp_path / "home"
    journal = journal_at(home)
    assert not home.exists()
    journal.write("{}")
    assert (home / ".gitignore").read_text().splitlines()[-1] == "*"


def test_unencodable_text_is_kept(tmp_path: Path) -> None:
    """Halves of surrogate pairs do not cost the fact."""
    journal = journal_at(tmp_path)
    assert journal.write('{"a":"\ud800"}')
    assert journal.write_many(['{"a":"\udfff"}', "{}"])
    assert _texts(tmp_path) == ['{"a":"?"}', '{"a":"?"}', "{}"]


def test_a_fact_larger_than_a_segment_is_kept(tmp_path: Path) -> None:
    """A segment is made as large as the fact needs."""
    journal = journal_at(tmp_path)
    large = '{"a":"' + "x" * (segments.FIRST_SIZE * 2) + '"}'
    assert journal.write("{}")
    assert journal.write(large)
    assert _texts(tmp_path) == ["{}", large]


def test_many_threads_lose_nothing_over_many_segments(tmp_path: Path) -> None:
    """Threads that rotate at the same moment each keep their facts, in order."""
    journal = journal_at(tmp_path)
    padding = "x" * 2000
    count = 400

    def write(number: int) -> None:
        for i in range(count):
            assert journal.write(f'{{"n":"{number}-{i}","p":"{padding}"}}')

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [text[6 : text.index('","p')] for text in _texts(tmp_path)]
    for number in range(4):
        mine = [name for name in found if name.startswith(f"{number}-")]
        assert sorted(mine) == sorted(f"{number}-{i}" for i in range(count))
    assert len(journal.pop_new_segments()) > 3


def test_a_signal_handler_may_record_in_the_middle_of_recording(tmp_path: Path) -> None:
    """A handler that records while its thread records neither hangs nor tears."""
    journal = journal_at(tmp_path)
    heard = 0

    def handler(*_: object) -> None:
        nonlocal heard
        heard += 1
        journal.write(edge(-heard, padding="x" * 500))
        # On a busy machine the next signal may be there before the next fact.
        if heard < 2000:
            signal.setitimer(signal.ITIMER_REAL, 0.0003)

    former = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0003)
    try:
        for number in range(3000):
            journal.write(edge(number, padding="x" * 500))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
    assert heard
    assert len(_texts(tmp_path)) == 3000 + heard


def test_beyond_the_limit_the_newest_are_dropped_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """At the limit the app runs on, warned once, and others learn the number."""
    journal = journal_at(tmp_path, max_mb=0.25)
    large = edge(1, padding="x" * 10_000)
    kept = sum(journal.write(large) for _ in range(60))
    assert kept == len(_texts(tmp_path)) < 60
    assert journal.dropped == 60 - kept
    assert caplog.text.count("LINEAGE_JOURNAL_MAX_MB") == 1
    journal.note_dropped()
    journal.note_dropped()
    assert read_status(tmp_path).dropped == 60 - kept


def test_room_is_used_again_when_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the queue is delivered, new facts are kept again."""
    monkeypatch.setattr("lineage.journal.writer._LOOK_AGAIN_S", 0.0)
    journal = journal_at(tmp_path, max_mb=0.25)
    large = edge(1, padding="x" * 10_000)
    while journal.write(large):
        continue
    for segment in journal.pop_new_segments():
        segment.discard()
    assert journal.write(large)


@pytest.mark.parametrize("obstacle", ["home", "journal"])
def test_where_nothing_can_be_written_facts_stay_in_memory(
    obstacle: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A home that cannot be made is logged once; facts wait in memory, bounded."""
    home = tmp_path / "home"
    if obstacle == "home":
        home.write_text("a file in the folder's place")
    else:
        home.mkdir()
        (home / "journal").write_text("a file in the folder's place")
    journal = journal_at(home, max_mb=1)
    assert all(journal.write(edge(number)) for number in range(3000))
    assert caplog.text.count("kept in memory") == 1
    assert len(journal.pop_new_segments()) >= 2
    while journal.write(edge(0, padding="x" * 10_000)):
        continue
    assert journal.dropped == 1


@pytest.mark.posix
def test_a_full_disk_moves_facts_to_memory(tmp_path: Path) -> None:
    """When the disk has no block left, the process is not killed by its own map."""
    script = """
import resource, sys
sys.path[:0] = sys.argv[2:]
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from pathlib import Path
from journal_tools import edge, journal_at
journal = journal_at(Path(sys.argv[1]))
assert all(journal.write(edge(n, padding="x" * 1000)) for n in range(2000))
paths = [segment.path is None for segment in journal.pop_new_segments()]
assert paths[0] is False and paths[-1] is True, paths
print("ran on")
"""
    from journal_tools import run_script

    support = str(Path(__file__).parent.parent / "support")
    ran = run_script(script, str(tmp_path), support)
    assert ran.stdout == "ran on\n", ran.stderr


def test_a_file_system_without_maps_is_written_by_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a file cannot be mapped, facts are in the file all the same."""

    def refuse(*_: object) -> None:
        raise OSError(19, "No such device")

    monkeypatch.setattr("lineage.journal.segments.mmap.mmap", refuse)
    journal = journal_at(tmp_path)
    for number in range(2000):
        assert journal.write(edge(number, padding="x" * 200))
    assert len(_texts(tmp_path)) == 2000
    first, *_ = journal.pop_new_segments()
    assert isinstance(first.view, FileMap)
    found, _ = first.read_new()
    first.open_lines = 1
    first.mark(found[0].offset, records.DELIVERED)
    assert len(_texts(tmp_path)) == 2000
    assert read_status(tmp_path).waiting == 1999
    first.discard()
    assert first.room() == 0


@pytest.mark.parametrize("taken", ["nothing", "a part"])
def test_calls_that_the_disk_refuses_lead_to_the_next_segment(
    taken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that copies on write may be full in allocated space: nothing is lost."""
    calls, pwrite = 0, write_at

    def full(fd: int, data: bytes, at: int) -> int:
        nonlocal calls
        calls += len(data) > 100
        if calls != 3:
            return pwrite(fd, data, at)
        if taken == "nothing":
            raise OSError(28, "No space left on device")
        return pwrite(fd, data[:50], at)

    def refuse(*_: object) -> None:
        raise OSError(19, "No such device")

    monkeypatch.setattr("lineage.journal.segments.mmap.mmap", refuse)
    journal = journal_at(tmp_path)
    assert journal.write(edge(0))
    monkeypatch.setattr("lineage.journal.file_map.write_at", full)
    assert all(journal.write(edge(n, padding="x" * 200)) for n in range(1, 9))
    assert [json.loads(text)["id"] for text in _texts(tmp_path)] == list(range(9))
    assert len(JournalDirectory(tmp_path).files_with_suffix(segments.SUFFIX)) == 2


def test_the_next_segment_is_ready_before_it_is_needed(tmp_path: Path) -> None:
    """The flusher makes spares, so that no app's thread has to."""
    journal = journal_at(tmp_path)
    journal.prepare()
    journal.write("{}")
    journal.prepare()
    assert len(JournalDirectory(tmp_path).files_with_suffix(segments.SUFFIX)) == 1
    journal.write('{"a":"' + "x" * (segments.FIRST_SIZE // 2) + '"}')
    journal.prepare()
    journal.prepare()
    ready = JournalDirectory(tmp_path).files_with_suffix(segments.SUFFIX)
    assert len(ready) == 2
    journal.write('{"a":"' + "x" * (segments.FIRST_SIZE // 2) + '"}')
    assert JournalDirectory(tmp_path).files_with_suffix(segments.SUFFIX) == ready
    assert len(_texts(tmp_path)) == 3


def test_a_journal_that_was_closed_makes_no_file_ahead(tmp_path: Path) -> None:
    """Once it is sealed nobody is about to write: an exit leaves nothing behind."""
    journal = journal_at(tmp_path)
    journal.write("{}")
    journal.seal()
    journal.prepare()
    assert len(JournalDirectory(tmp_path).files_with_suffix(segments.SUFFIX)) == 1


def test_power_mode_syncs_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In mode `power` a write returns after the disk has confirmed it."""
    synced: list[int] = []
    real = sync

    def noted(fd: int, view: object) -> None:
        synced.append(fd)
        real(fd, view)

    monkeypatch.setattr("lineage.journal.writer.sync", noted)
    journal = journal_at(tmp_path, sync="power")
    assert journal.write("{}")
    assert journal.write_many(["{}", "{}"])
    assert len(synced) == 2
    assert journal.write('{"a":"' + "x" * segments.FIRST_SIZE + '"}')
    # The full segment and its successor.
    assert len(synced) == 4


def test_a_failing_disk_is_reported_in_power_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fact that could not be brought to the disk is not said to be kept."""

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("lineage.journal.writer.sync", fail)
    journal = journal_at(tmp_path, sync="power")
    assert not journal.write("{}")
    assert journal.dropped == 1


def test_one_write_wakes(tmp_path: Path) -> None:
    """A flusher that waits is woken by one write, and not by the next."""
    journal = journal_at(tmp_path)
    journal.write("{}")
    rings: list[None] = []
    journal.call_on_write(lambda: rings.append(None))
    journal.write("{}")
    journal.write_many(["{}"])
    assert len(rings) == 1


def test_delivery_that_cannot_start_does_not_cost_the_fact(tmp_path: Path) -> None:
    """What goes wrong after the first write is logged, and the fact is kept."""

    def fail() -> None:
        raise RuntimeError("can't start new thread")

    journal = journal_at(tmp_path, on_open=fail)
    assert journal.write("{}")
    assert len(_texts(tmp_path)) == 1
