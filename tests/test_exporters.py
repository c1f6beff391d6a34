"""The public exporter: its protocol, its checks, and how an app brings one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import lineage
from lineage.delivery.exporters import BatchExporter, PlatformExporter
from lineage.exporters import (
    DELIVERED,
    DeliveryResult,
    Fact,
    FactBatch,
    MemoryExporter,
    check_exporter,
)


class Lines:
    """An exporter as an app would write one."""

    max_batch = 100
    in_flight = 1
    wants_digests = False
    ordering_key = None

    def __init__(self) -> None:
        self.lines: list[str] = []

    def send(self, facts: FactBatch) -> Sequence[DeliveryResult]:
        self.lines += [json.dumps(fact) for fact in facts]
        return [DELIVERED] * len(facts)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path) -> None:
    lineage.configure(home=tmp_path)


def test_an_exporter_of_the_apps_own_gets_the_facts() -> None:
    """`configure(exporter=…)` sends facts there, each with its uid."""
    exporter = Lines()
    lineage.configure(exporter=exporter)
    lineage.current_task().uses_project(7)
    assert lineage.flush(20)
    edges = [f for f in map(json.loads, exporter.lines) if f["f"] == "edge"]
    assert [(edge["kind"], edge["id"]) for edge in edges] == [("project", 7)]
    assert all(edge["uid"] for edge in edges)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"send": None}, r"Broken\.send is None; it must be a method"),
        ({"max_batch": 0}, r"Broken\.max_batch is 0; it must be a whole number"),
        ({"in_flight": "2"}, r"Broken\.in_flight is '2'"),
        ({"wants_digests": 1}, r"Broken\.wants_digests is 1; it must be True or False"),
        ({"ordering_key": 3}, r"Broken\.ordering_key is 3"),
    ],
)
def test_a_wrong_exporter_is_refused_at_once(
    broken: dict[str, Any], message: str
) -> None:
    """The error names the member and what is allowed, and nothing changes."""
    exporter = type("Broken", (Lines,), broken)()
    with pytest.raises(lineage.DeclarationError, match=message):
        lineage.configure(exporter=exporter)


def test_a_missing_member_and_a_class_are_named() -> None:
    """What is no exporter at all is refused with what to do."""
    with pytest.raises(lineage.DeclarationError, match=r"object\.send is missing"):
        check_exporter(object())
    with pytest.raises(lineage.DeclarationError, match=r"pass an object of it: Lines"):
        check_exporter(Lines)


@pytest.mark.parametrize(
    "exporter", [MemoryExporter(), BatchExporter(None), PlatformExporter(None)]
)
def test_our_own_exporters_keep_the_protocol(exporter: Any) -> None:
    """What an app's exporter must have, ours have."""
    assert check_exporter(exporter) is exporter


def test_the_former_option_still_works_and_warns() -> None:
    """`sink=` takes an object with the former member `lane`, at the caller's line."""

    class Former:
        max_batch, in_flight, wants_digests, lane = 10, 1, False, None

        def __init__(self) -> None:
            self.facts: list[Fact] = []

        def send(self, facts: list[Fact]) -> list[DeliveryResult]:
            assert isinstance(facts, list)
            self.facts += facts
            return [DELIVERED] * len(facts)

    former = Former()
    with pytest.warns(DeprecationWarning, match="use exporter=") as warned:
        lineage.configure(sink=former)
    assert warned[0].filename == __file__
    lineage.current_task().uses_project(7)
    assert lineage.flush(20)
    assert [fact["id"] for fact in former.facts if fact["f"] == "edge"] == [7]


def test_a_batch_is_a_sequence_of_facts() -> None:
    """It decodes a fact when it is looked at, and slices without decoding."""
    batch = FactBatch.of([{"id": 1}, {"id": 2}, {"id": 3}])
    assert len(batch) == 3
    assert batch[1] == {"id": 2}
    assert list(batch[1:]) == [{"id": 2}, {"id": 3}]
    assert FactBatch.of(batch) is batch
