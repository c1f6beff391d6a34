"""The flusher: everything arrives, in order, once; trouble keeps nothing else back."""

# Longer than 400 lines: each row of docs/delivery.md about the flusher has its test.

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from journal_tools import WAIT_S, ScriptedExporter, edge, journal_at, wait_for

from lineage.delivery import flusher
from lineage.delivery.flusher import Flusher
from lineage.delivery.report import DeliveryReport
from lineage.delivery.status import read_status
from lineage.errors import DeliveryError
from lineage.exporters import DELIVERED, DeliveryResult
from lineage.journal import dead_letters, segments
from lineage.journal.writer import Journal

GENERAL = DeliveryResult("waiting", "the instance is away", is_transport_error=True)
ALONE = DeliveryResult("waiting", "this one fails")


class FlusherHarness:
    """A journal with a flusher."""

    def __init__(self, home: Path, exporter: ScriptedExporter, **how: Any) -> None:
        self.home = home
        self.exporter = exporter
        self.journal: Journal = journal_at(home, **how.pop("journal", {}))
        self.flusher = Flusher(self.journal, lambda: exporter, **how)

    def write(self, *numbers: int, **more: Any) -> None:
        """Record edges."""
        for number in numbers:
            assert self.journal.write(edge(number, **more))


@pytest.fixture
def rigs(tmp_path: Path) -> Iterator[Any]:
    """Make rigs, and stop them afterwards."""
    made: list[FlusherHarness] = []

    def make(exporter: ScriptedExporter | None = None, **how: Any) -> FlusherHarness:
        made.append(
            FlusherHarness(
                how.pop("home", tmp_path), exporter or ScriptedExporter(), **how
            )
        )
        return made[-1]

    yield make
    for rig in made:
        rig.flusher.stop()


def until(
    rig: FlusherHarness, condition: Callable[[DeliveryReport], bool]
) -> DeliveryReport:
    """Flush until the report is as expected."""
    reports: list[DeliveryReport] = []

    def is_so() -> bool:
        reports.append(rig.flusher.flush(0.1))
        return condition(reports[-1])

    wait_for(is_so)
    return reports[-1]


def test_flush_delivers_in_order_and_deletes_the_files(rigs: Any) -> None:
    """A flush brings everything in the order recorded; nothing is left behind."""
    rig = rigs()
    rig.write(*range(5000))
    report = rig.flusher.flush(WAIT_S)
    assert report
    assert report.delivered == 5000
    assert rig.exporter.delivered == list(range(5000))
    rig.flusher.remove_delivered()
    assert not rig.journal.folder.files_with_suffix(segments.SUFFIX)


def test_the_background_delivers_on_its_own(rigs: Any) -> None:
    """Once started, what is recorded later is delivered, too."""
    rig = rigs()
    rig.write(1)
    rig.flusher.start()
    wait_for(lambda: rig.exporter.delivered == [1])
    rig.write(2)
    wait_for(lambda: rig.exporter.delivered == [1, 2])


def test_nobody_is_woken_while_facts_are_on_their_way(
    rigs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No flush can end then, unless the receiver is away; the last answer wakes it."""
    answers: list[DeliveryResult] = []
    rig = rigs(ScriptedExporter(lambda _: answers[-1]), has_threads=False)
    woken: list[int] = []
    wake = rig.flusher._changed.notify_all
    monkeypatch.setattr(
        rig.flusher._changed, "notify_all", lambda: (woken.append(1), wake())
    )
    for others, answer, times in (
        (1, DELIVERED, 0),
        (0, DELIVERED, 1),
        (1, GENERAL, 1),
    ):
        answers.append(answer)
        rig.write(len(answers))
        rig.flusher.queue.in_flight += others
        rig.flusher._cycle()
        rig.flusher.queue.in_flight -= others
        assert len(woken) == times
        woken.clear()


def test_while_facts_keep_coming_nobody_has_to_wake_it(rigs: Any) -> None:
    """A call wakes a flusher that rests; one that had work looks again by itself."""
    rig = rigs(has_threads=False)
    for fresh, is_armed in ((1, False), (None, True)):
        if fresh is not None:
            rig.write(fresh)
        while rig.flusher._cycle():
            continue
        rig.flusher.wake()  # or the rest would take its time
        rig.flusher._wait_for_work()
        assert rig.journal._has_more is is_armed
    assert rig.exporter.delivered == [1]


def test_the_app_is_not_held_by_an_exporter_that_hangs(rigs: Any) -> None:
    """While a call hangs, recording goes on, and a flush ends at its deadline."""
    go_on = threading.Event()

    def hang(_fact: Mapping[str, Any]) -> DeliveryResult:
        go_on.wait(WAIT_S)
        return DELIVERED

    rig = rigs(ScriptedExporter(hang))
    rig.write(1)
    rig.flusher.start()
    wait_for(lambda: bool(rig.exporter.calls))
    rig.write(2)
    report = rig.flusher.flush(0.01)
    assert not report
    assert report.waiting == 2
    go_on.set()
    assert rig.flusher.flush(WAIT_S)


def test_an_absent_instance_keeps_all_waiting_in_order(rigs: Any) -> None:
    """When nothing gets through, all waits, and comes in order afterwards."""
    away = [GENERAL]
    rig = rigs(ScriptedExporter(lambda _: away[0]))
    rig.write(1, 2, 3)
    report = until(rig, lambda report: report.reason is not None)
    assert (report.waiting, report.reason) == (3, "the instance is away")
    assert "3 waiting: the instance is away" in str(report)
    away[0] = DELIVERED
    assert rig.flusher.flush(WAIT_S)
    assert rig.exporter.delivered == [1, 2, 3]


def test_an_unreachable_target_is_reported_and_tried_again(rigs: Any) -> None:
    """A target that cannot be resolved keeps facts waiting with its reason."""
    rig = rigs()
    failures = [DeliveryError("nobody is there")]

    def target() -> ScriptedExporter:
        if failures:
            raise failures[0]
        return rig.exporter

    rig.flusher._target = target
    rig.write(1)
    until(rig, lambda report: report.reason == "nobody is there")
    failures.clear()
    assert rig.flusher.flush(WAIT_S)


def test_one_failing_fact_keeps_no_other_back(rigs: Any) -> None:
    """A fact that fails alone waits alone, and comes when it can."""
    failing = {2}
    rig = rigs(ScriptedExporter(lambda f: ALONE if f["id"] in failing else DELIVERED))
    rig.write(1, 2, 3)
    until(rig, lambda report: report.waiting == 1)
    assert rig.exporter.delivered == [1, 3]
    failing.clear()
    assert rig.flusher.flush(WAIT_S)
    assert rig.exporter.delivered == [1, 3, 2]


def test_order_is_kept_in_a_lane_while_others_pass(rigs: Any) -> None:
    """With many in flight, facts of one ordering_key go one after the other."""
    failing = {1}
    exporter = ScriptedExporter(
        lambda f: ALONE if f["id"] in failing else DELIVERED,
        max_batch=1, in_flight=8, ordering_key=lambda f: f["task"],
    )  # fmt: skip
    rig = rigs(exporter)
    rig.write(1, 2, task="a")
    rig.write(*range(10, 40), task="b")
    until(rig, lambda report: report.waiting == 2)
    assert sorted(exporter.delivered) == list(range(10, 40))
    # One of ordering_key `b` at a time, and so in order.
    assert exporter.delivered == sorted(exporter.delivered)
    failing.clear()
    assert rig.flusher.flush(WAIT_S)
    assert exporter.delivered[-2:] == [1, 2]


def test_many_are_in_flight_but_not_more_than_bounded(rigs: Any) -> None:
    """One-edge exporters get as many calls at once as they allow."""
    lock, now, most = threading.Lock(), [0], [0]
    full = threading.Event()

    def judge(_fact: Mapping[str, Any]) -> DeliveryResult:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
            if now[0] == 4:
                full.set()
        full.wait(WAIT_S)
        with lock:
            now[0] -= 1
        return DELIVERED

    rig = rigs(ScriptedExporter(judge, max_batch=1, in_flight=4))
    rig.write(*range(30))
    assert rig.flusher.flush(WAIT_S)
    assert most[0] == 4


def test_refused_facts_are_set_aside_and_can_be_tried_again(rigs: Any) -> None:
    """A rejected fact is kept with its reason, and sent again with its uid."""
    result = [DeliveryResult("rejected", "no such project")]
    rig = rigs(ScriptedExporter(lambda f: result[0] if f["id"] == 2 else DELIVERED))
    rig.write(1, 2)
    report = rig.flusher.flush(WAIT_S)
    assert not report
    assert report.waiting == 0
    [refusal] = report.refused
    assert "no such project" in str(report)
    [kept] = read_status(rig.home).refused
    assert (kept.uid, kept.reason) == (refusal.uid, "no such project")
    assert json.loads(kept.fact)["id"] == 2
    result[0] = DELIVERED
    rig.flusher.forget_refused()
    assert dead_letters.release(rig.journal.folder) == 1
    assert rig.flusher.flush(WAIT_S)
    assert rig.exporter.calls[-1][0]["uid"] == refusal.uid
    assert "refused" not in rig.exporter.calls[-1][0]
    assert not read_status(rig.home).refused


def test_facts_that_waited_too_long_are_set_aside(rigs: Any) -> None:
    """The age is bounded: what waits longer is kept with the reason."""
    rig = rigs(ScriptedExporter(lambda _: GENERAL), max_age_s=60.0)
    rig.write(1)
    rig.journal.write(edge(2, at=time.time() - 61))
    report = until(rig, lambda report: bool(report.refused))
    assert report.waiting == 1
    assert [r.reason for r in report.refused] == [
        "waited too long: the instance is away"
    ]


def test_lines_that_are_no_facts_are_set_aside(rigs: Any) -> None:
    """What is no JSON object never reaches the exporter, and is kept."""
    rig = rigs()
    rig.journal.write("[1]")
    rig.write(1)
    report = rig.flusher.flush(WAIT_S)
    assert rig.exporter.delivered == [1]
    assert [r.reason for r in report.refused] == ["is no JSON object"]


def test_a_wrong_exporter_loses_nothing(rigs: Any) -> None:
    """Whatever an exporter of the user's own does wrong, facts wait."""
    rig = rigs()
    send = rig.exporter.send
    rig.exporter.send = lambda facts: []
    rig.write(1)
    until(rig, lambda report: "returned 0 results for 1 facts" in (report.reason or ""))

    def fail(_facts: Any) -> Any:
        raise KeyError("a bug of the user's")

    rig.exporter.send = fail
    until(rig, lambda report: "a bug of the user's" in (report.reason or ""))
    rig.exporter.send = send
    assert rig.flusher.flush(WAIT_S)


def test_leftovers_are_adopted_by_one_of_many(rigs: Any, tmp_path: Path) -> None:
    """Flushers that start together deliver what a dead process left exactly once."""
    dead = journal_at(tmp_path)
    for number in range(300):
        dead.write(edge(number))
    dead.reset_after_fork()
    exporter = ScriptedExporter()
    many = [rigs(exporter) for _ in range(6)]
    threads = [threading.Thread(target=r.flusher.flush, args=(WAIT_S,)) for r in many]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_for(lambda: read_status(tmp_path).waiting == 0)
    assert sorted(exporter.delivered) == list(range(300))


def test_leftovers_for_another_destination_are_left_alone(
    rigs: Any, tmp_path: Path
) -> None:
    """What was recorded for one instance is never sent to another."""
    dead = journal_at(tmp_path, destination="https://platform.example.com/" + "x" * 300)
    dead.write(edge(1))
    dead.reset_after_fork()
    rig = rigs()
    assert rig.flusher.flush(WAIT_S)
    assert rig.exporter.delivered == []
    assert read_status(tmp_path).waiting == 1


def test_torn_foreign_and_newer_files_are_kept_aside(rigs: Any, tmp_path: Path) -> None:
    """What cannot be read is reported and kept; all that is valid around it arrives."""
    dead = journal_at(tmp_path)
    dead.write(edge(1))
    dead._active.write(b'0000 {"torn')
    dead.reset_after_fork()
    folder = dead.folder
    [whole] = folder.files_with_suffix(segments.SUFFIX)
    (folder.path / "foreign.seg").write_bytes(b"not ours")
    (folder.path / "notes.txt").write_text("left alone")
    newer = folder.path / "newer.seg"
    header = segments.header("local").replace(b" %d " % segments.VERSION, b" 9 ", 1)
    newer.write_bytes(header + whole.read_bytes()[segments.HEADER :])
    rig = rigs()
    assert rig.flusher.flush(WAIT_S)
    assert rig.exporter.delivered == [1]
    assert newer.exists()
    assert (folder.path / "notes.txt").exists()
    skipped = [Path(name).suffix for name in read_status(tmp_path).skipped]
    assert sorted(skipped) == [".seg", ".torn"]


def test_an_edge_does_not_wait_for_its_digest(rigs: Any, tmp_path: Path) -> None:
    """What is known of a large file later follows its edge as a fact of its own."""
    large = tmp_path / "large"
    large.write_bytes(b"x" * 3_000_000)
    seen = large.stat()
    stat = {"size": seen.st_size, "mtime_ns": seen.st_mtime_ns, "inode": seen.st_ino}
    rig = rigs(ScriptedExporter(wants_digests=True), home=tmp_path / "home")
    rig.write(1, stat=stat, local_path=str(large), kind="file")
    rig.write(2)
    rig.write(3, stat={**stat, "size": 1}, local_path=str(large), kind="file")
    assert rig.flusher.flush(WAIT_S)
    stats: dict[str, Any] = {}
    for fact in (fact for call in rig.exporter.calls for fact in call):
        if "stat" in fact:
            stats[fact.get("edge", fact["uid"])] = fact["stat"]
    digested, changed = stats.values()
    assert digested["digest"].startswith("sha256:")
    assert changed["changed"] is True


def test_without_threads_a_flush_delivers_by_itself(
    rigs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no thread can be started (an ending interpreter), flush does the work."""

    def refuse(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread at interpreter shutdown")

    rig = rigs()
    rig.write(1, 2)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert rig.flusher.flush(WAIT_S)
    assert rig.exporter.delivered == [1, 2]


def test_nothing_waits_while_another_thread_starts(
    rigs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start may take long; a report, and what others deliver, go on meanwhile."""
    is_let, begun, start = threading.Event(), threading.Event(), threading.Thread.start
    let: list[bool] = []

    def start_slowly(thread: threading.Thread) -> None:
        if threading.current_thread().name == "lineage-flusher":
            begun.set()
            let.append(is_let.wait(WAIT_S))
        start(thread)

    rig = rigs(ScriptedExporter(max_batch=1, in_flight=3))
    monkeypatch.setattr(threading.Thread, "start", start_slowly)
    rig.write(1, 2)
    rig.flusher.start()
    assert begun.wait(WAIT_S)
    assert rig.flusher.report().waiting == 2
    is_let.set()
    wait_for(lambda: sorted(rig.exporter.delivered) == [1, 2])
    assert all(let), "the report waited for the start"


def test_a_thread_that_did_not_start_is_not_counted(
    rigs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system had no room for threads, later ones are started all the same."""
    start, together = threading.Thread.start, threading.Barrier(3)
    rig = rigs(ScriptedExporter(max_batch=1, in_flight=3))

    def refuse(thread: threading.Thread) -> None:
        if threading.current_thread().name == "lineage-flusher":
            raise RuntimeError("can't start new thread")
        start(thread)

    with monkeypatch.context() as crowded:
        crowded.setattr(threading.Thread, "start", refuse)
        rig.write(*range(5))
        assert rig.flusher.flush(WAIT_S)
    rig.exporter.judge = lambda _: together.wait(WAIT_S) is None or DELIVERED
    rig.write(5, 6, 7)
    assert rig.flusher.flush(WAIT_S)
    assert sorted(rig.exporter.delivered) == list(range(8))


def test_the_status_shows_the_oldest(tmp_path: Path) -> None:
    """Any process can read what waits, and since when."""
    journal = journal_at(tmp_path)
    journal.write(edge(1).replace('"at": ', '"at": 1000.5, "was": '))
    journal.write("{}")
    journal.write(edge(2))
    status = read_status(tmp_path)
    assert (status.waiting, status.oldest_at) == (3, 1000.5)
    assert status.oldest_s(1010.5) == 10.0
    assert read_status(tmp_path / "nothing").oldest_s(time.time()) is None


def test_attempts_that_fail_side_by_side_are_one_failure(rigs: Any) -> None:
    """However many are in flight, the first pause is short, and is kept by all."""
    together = threading.Barrier(12)
    is_well = threading.Event()

    def judge(_fact: Mapping[str, Any]) -> DeliveryResult:
        if is_well.is_set():
            return DELIVERED
        together.wait(WAIT_S)
        is_well.set()
        return GENERAL

    exporter = ScriptedExporter(judge, max_batch=1, in_flight=12)
    rig = rigs(exporter)
    rig.write(*range(12))
    rig.flusher.start()
    # Nobody flushes: one pause as after a single failure brings them all.
    began = time.monotonic()
    wait_for(lambda: len(exporter.delivered) == 12)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(("max_batch", "in_flight"), [(1000, 1), (1, 8)])
def test_a_fact_at_which_the_exporter_fails_holds_no_other(
    max_batch: int, in_flight: int, rigs: Any
) -> None:
    """Any exception of foreign code is that fact's own: all others are delivered."""

    def judge(fact: Mapping[str, Any]) -> DeliveryResult:
        if fact["id"] % 50 == 7:
            raise KeyError("a bug at this fact")
        return DELIVERED

    exporter = ScriptedExporter(
        judge, max_batch=max_batch, in_flight=in_flight, ordering_key=lambda f: f["id"]
    )
    rig = rigs(exporter)
    rig.write(*range(1, 201))
    report = until(rig, lambda report: report.delivered == 196)
    assert (report.waiting, report.refused) == (4, ())
    assert "a bug at this fact" in (report.reason or "")


def test_a_fact_that_always_fails_is_set_aside_at_last(
    rigs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After bounded attempts, and only while others are delivered."""
    monkeypatch.setattr(flusher, "_LEAST_TRIED_S", 0.0)

    def judge(fact: Mapping[str, Any]) -> DeliveryResult:
        if fact["id"] == 7:
            raise ValueError("always")
        return DELIVERED

    rig = rigs(ScriptedExporter(judge))
    rig.write(7)
    for _ in range(12):
        assert not rig.flusher.flush(0.05).refused
    rig.write(8)
    report = until(rig, lambda report: bool(report.refused))
    assert report.refused[0].reason.endswith("ValueError: always")
    assert report.waiting == 0


def test_an_exporter_that_reaches_nobody_costs_no_fact(rigs: Any) -> None:
    """An exception that means a broken connection makes all facts wait."""
    is_away = [True]

    def judge(_: Mapping[str, Any]) -> DeliveryResult:
        if is_away[0]:
            raise ConnectionRefusedError("nobody listens")
        return DELIVERED

    rig = rigs(ScriptedExporter(judge))
    rig.write(*range(1, 30))
    for _ in range(20):
        assert rig.flusher.flush(0.02).waiting == 29
    is_away[0] = False
    assert rig.flusher.flush(WAIT_S)


@pytest.mark.parametrize("at", [0.0, 5.0, 86_400.0 * 365])
def test_facts_recorded_before_the_clock_was_set_are_not_too_old(
    at: float, rigs: Any
) -> None:
    """The file's own time, or the time since it was read, counts instead."""
    rig = rigs(ScriptedExporter(lambda _: GENERAL))
    rig.journal.write(edge(1, at=at))
    until(rig, lambda report: report.reason is not None)
    assert rig.flusher.report().refused == ()


def test_facts_for_an_instance_never_reached_are_given_up(rigs: Any) -> None:
    """Their age alone decides, also where no request was ever possible."""

    def target() -> ScriptedExporter:
        raise DeliveryError("nobody is there")

    rig = rigs(max_age_s=60.0)
    rig.flusher._target = target
    rig.journal.write(edge(1, at=time.time() - 61))
    rig.write(2)
    report = until(rig, lambda report: bool(report.refused))
    assert report.waiting == 1
    assert report.refused[0].reason == "waited too long: nobody is there"
