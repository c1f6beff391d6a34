"""`status`, `flush` and `retry`, over what a process left behind."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from lineage.journal.writer import Journal
from lineage.runtime import Runtime
from lineage.settings import Settings


def _leave(*facts: dict[str, object]) -> None:
    """Record facts as a process does that is killed before it delivers."""
    runtime = Runtime(Settings.from_environ())
    journal: Journal = runtime.journal
    runtime.flusher.stop()
    for fact in facts:
        assert journal.write(json.dumps(fact))
    runtime.abandon()


def _edge(kind: str = "project", id: object = 1) -> dict[str, object]:
    return {"f": "edge", "task": "r", "at": time.time(), "dir": "input",
            "kind": kind, "id": id}  # fmt: skip


def test_nothing_recorded_means_everything_is_delivered(type_) -> None:
    """An empty home is in order, and says where facts would go."""
    answer = type_("status")
    assert answer.code == 0
    assert "everything is delivered" in answer.out
    assert "the embedded instance in" in answer.out


def test_leftovers_are_reported_and_flushed(type_) -> None:
    """What a killed process left waits, until `flush` delivers it."""
    _leave(_edge(id=1), _edge(id=2))
    waiting = type_("status")
    assert "2 facts waiting" in waiting.out
    assert "lineage flush" in waiting.out
    flushed = type_("flush", "--timeout", "20")
    assert flushed.code == 0, flushed.out + flushed.err
    assert "2 facts delivered" in flushed.out
    assert "everything is delivered" in type_("status").out


@pytest.mark.parametrize("words", [("tasks",), ("show", "project:1"), ("stale",)])
def test_who_finds_nothing_learns_of_facts_that_wait(
    type_, words: tuple[str, ...]
) -> None:
    """What a killed process recorded is not there yet, which is said."""
    _leave(_edge(id=1), _edge(id=2))
    answer = type_(*words)
    hint = "2 facts wait for delivery, so first type: lineage flush"
    assert hint in answer.out + answer.err
    type_("flush", "--timeout", "20")
    after = type_(*words)
    assert "wait for delivery" not in after.out + after.err


def test_nothing_depends_on_it_as_far_as_is_delivered(type_) -> None:
    """Facts that wait may show what was made of it."""
    _leave(_edge(id=1))
    type_("flush", "--timeout", "20")
    assert "wait" not in type_("impact", "project:1").out
    _leave(_edge(id=2))
    answer = type_("impact", "project:1")
    assert "1 fact waits for delivery, so first type: lineage flush" in answer.out


def test_a_refused_fact_is_named_with_its_reason(type_) -> None:
    """A fact that can never be stored is kept, shown, and sent again by `retry`."""
    _leave(_edge(kind="planet"), _edge(id=2))
    flushed = type_("flush", "--timeout", "20")
    assert flushed.code == 1
    assert "input planet:1" in flushed.out
    status = type_("status")
    assert status.code == 1
    assert "1 fact rejected; fix the cause, then: lineage retry" in status.out
    again = type_("retry", "--timeout", "20")
    assert again.code == 1
    assert "planet" in again.out


def test_nothing_to_retry_is_shown(type_) -> None:
    """`retry` without refused facts does nothing, and says so."""
    answer = type_("retry", "--timeout", "5")
    assert answer.code == 0
    assert "no fact was rejected" in answer.out


def test_an_instance_that_is_not_there_keeps_facts_waiting(
    type_, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flush that reaches nobody says what waits, and why."""
    monkeypatch.setenv("LINEAGE_TARGET", "http://127.0.0.1:9")
    _leave(_edge())
    answer = type_("flush", "--timeout", "2")
    assert answer.code == 1
    assert "1 waiting" in answer.out


def test_the_status_as_json_has_numbers(type_, clean_environment: Path) -> None:
    """Programs get waiting, refused, dropped and the age of the oldest."""
    _leave(_edge())
    data = type_("status", "--json").data
    assert data["waiting"] == 1
    assert data["refused"] == 0
    assert data["dropped"] == 0
    assert data["oldest_s"] > 0
    assert data["destination"] == "local"


def test_a_reason_that_is_no_json_shows_the_fact_by_its_id(type_) -> None:
    """A rejection is shown even where its fact cannot be read."""
    from lineage.cli.delivery import _about
    from lineage.delivery.report import RejectedFact

    assert _about(RejectedFact("u-1", "why", 0.0, "{no json")) == "u-1"
    assert _about(RejectedFact("u-1", "why", 0.0, '{"f": "task"}')) == "task"


def test_dropped_and_unreadable_facts_are_reported(
    type_, clean_environment: Path
) -> None:
    """What the journal could not keep, and what it keeps aside, is not hidden."""
    from lineage.cli.delivery import _status_lines
    from lineage.delivery.report import DeliveryStatus

    status = DeliveryStatus(dropped=3, skipped=("torn.seg",))
    lines = _status_lines(status, Settings.from_environ())
    text = "".join(part.text for line in lines for part in line)
    assert "3 facts dropped" in text
    assert "torn.seg" in text


@pytest.mark.parametrize(
    ("environ", "where"),
    [({"LINEAGE_TARGET": "http://there"}, "http://there"),
     ({"LINEAGE_TARGET": "instance"}, "SERVER_ADDRESS is unset"),
     ({"LINEAGE_TARGET": "instance", "SERVER_ADDRESS": "http://p"}, "http://p")],
)  # fmt: skip
def test_the_status_shows_where_facts_go(
    type_, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], where: str
) -> None:
    """An address, or what is missing for one."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert where in type_("status").out


_URL = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("variables", "where", "command"),
    [
        ({"LINEAGE_TARGET": _URL}, _URL, "--server http://127.0.0.1:9"),
        ({"LINEAGE_TARGET": "instance"}, "the platform", "LINEAGE_TARGET=instance"),
    ],
)
def test_facts_for_another_target_are_counted_with_what_sends_them(
    type_: Any, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str],
    where: str, command: str,
) -> None:  # fmt: skip
    """A flush that sends none of them says so, as do status and empty answers."""
    with monkeypatch.context() as other:
        for name, value in variables.items():
            other.setenv(name, value)
        _leave(_edge(id=1), _edge(id=2))
    for words in (("status",), ("flush", "--timeout", "20"), ("show", "project:1")):
        answer = type_(*words)
        assert f"2 facts wait for {where}" in answer.out + answer.err
        assert command in answer.out + answer.err
    _leave(_edge(id=3))
    status = type_("status").out
    assert "3 facts waiting" in status
    assert "1 fact waits for delivery; to send them: lineage flush\n" in status
    flushed = type_("flush", "--timeout", "20").out
    assert "1 fact delivered" in flushed
    assert f"2 facts wait for {where}" in flushed
