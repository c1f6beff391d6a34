"""When a running program hears that facts wait."""

from __future__ import annotations

import logging
import time

import pytest
from freezegun import freeze_time

from lineage.delivery.deadline import Deadlines
from lineage.delivery.waiting_notices import WaitingNotices
from lineage.errors import reset_warnings


@pytest.fixture
def deadlines() -> Deadlines:
    """Return deadlines of a process that goes on."""
    reset_warnings()
    return Deadlines()


def test_trouble_is_named_once_it_lasts(
    deadlines: Deadlines, caplog: pytest.LogCaptureFixture
) -> None:
    """What is over after a moment is not worth a line; a success ends it."""
    notices = WaitingNotices(deadlines)
    with freeze_time() as clock:
        notices.note_failure("refused")
        clock.tick(2.9)
        notices.note_failure("refused")
        notices.note_success()
        notices.note_failure("refused")
        clock.tick(2.9)
        notices.note_failure("refused")
        assert caplog.messages == []
        clock.tick(0.2)
        notices.note_failure("timed out")
        notices.note_failure("timed out")
    assert caplog.messages == ["Facts wait in the journal: timed out"]


def test_one_fact_that_waits_is_named_once_for_each_kind_of_reason(
    deadlines: Deadlines, caplog: pytest.LogCaptureFixture
) -> None:
    """Numbers in a reason make no other kind of it."""
    notices = WaitingNotices(deadlines)
    with freeze_time() as clock:
        notices.note_failed_fact(first := time.monotonic(), "no project 7")
        clock.tick(4)
        notices.note_failed_fact(first, "no project 7")
        notices.note_failed_fact(first, "no project 8")
        notices.note_failed_fact(first, "not allowed")
    assert [text.rpartition(": ")[2] for text in caplog.messages] == [
        "no project 7",
        "not allowed",
    ]


def test_the_end_of_the_process_has_its_own_warning(
    deadlines: Deadlines, caplog: pytest.LogCaptureFixture
) -> None:
    """From there on nothing is named twice."""
    caplog.set_level(logging.DEBUG)
    notices = WaitingNotices(deadlines)
    with freeze_time() as clock:
        notices.note_failure("refused")
        deadlines.end_by(time.monotonic() + 60)
        clock.tick(10)
        notices.note_failure("refused")
    assert caplog.messages == []
