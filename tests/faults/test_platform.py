"""The platform's one-edge way under faults: all arrives, doubles only by doubt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from every_call_style import DECLARATIONS
from faulty_proxy import FAULTS, FaultyProxy
from plain_platform import PlainPlatform, expected

import lineage
from lineage.delivery.status import read_status
from lineage.runtime import runtime

WAIT_S = 30.0
EDGE = b"workflow.node.add-"
#: The form of the platform's answer to an edge is nobody's contract: JSON is success.
TAKEN_FOR_SUCCESS = {"other JSON", "null", "wrong form"}
#: The edge is processed, and its answer lost.
AMBIGUOUS = {"reset after", "half body"}
#: Statuses by which the platform will not have one edge.
REFUSALS = {f"status {status}" for status in (400, 403, 404, 413, 418)}

WHOLE = Counter(
    expected(direction, wire, identity)
    for direction, wire, identity in (
        ("input", "project", 7),
        ("input", "dataset", 8),
        ("input", "file", 9),
        ("input", "folder", "/data"),
        ("input", "job", 10),
        ("input", "task", 11),
        ("output", "project", 12),
        ("output", "dataset", 13),
        ("output", "file", 14),
        ("output", "folder", "/out"),
        ("output", "job", 15),
        ("output", "task", 16),
        ("output", "app_session", 17),
    )
)


@pytest.fixture
def platform() -> Iterator[PlainPlatform]:
    """Return a platform of the test's own."""
    with PlainPlatform() as platform:
        yield platform


@pytest.fixture
def between(
    platform: PlainPlatform, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FaultyProxy]:
    """Return the proxy before it; the process is a task of the platform."""
    with FaultyProxy(platform.port) as proxy:
        monkeypatch.setenv("LINEAGE_TARGET", proxy.address)
        monkeypatch.setenv("LINEAGE_FLUSH_TIMEOUT_S", "0")
        monkeypatch.setenv("SUPERVISELY_TASK_ID", "77")
        yield proxy


def _declare_twice() -> None:
    """Record each of the thirteen facts twice; the second time adds nothing."""
    task = lineage.current_task()
    for _ in range(2):
        for name, arguments in DECLARATIONS.items():
            getattr(task, name)(*arguments)


def test_a_platform_that_is_well_gets_each_edge_once(
    between: FaultyProxy, platform: PlainPlatform
) -> None:
    """All thirteen kinds arrive with the platform's own bodies, none twice."""
    assert between.address
    _declare_twice()
    assert lineage.flush(WAIT_S)
    assert platform.edges() == WHOLE


@pytest.mark.parametrize(
    ("fault", "only"),
    [
        pytest.param(fault, only, id=f"{fault}-{'edges' if only else 'all'}")
        for fault in FAULTS
        for only in (b"", EDGE)
        # Any JSON is an answer to an edge: see docs/delivery.md.
        if not (only and fault in TAKEN_FOR_SUCCESS)
    ],
)
def test_a_faulty_platform_gets_every_edge(
    fault: str,
    only: bytes,
    between: FaultyProxy,
    platform: PlainPlatform,
    clean_environment: Path,
) -> None:
    """Bodies are those of a healthy day; one double at most for each lost answer."""
    between.break_by(fault, only)
    _declare_twice()
    lineage.flush(0)
    assert between.met.wait(WAIT_S)
    if only and fault in REFUSALS:
        refused = lineage.flush(WAIT_S).refused
        assert len(refused) == len(WHOLE)
        assert "by order of the test" in refused[0].reason
        assert runtime().retry() == len(refused)
    between.heal()
    report = lineage.flush(WAIT_S)
    assert report, report
    got = platform.edges()
    assert not WHOLE - got, "lost"
    assert set(got) == set(WHOLE), "invented"
    doubt = between.lost_answers(EDGE) if fault in AMBIGUOUS else 0
    assert (got - WHOLE).total() <= doubt
    assert read_status(clean_environment).waiting == 0


@pytest.mark.parametrize("fault", sorted(AMBIGUOUS))
def test_each_lost_answer_doubles_one_edge_at_most(
    fault: str, between: FaultyProxy, platform: PlainPlatform
) -> None:
    """The doubles of one edge are as many as its own answers that were lost."""
    between.break_by(fault, EDGE)
    lineage.current_task().uses_project(7)
    lineage.flush(0)
    assert between.met.wait(WAIT_S)
    between.heal()
    assert lineage.flush(WAIT_S)
    lost = between.lost_answers(EDGE)
    assert lost >= 1
    assert platform.edges() == Counter({expected("input", "project", 7): 1 + lost})
