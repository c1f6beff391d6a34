"""The collector: what is known when an edge is sent, and what follows it."""

# Longer than 400 lines: each way in which a digest comes late has its test here.

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from journal_tools import (
    DELIVERED,
    WAIT_S,
    ScriptedExporter,
    journal_at,
    run_script,
    wait_for,
)

import lineage
from lineage.delivery.evidence import collector, local_file
from lineage.delivery.evidence.collector import EvidenceCollector
from lineage.delivery.evidence.digest_memory import DigestMemory
from lineage.delivery.flusher import Flusher
from lineage.errors import DeliveryError
from lineage.exporters import DeliveryResult
from lineage.recording.host_info import machine_name
from lineage.settings import Settings
from lineage.testing import capture

MACHINE = json.loads(machine_name())


class CollectorHarness:
    """A journal whose facts are delivered with their evidence."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.journal = journal_at(home)
        self.exporter = ScriptedExporter(wants_digests=True)
        self.is_away = False
        evidence = EvidenceCollector(
            self.journal.write, home, Settings(home=home, **settings)
        )
        self.flusher = Flusher(self.journal, self._target, evidence=evidence)

    def _target(self) -> ScriptedExporter:
        if self.is_away:
            raise DeliveryError("away")
        return self.exporter

    def record(self, path: Path | str, **more: Any) -> None:
        """Write an edge as the recorder does."""
        fact: dict[str, Any] = {
            "f": "edge", "task": "t", "at": time.time(), "dir": "input",
            "kind": "file", "id": str(path), "machine": MACHINE,
        }  # fmt: skip
        if "://" not in str(path):
            fact["local_path"] = str(path)
        if os.path.isfile(path):
            seen = os.stat(path)
            names = {"size": seen.st_size, "inode": seen.st_ino, "dev": seen.st_dev}
            times = {"mtime_ns": seen.st_mtime_ns, "ctime_ns": seen.st_ctime_ns}
            fact["stat"] = {**names, **times}
        text = json.dumps({**fact, **more}, separators=(",", ":"))
        assert self.journal.write(text)

    def flush(self) -> list[Mapping[str, Any]]:
        """Deliver, and return all that was sent."""
        self.flusher.flush(WAIT_S)
        return [fact for call in self.exporter.calls for fact in call]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[CollectorHarness]:
    """Make a rig, and stop it afterwards."""
    made = CollectorHarness(tmp_path / "home")
    yield made
    made.flusher.stop()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Hold back every read of a file until the event is set."""
    go_on, read = threading.Event(), local_file.read_content

    def wait(path: str, **how: Any) -> Any:
        go_on.wait(WAIT_S)
        return read(path, **how)

    monkeypatch.setattr(local_file, "read_content", wait)
    return go_on


def merged(facts: list[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Put edges and their late evidence together, as a store does."""
    found: dict[str, dict[str, Any]] = {}
    for fact in facts:
        uid = fact["edge"] if fact["f"] == "evidence" else fact["uid"]
        found.setdefault(uid, {}).update(
            {k: v for k, v in fact.items() if k not in ("uid", "f")}
        )
    return found


def test_a_process_that_may_start_no_thread_ends_at_once(
    rig: CollectorHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that is ending on Python 3.12: it looks into small files itself."""
    made = []
    real = collector.EvidenceCollector.notice

    def notice(evidence: EvidenceCollector, item: Any) -> None:
        made.append(evidence)
        real(evidence, item)

    monkeypatch.setattr(collector.EvidenceCollector, "notice", notice)
    path = tmp_path / "a"
    path.write_text("content")
    rig.record(path)
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        names = ("lineage-names", "lineage-evidence", "lineage-digests")
        if thread.name in names:
            raise RuntimeError("can't create new thread at interpreter shutdown")
        start(thread)

    with monkeypatch.context() as ending:
        ending.setattr(threading.Thread, "start", refuse)
        (sent,) = rig.flush()
    assert sent["canonical"] == f"file://{MACHINE}{path}"
    assert sent["stat"]["digest"].startswith("sha256:")
    assert made[0].is_idle()


@pytest.mark.parametrize("is_prepared", [True, False])
def test_a_large_file_is_left_where_no_thread_may_start(
    rig: CollectorHarness,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_prepared: bool,
) -> None:
    """It is looked into where a thread was started in time, else by another process."""
    monkeypatch.setattr(collector, "starts_at_exit", lambda: not is_prepared)
    (tmp_path / "first").write_text("x")
    rig.record(tmp_path / "first")
    rig.flush()
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "lineage-digests":
            raise RuntimeError("can't create new thread at interpreter shutdown")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    (tmp_path / "large").write_bytes(b"x" * 2_000_000)
    rig.record(tmp_path / "large")
    found = merged(rig.flush())
    has_digest = ["digest" in fact["stat"] for fact in found.values()]
    assert has_digest == [True, is_prepared]


def test_an_edge_carries_its_name_and_digest(
    rig: CollectorHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is found quickly rides on the edge, and no other fact is needed."""
    monkeypatch.setattr(collector, "_CONTENT_S", WAIT_S)
    path = tmp_path / "a"
    path.write_text("content")
    rig.record(path)
    rig.record("s3a://B/k")
    file, address = rig.flush()
    assert file["canonical"] == f"file://{MACHINE}{path}"
    assert file["stat"]["digest"].startswith("sha256:")
    assert address["canonical"] == "s3://b/k"
    assert address["aliases"] == ["s3a://B/k"]


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux")
@pytest.mark.parametrize("folder", ["d", os.fsdecode(b"d\xff")])
def test_a_file_whose_name_is_no_text_is_read(
    rig: CollectorHarness,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    folder: str,
) -> None:
    """Its name is shown with signs for what is no text; its bytes name the version."""
    monkeypatch.chdir(tmp_path)
    path = Path(folder, os.fsdecode(b"100%25-\xe9.csv"))
    path.parent.mkdir()
    path.write_text("content")
    with capture() as recorded, lineage.task(name="t") as task:
        task.uses_file(path)
        task.uses_folder(folder)
    for edge in recorded.edges:
        assert rig.journal.write(json.dumps(edge))
    used, listed = merged(rig.flush()).values()
    digest = f"sha256:{hashlib.sha256(b'content').hexdigest()}"
    assert used["stat"]["digest"] == digest
    assert used["canonical"].endswith("/100%25-\ufffd.csv")
    (entry,) = listed["manifest"]["entries"]
    assert entry[0] == "100%25-\ufffd.csv"
    assert entry[2] == digest


def test_an_edge_is_sent_before_its_digest(
    rig: CollectorHarness, tmp_path: Path, slow: threading.Event
) -> None:
    """The edge never waits: what is read later follows as a fact of its own."""
    path = tmp_path / "a"
    path.write_text("content")
    rig.record(path)
    rig.flusher.flush(0.2)
    wait_for(lambda: bool(rig.exporter.calls))
    (edge,) = rig.exporter.calls[0]
    assert "digest" not in edge["stat"]
    assert edge["canonical"] == f"file://{MACHINE}{path}"
    slow.set()
    (fact,) = merged(rig.flush()).values()
    assert fact["stat"]["digest"].startswith("sha256:")


def test_digests_are_taken_while_the_target_is_away(
    rig: CollectorHarness, tmp_path: Path
) -> None:
    """Both states of a file that was rewritten meanwhile have their digests."""
    path = tmp_path / "a"
    rig.is_away = True
    for content in ("Monday", "Tuesday"):
        path.write_text(content)
        rig.record(path)
        rig.flusher.flush(0.2)
        wait_for(rig.flusher._evidence.is_idle)
    path.unlink()
    rig.is_away = False
    digests = [f["stat"].get("digest") for f in merged(rig.flush()).values()]
    assert None not in digests
    assert len(set(digests)) == 2


def test_a_process_that_dies_leaves_its_digests(
    rig: CollectorHarness, tmp_path: Path
) -> None:
    """What was found for edges that cannot be sent is in the journal beside them."""
    path = tmp_path / "a"
    path.write_text("content")
    rig.is_away = True
    rig.record(path)
    rig.flusher.flush(0.2)
    rig.flusher.stop()
    rig.journal.seal()
    path.unlink()
    other = CollectorHarness(tmp_path / "home")
    (fact,) = merged(other.flush()).values()
    other.flusher.stop()
    assert fact["stat"]["digest"].startswith("sha256:")


CRASH = """
import os, sys, threading
import lineage
from lineage.delivery.evidence import local_file
local_file.read_content = lambda *a, **k: threading.Event().wait(60)
path = sys.argv[1]
open(path, "w").write("content")
with lineage.task(name="t") as task:
    task.uses_file(path)
lineage.flush(5)
os._exit(0)
"""


def test_the_next_process_finds_what_the_last_could_not(tmp_path: Path) -> None:
    """An edge that was sent without its digest gets it from whoever comes next."""
    path, home = tmp_path / "a", tmp_path / "home"
    ran = run_script(CRASH, str(path), home=home)
    assert ran.returncode == 0, ran.stderr
    other = CollectorHarness(home)
    (tmp_path / "b").write_text("of another size")
    other.record(tmp_path / "b")

    def late() -> list[Mapping[str, Any]]:
        found = [f for f in other.flush() if f["f"] == "evidence"]
        return [f for f in found if f["stat"]["size"] == len("content")]

    wait_for(lambda: bool(late()))
    (fact,) = late()
    other.flusher.stop()
    assert fact["stat"]["digest"].startswith("sha256:")


def test_a_large_file_keeps_no_other_from_its_digest(
    rig: CollectorHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One slow file costs its own digest alone."""
    go_on, read = threading.Event(), local_file.read_content

    def wait(path: str, **how: Any) -> Any:
        if path.endswith("large"):
            go_on.wait(WAIT_S)
        return read(path, **how)

    monkeypatch.setattr(local_file, "read_content", wait)
    (tmp_path / "large").write_bytes(b"x" * 2_000_000)
    (tmp_path / "small").write_text("content")
    rig.record(tmp_path / "large")
    rig.record(tmp_path / "small")
    rig.flusher.flush(0.5)
    sent = {f["id"]: f for call in rig.exporter.calls for f in call}
    assert "digest" in sent[str(tmp_path / "small")]["stat"]
    assert "digest" not in sent[str(tmp_path / "large")]["stat"]
    go_on.set()
    assert all("digest" in fact["stat"] for fact in merged(rig.flush()).values())


def test_a_disk_that_hangs_delays_no_edge_for_long(
    rig: CollectorHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path that cannot be resolved in time is named as it was written."""
    go_on, real = threading.Event(), os.path.realpath

    def hang(path: str) -> str:
        go_on.wait(WAIT_S)
        return real(path)

    monkeypatch.setattr("lineage.delivery.evidence.locations.os.path.realpath", hang)
    rig.record(tmp_path / "a")
    rig.flusher.flush(3)
    (edge,) = [f for call in rig.exporter.calls for f in call]
    assert edge["canonical"] == f"file://{MACHINE}{tmp_path}/a"
    go_on.set()


def test_an_output_is_read_when_its_step_has_ended(
    rig: CollectorHarness, tmp_path: Path
) -> None:
    """The state comes with evidence of the recorder's own, and its digest with it."""
    path = tmp_path / "a"
    rig.record(path, dir="output", uid="source-1")
    path.write_text("content")
    seen = path.stat()
    stat = {"size": 7, "mtime_ns": seen.st_mtime_ns, "inode": seen.st_ino}
    rig.record(path, f="evidence", edge="source-1", stat=stat)
    facts = merged(rig.flush())
    assert list(facts) == ["source-1"]
    assert facts["source-1"]["stat"]["digest"].startswith("sha256:")


def test_a_target_without_use_for_evidence_gets_none(tmp_path: Path) -> None:
    """Facts pass unchanged, and nothing is read any more."""
    rig = CollectorHarness(tmp_path / "home")
    rig.exporter.wants_digests = False
    path = tmp_path / "a"
    path.write_text("content")
    for _ in range(2):
        rig.record(path)
        rig.flush()
    facts = rig.flush()
    rig.flusher.stop()
    assert {fact["f"] for fact in facts} == {"edge"}
    assert not any("canonical" in fact or "digest" in fact["stat"] for fact in facts)


def test_a_folder_is_listed_in_the_background(
    rig: CollectorHarness, tmp_path: Path
) -> None:
    """The manifest names the files, and the version covers all of them."""
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / "a").write_text("1")
    rig.record(folder, kind="folder")
    (fact,) = merged(rig.flush()).values()
    assert [entry[0] for entry in fact["manifest"]["entries"]] == ["a"]
    assert fact["evidence"][0]["kind"] == "dirhash-h1"


def test_without_threads_all_is_found_at_once(tmp_path: Path) -> None:
    """An interpreter that must not have threads has evidence nevertheless."""
    journal = journal_at(tmp_path / "home")
    exporter = ScriptedExporter(wants_digests=True)
    flusher = Flusher(journal, lambda: exporter, has_threads=False)
    path = tmp_path / "a"
    path.write_text("content")
    rig = CollectorHarness.__new__(CollectorHarness)
    rig.journal = journal
    rig.record(path)
    assert flusher.flush(WAIT_S)
    assert exporter.calls[0][0]["stat"]["digest"].startswith("sha256:")
    flusher.stop()


def test_what_is_sent_without_its_digest_is_noted_before_it_is_sent(
    rig: CollectorHarness, tmp_path: Path, slow: threading.Event
) -> None:
    """A process that is killed once its edge is delivered owes the digest to others."""
    noted: list[int] = []

    def look(fact: Mapping[str, Any]) -> DeliveryResult:
        with closing(sqlite3.connect(tmp_path / "home" / "digests.sqlite")) as db:
            noted.extend(db.execute("SELECT COUNT(*) FROM wanted").fetchone())
        return DELIVERED

    rig.exporter.judge = look
    for name in "abc":
        (tmp_path / name).write_text(f"content of {name}")
        rig.record(tmp_path / name)
    rig.flusher.flush(0.5)
    slow.set()
    rig.flush()
    assert noted[0] == 3


def test_a_digest_that_the_journal_refused_is_left_to_the_next_process(
    tmp_path: Path, slow: threading.Event
) -> None:
    """Its edge stays noted: the digest is nowhere else."""
    rig = CollectorHarness(tmp_path / "home")
    (tmp_path / "a").write_text("content")
    rig.record(tmp_path / "a")
    rig.flusher.flush(0.5)
    rig.flusher._evidence._write = lambda _: False
    slow.set()
    rig.flush()
    rig.flusher.stop()
    with closing(sqlite3.connect(tmp_path / "home" / "digests.sqlite")) as db:
        assert db.execute("SELECT COUNT(*) FROM wanted").fetchone() == (1,)


def test_a_flush_waits_for_what_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that is short ends with its flush: it would never look into it."""
    path, home = tmp_path / "a", tmp_path / "home"
    ran = run_script(CRASH, str(path), home=home)
    assert ran.returncode == 0, ran.stderr
    adopt = DigestMemory.adopt

    def adopt_slowly(memory: DigestMemory) -> list[tuple[str, str]]:
        time.sleep(0.2)  # As on a machine that is busy.
        return adopt(memory)

    monkeypatch.setattr(DigestMemory, "adopt", adopt_slowly)
    other = CollectorHarness(home)
    (tmp_path / "b").write_text("of another size")
    other.record(tmp_path / "b")
    late = [f for f in other.flush() if f["f"] == "evidence"]
    other.flusher.stop()
    assert [f["stat"]["size"] for f in late] == [len("content")]
