"""The journal's folder, refusals, status and target: what lies there, and who may."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zlib import crc32

import pytest
from journal_tools import edge, journal_at

from lineage.api.version import UNKNOWN, InstanceVersion, VersionCache
from lineage.delivery.exporter_resolver import ExporterResolver
from lineage.delivery.exporters import BatchExporter, PlatformExporter
from lineage.delivery.status import read_status
from lineage.errors import DeliveryError
from lineage.journal import dead_letters, records, segments
from lineage.journal import directory as folder_module
from lineage.journal.directory import DROPPED, JournalDirectory
from lineage.system import locked


@pytest.fixture
def folder(tmp_path: Path) -> JournalDirectory:
    """Return a folder that is made."""
    made = JournalDirectory(tmp_path)
    made.make()
    return made


def test_an_unfinished_segment_is_removed_when_old_and_free(
    folder: JournalDirectory,
) -> None:
    """Its maker died; a fresh one, or one whose maker works, is left."""
    old, fresh, busy = (folder.path / f"{n}{segments.UNFINISHED}" for n in "abc")
    for path in (old, fresh, busy):
        path.write_bytes(b"")
    for path in (old, busy):
        os.utime(path, (time.time() - 120,) * 2)
    with busy.open("r+b") as held:
        assert locked(held.fileno())
        folder.remove_unfinished()
    assert not old.exists()
    assert fresh.exists()
    assert busy.exists()


def test_a_segment_of_the_first_version_is_read_on(folder: JournalDirectory) -> None:
    """Its lines have another checksum; a dead process's facts are still delivered."""
    text = b'{"f":"edge"}'
    line = b"%08x %b\n" % (crc32(text), text)
    header = (segments.MAGIC + b"1 local").ljust(segments.HEADER - 1) + b"\n"
    (folder.path / f"old{segments.SUFFIX}").write_bytes(header + line + bytes(50))
    (segment,) = folder.adopt("local")
    found, torn = segment.read_new()
    segment.release()
    assert [line.text for line in found] == [text]
    assert torn == []


def test_foreign_and_newer_files_are_not_sent(
    folder: JournalDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    """A foreign file is kept aside, a newer lineage's segment left where it is."""
    foreign = folder.path / f"foreign{segments.SUFFIX}"
    foreign.write_bytes(b"holiday pictures")
    newer = folder.path / f"newer{segments.SUFFIX}"
    newer.write_bytes(segments.MAGIC + b"99 local\n")
    assert folder.adopt("local") == []
    assert not foreign.exists()
    assert newer.exists()
    assert read_status(folder.home).skipped == (str(folder.aside / foreign.name),)
    assert "newer lineage" in caplog.text


def test_what_is_kept_aside_is_never_replaced(folder: JournalDirectory) -> None:
    """Files of one name are kept beside each other, also where a rename refuses."""
    contents = [b"first", b"second", b"third"]
    for content in contents:
        (folder.path / f"foreign{segments.SUFFIX}").write_bytes(content)
        folder.adopt("local")
    assert folder.files_with_suffix(segments.SUFFIX) == []
    kept = [path.read_bytes() for path in folder.aside.iterdir()]
    assert sorted(kept) == contents


def test_what_cannot_be_opened_is_passed_by(
    folder: JournalDirectory,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file that went meanwhile is nothing; one that cannot be read is reported."""
    journal_at(folder.home).write(edge(1))
    [good] = folder.files_with_suffix(segments.SUFFIX)
    gone, bad = folder.path / "gone.seg", folder.path / "bad.seg"
    bad.mkdir()
    found = {segments.SUFFIX: [gone, bad, good]}
    monkeypatch.setattr(
        JournalDirectory, "files_with_suffix", lambda _, end: found.get(end, [])
    )
    assert folder.adopt("elsewhere") == []
    assert "bad.seg cannot be opened" in caplog.text
    assert "gone.seg" not in caplog.text
    assert read_status(folder.home).waiting == 1


def test_a_file_that_cannot_be_moved_aside_keeps_no_other_back(
    folder: JournalDirectory,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the disk refuses, a foreign file stays, and a good one is adopted."""

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (folder.path / f"a{segments.SUFFIX}").write_bytes(b"holiday pictures")
    dead = journal_at(folder.home)
    dead.write(edge(1))
    dead.reset_after_fork()
    monkeypatch.setattr(JournalDirectory, "quarantine_file", refuse)
    [good] = folder.adopt("local")
    assert good.unread() == 1
    assert "a.seg cannot be taken over" in caplog.text
    good.release()


def test_a_gitignore_that_found_no_room_is_written_later(tmp_path: Path) -> None:
    """An empty one was begun on a full disk."""
    (tmp_path / ".gitignore").write_bytes(b"")
    JournalDirectory(tmp_path).make()
    assert (tmp_path / ".gitignore").read_text().splitlines()[-1] == "*"


def test_a_file_that_goes_while_it_is_measured_has_no_size(
    folder: JournalDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may deliver a segment at any moment."""
    (folder.path / "a.seg").write_bytes(b"12345")
    (folder.aside / "x").parent.mkdir()
    (folder.aside / "x").write_bytes(b"123")
    assert folder.size() == 8
    entries = [entry for entry in os.scandir(folder.path) if entry.is_file()]
    (folder.path / "a.seg").unlink()
    monkeypatch.setattr(folder_module, "_entries", lambda _: entries)
    assert folder.size() == 0


def test_a_held_segment_counts_only_when_its_maker_is_dead(
    folder: JournalDirectory,
) -> None:
    """The lock of a living maker, or under another name, is nobody's leftover."""
    dead = f"1-{2**22 + 1:x}-0"
    for name in (dead, f"2-{os.getpid():x}-0", "odd"):
        (folder.path / f"{name}.seg").write_bytes(segments.header("local"))
    held = [path.open("r+b") for path in folder.path.glob("*.seg")]
    assert all(locked(file.fileno()) for file in held)
    assert folder.adopt("local") == []
    assert folder.held == [f"{dead}.seg"]
    for file in held:
        file.close()


def test_dropped_facts_are_summed_over_processes(folder: JournalDirectory) -> None:
    """Each process adds a line; what is no number does not count."""
    assert folder.dropped() == 0
    folder.note_dropped(3)
    folder.note_dropped(4)
    with (folder.path / DROPPED).open("a") as file:
        file.write("\n12 many\n")
    assert read_status(folder.home).dropped == 7
    (folder.path / DROPPED).write_bytes(b"\xff\xfe")
    assert folder.dropped() == 0


def test_a_status_records_the_oldest_of_what_waits(tmp_path: Path) -> None:
    """Facts without a readable time are counted, and have no age."""
    assert read_status(tmp_path).oldest_at is None
    for number, text in enumerate(("[1]", "{not json", edge(1, at=5.5))):
        journal_at(tmp_path).write(text)
        assert read_status(tmp_path).waiting == number + 1
    status = read_status(tmp_path)
    assert status.oldest_at == 5.5
    assert status.oldest_s(7.5) == 2.0


def test_refusals_are_reported_oldest_first_and_released_once(
    folder: JournalDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release makes segments of them; a second one finds nothing."""
    for name, uid in (("b", "b-1"), ("a", "a-1"), ("a", "a-1")):
        dead_letters.keep(folder, "local", name, {"f": "edge", "uid": uid}, "bad")
    assert [refusal.uid for refusal in dead_letters.read(folder)] == ["b-1", "a-1"]
    found = folder.files_with_suffix(dead_letters.SUFFIX)
    assert dead_letters.release(folder) == 2
    assert read_status(folder.home).refused == ()
    [one, other] = folder.adopt("local")
    assert {len(one.read_new()[0]), len(other.read_new()[0])} == {1, 2}
    for segment in (one, other):
        segment.release()
    # Another process renames them between our look and our hand.
    monkeypatch.setattr(JournalDirectory, "files_with_suffix", lambda *_: found)
    assert dead_letters.release(folder) == 0
    assert dead_letters.read(folder) == []


@pytest.mark.posix
def test_a_refusal_is_never_written_into_a_file_that_was_released(
    folder: JournalDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the file is renamed between opening and lock, a new one is begun."""
    dead_letters.keep(folder, "local", "a", {"uid": "a-1"}, "bad")

    def renamed_meanwhile(fd: int, *, wait: bool = False) -> bool:
        monkeypatch.undo()
        dead_letters.release(folder)
        return locked(fd, wait=wait)

    monkeypatch.setattr(dead_letters, "locked", renamed_meanwhile)
    dead_letters.keep(folder, "local", "a", {"uid": "a-2"}, "bad")
    assert [refusal.uid for refusal in dead_letters.read(folder)] == ["a-2"]
    [released] = folder.files_with_suffix(segments.SUFFIX)
    assert len(records.read(released.read_bytes()[segments.HEADER :])[0]) == 1


class Platform(SimpleNamespace):
    """An api whose version is answered as it was set up."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        cache = VersionCache(lambda: self.answer)
        super().__init__(versions=cache, server_address="http://x", facts=object())
        self.task_id = 1

    def post(self, method: str, data: Any) -> Any:
        """Never called here."""
        raise AssertionError(method, data)


def announcing(most: int) -> dict[str, Any]:
    """Return the answer of an instance of ours."""
    names = ["lineage.facts.add"]
    announced = {"protocol": 1, "version": "1", "max_batch": most, "endpoints": names}
    return {
        "version": "6.18.3",
        "lineage": announced,
    }


def test_the_exporter_follows_what_the_instance_announces() -> None:
    """Batches where announced, edges where not, and again after an upgrade."""
    api = Platform(announcing(10))
    target = ExporterResolver(lambda: api)
    batches = target()
    assert isinstance(batches, BatchExporter)
    assert target() is batches
    api.answer = announcing(20)
    api.versions.forget()
    assert target().max_batch == 20
    api.answer = {"version": "6.12.44"}
    api.versions.forget()
    edges = target()
    assert isinstance(edges, PlatformExporter)
    assert target() is edges


@pytest.mark.parametrize("answer", [["other"], {}, {"version": UNKNOWN}])
def test_an_instance_that_records_no_version_keeps_facts_waiting(answer: Any) -> None:
    """It is asked again at the next attempt, and may be well by then."""
    api = Platform(answer)
    target = ExporterResolver(lambda: api)
    with pytest.raises(DeliveryError, match="does not announce its version"):
        target()
    api.answer = announcing(10)
    assert isinstance(target(), BatchExporter)


def test_an_api_without_our_version_cache_gets_edges() -> None:
    """The platform's SDK speaks the platform's way only."""
    api = SimpleNamespace(post=lambda *_: None, task_id=1, instance_version="6.12.44")
    assert isinstance(ExporterResolver(lambda: api)(), PlatformExporter)
    assert InstanceVersion("6.12.44").announced is None
