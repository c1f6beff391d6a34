"""Telling: the texts of ends, errors and origins."""

from __future__ import annotations

import asyncio
import json
import sys
from concurrent import futures
from typing import Any

import pytest

from lineage.recording.context import ActiveTask
from lineage.recording.fact_json import (
    derived_from,
    end_of_task,
    kind_of,
    last_error,
    one_line,
    with_card,
)
from lineage.redaction import Masker

MASK = Masker(secrets=["s3cr3t"])


@pytest.mark.parametrize(
    ("error", "status", "written"),
    [
        (None, "finished", None),
        (SystemExit(), "finished", None),
        (asyncio.CancelledError(), "stopped", "CancelledError"),
        (futures.CancelledError(), "stopped", "CancelledError"),
        (SystemExit(0), "finished", None),
        (SystemExit(2), "error", "SystemExit: 2"),
        (ValueError("s3cr3t"), "error", "ValueError: ****"),
        (KeyboardInterrupt(), "stopped", "KeyboardInterrupt"),
    ],
)
def test_the_end_of_a_task(
    error: BaseException | None, status: str, written: str | None
) -> None:
    """How it ended, on one line and with its traceback, masked."""
    fact = json.loads(end_of_task(ActiveTask("r"), 5, error, MASK))
    assert (fact["status"], fact.get("error")) == (status, written)
    assert ("traceback" in fact) == (written is not None)


def test_origins_are_recorded_once_each() -> None:
    """`derived_from` names kinds and ids; the kind is read from a form."""
    pairs: list[tuple[str, int | str]] = [("project", 1), ("file", "a"), ("project", 1)]
    written = json.loads("{" + derived_from(pairs)[1:] + "}")
    assert written["derived_from"] == [
        {"kind": "project", "id": 1},
        {"kind": "file", "id": "a"},
    ]
    assert kind_of('"dir":"input","kind":"project","updates":true') == "project"


def test_a_card_rides_with_or_without_another() -> None:
    """The node's card joins the relation's; a task without one adds nothing."""
    run = ActiveTask("r")
    assert with_card(run, ',"x":1') == ',"x":1'
    run.card = '{"title":"t"}'
    node: dict[str, Any] = {"customNodeSettings": {"title": "t"}}
    alone = json.loads("{" + with_card(run, "")[1:] + "}")
    both = with_card(run, ',"meta":{"customRelationSettings":{}}')
    assert alone == {"meta": node}
    assert json.loads("{" + both[1:] + "}") == {
        "meta": {**node, "customRelationSettings": {}}
    }


def test_an_exception_that_cannot_be_shown() -> None:
    """Telling of an exception never raises one."""

    class Odd(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    assert one_line(Odd()) == "Odd"
    assert one_line(ValueError("a\n b")) == "ValueError: a b"
    assert one_line(ValueError("plain"), plain=True) == "plain"


def test_at_a_prompt_an_exception_is_not_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What ended a program is its error; at a prompt one goes on."""
    monkeypatch.setattr(sys, "last_value", ValueError("x"), raising=False)
    assert isinstance(last_error(), ValueError)
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    assert last_error() is None
