"""Waits for delivery: attempts planned by deadlines, and one limit for the process."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from runtime_tools import run, stored

import lineage
from lineage.delivery.deadline import Deadlines, WaitBudget
from lineage.delivery.report import DeliveryReport, describe_left
from lineage.exporters import DELIVERED, DeliveryResult, Fact
from lineage.runtime import Runtime, runtime
from lineage.settings import Settings

AWAY = DeliveryResult("waiting", "the instance is away", is_transport_error=True)
FAILED_ALONE = DeliveryResult("waiting", "500")
TOO_OLD = DeliveryResult("waiting", "too old", retry_after_s=30)


class Scripted:
    """Answers by the time since it was made, and notes when it was called."""

    max_batch, in_flight, wants_digests, ordering_key = 1000, 1, False, None

    def __init__(
        self, failure: DeliveryResult, *, until_s: float = 1e9, takes_s: float = 0
    ) -> None:
        self.failure, self.until_s, self.takes_s = failure, until_s, takes_s
        self.begun = time.monotonic()
        self.calls: list[float] = []
        self.delivered: list[str] = []

    def send(self, facts: Sequence[Fact]) -> list[DeliveryResult]:
        at = time.monotonic() - self.begun
        self.calls.append(at)
        if self.takes_s:
            threading.Event().wait(self.takes_s)
        if at < self.until_s:
            return [self.failure] * len(facts)
        self.delivered += [fact["uid"] for fact in facts]
        return [DELIVERED] * len(facts)


@pytest.fixture
def limited(tmp_path: Path) -> Runtime:
    """The runtime of a home whose process may wait for two seconds."""
    lineage.configure(settings=Settings(home=tmp_path, flush_timeout_s=2.0))
    return runtime()


def took(work: object) -> float:
    """Measure a call."""
    begun = time.monotonic()
    work()  # type: ignore[operator]  # any call
    return time.monotonic() - begun


@pytest.mark.parametrize("failure", [AWAY, FAILED_ALONE], ids=["away", "alone"])
@pytest.mark.parametrize("recovers_s", [0.3, 0.9, 1.8, 3.0])
def test_what_recovers_within_the_limit_gets_everything(
    recovers_s: float, failure: DeliveryResult, tmp_path: Path
) -> None:
    """The pauses know the deadline: an attempt is made shortly before it."""
    exporter = Scripted(failure, until_s=recovers_s)
    # A busy machine may be late by a part of the second that is left.
    limit_s = recovers_s + 1.0
    settings = Settings(home=tmp_path, flush_timeout_s=limit_s)
    lineage.configure(settings=settings)
    lineage.configure(exporter=exporter)
    for number in range(1, 11):
        lineage.current_task().uses_project(number)
    exporter.begun = time.monotonic()
    runtime().finish()
    assert len(exporter.delivered) >= 11
    assert runtime().flusher.report().waiting == 0


def test_all_waits_of_a_process_share_one_limit(limited: Runtime) -> None:
    """Ends of the app's calls and the exit together wait no longer than the limit."""
    lineage.configure(exporter=Scripted(AWAY))

    @lineage.app
    def main() -> None:
        lineage.current_task().uses_project(1)

    begun = time.monotonic()
    for _ in range(3):
        main()
    limited.finish()
    # Three waits would take six seconds.
    assert 1.5 < time.monotonic() - begun < 4.5


def test_a_recovered_instance_may_be_waited_for_again(limited: Runtime) -> None:
    """Once everything was delivered, a later wait has all of the time."""
    budget = WaitBudget(5.0)
    budget.spend(4.0, 0)
    assert budget.left_s(0) == 1.0
    assert budget.left_s(1) == 5.0
    budget.use_up(1)
    assert budget.left_s(1) == 0.0


def test_an_instance_that_is_too_old_is_not_waited_for(limited: Runtime) -> None:
    """Its next attempt lies beyond the deadline: the exit does not wait."""
    lineage.configure(exporter=Scripted(TOO_OLD))
    lineage.current_task().uses_project(1)
    assert took(limited.finish) < 1.8


def test_the_end_of_a_task_in_the_program_does_not_wait_in_vain(
    limited: Runtime,
) -> None:
    """It goes on at the first failure, and at once where the last attempt failed."""
    lineage.configure(exporter=Scripted(AWAY))

    def block(number: int) -> None:
        with lineage.task("t") as task:
            task.uses_project(number)

    assert took(lambda: block(1)) < 1.8
    # Waits in vain would take two seconds each.
    assert took(lambda: [block(number) for number in range(2, 50)]) < 20


def test_no_request_starts_whose_answer_comes_too_late(limited: Runtime) -> None:
    """A slow instance is not sent what it could not acknowledge in time."""
    exporter = Scripted(AWAY, until_s=0, takes_s=0.8)
    exporter.max_batch = 1
    lineage.configure(exporter=exporter)
    for number in range(1, 21):
        lineage.current_task().uses_project(number)
    begun = time.monotonic()
    limited.finish()
    assert time.monotonic() - begun < 3.5
    threading.Event().wait(1.5)
    assert len(exporter.calls) == len(exporter.delivered) <= 3
    assert limited.flusher.report().waiting >= 20 - len(exporter.delivered)


def test_what_is_left_behind_is_logged_in_one_warning(
    limited: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    """It names how many, why, where they are and what sends them."""
    lineage.configure(exporter=Scripted(AWAY))
    lineage.current_task().uses_project(1)
    limited.finish()
    records = [
        r.getMessage() for r in caplog.records if "not delivered" in r.getMessage()
    ]
    [message] = records
    assert re.match(r"\d facts were not delivered \(the instance is away\)", message)
    assert str(limited.journal.folder.path) in message
    assert "lineage flush" in message


@pytest.mark.parametrize("target", ["platfrom", "ftp://x"])
def test_an_address_that_is_not_understood_is_the_reason(
    tmp_path: Path, target: str
) -> None:
    """It is so before the first attempt has found it out."""
    ran = run("record(1); print(lineage.flush(0).reason)", tmp_path,
              LINEAGE_TARGET=target, LINEAGE_FLUSH_TIMEOUT_S="0.0")  # fmt: skip
    why = f"LINEAGE_TARGET: {target!r} is not understood"
    assert ran.stdout.startswith(why)
    (left,) = [line for line in ran.stderr.split("\n") if "not delivered" in line]
    assert re.match(rf"\d facts were not delivered \({why}", left)
    assert f"They are kept in {tmp_path / 'journal'}" in left


def test_what_a_second_receiver_lacks_is_in_the_one_warning(tmp_path: Path) -> None:
    """It says how many, why, where they are and what sends them."""
    away = "http://127.0.0.1:9/events"
    ran = run("record(1)", tmp_path,
              LINEAGE_OPENLINEAGE_URL=away, LINEAGE_FLUSH_TIMEOUT_S="20")  # fmt: skip
    assert stored(tmp_path) == [1]
    (left,) = [line for line in ran.stderr.split("\n") if "not delivered" in line]
    assert re.match(
        rf"\d facts were not delivered to {away} \(no answer: Connection refused\)",
        left,
    )
    assert f"They are kept in {tmp_path / 'journal'}" in left
    assert "LINEAGE_HOME and LINEAGE_OPENLINEAGE_URL, or by `lineage flush`" in left


def test_both_receivers_share_the_one_warning(tmp_path: Path) -> None:
    """Whatever is left for either is one sentence; what no file keeps is another."""
    first = DeliveryReport(1, 3, reason="away")
    second = DeliveryReport(0, 2, reason="silent")
    lost, left = describe_left(tmp_path, first, 1, ("http://x", second))
    assert lost.startswith("1 facts are lost with this process")
    assert left.startswith(
        "2 facts were not delivered (away), and 2 facts were not delivered to "
        "http://x (silent). They are kept in "
    )
    assert list(describe_left(tmp_path, DeliveryReport(4, 0), 0)) == []


def test_facts_of_one_reason_are_refused_in_one_warning(
    limited: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    """Each reason is logged once, whatever numbers and names it mentions."""

    class Refusing(Scripted):
        def send(self, facts: Sequence[Fact]) -> list[DeliveryResult]:
            return [
                DeliveryResult("rejected", f"no such path: '/files/{fact.get('id')}'")
                for fact in facts
            ]

    lineage.configure(exporter=Refusing(AWAY))
    for number in range(5):
        lineage.current_task().uses_project(number)
    lineage.flush(20)
    records = [r for r in caplog.records if "was refused" in r.getMessage()]
    assert len(records) == 1
    assert "lineage retry" in records[0].getMessage()


def test_the_last_attempt_lies_shortly_before_the_deadline() -> None:
    """Pauses are short while somebody waits, and none goes beyond the last start."""
    deadlines = Deadlines()
    assert deadlines.next_attempt(0.0, 8.0, 0.0) == 8.0
    with deadlines.waiting_until(5.0, is_last=True):
        assert 0.2 <= deadlines.next_attempt(0.0, 8.0, 0.0) <= 0.4
        assert deadlines.next_attempt(4.8, 8.0, 0.0) == deadlines.last_start(5.0)
        assert deadlines.next_attempt(1.0, 8.0, 9.0) == 18.0
        deadlines.note_answer(2.0)
        assert deadlines.last_start(5.0) < 2.7
        assert deadlines.may_start(2.9)
        assert not deadlines.may_start(3.1)
