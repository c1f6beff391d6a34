"""Whatever an instance does wrong: the app is untouched, and nothing is lost."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from every_call_style import DECLARATIONS, AppError, declare_all
from faulty_proxy import FAULTS, FaultyProxy

import lineage
from lineage.delivery.status import read_status
from lineage.journal import records, segments
from lineage.runtime import runtime

from .conftest import Stored

#: Faults by which an instance says that it will not have these facts.
REFUSALS = {"status 400", "status 413", "status 418"}
WAIT_S = 20.0


@pytest.fixture
def connecting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the names of the threads that open connections."""
    names: list[str] = []
    connect = socket.socket.connect

    def noted(self: socket.socket, address: Any) -> None:
        names.append(threading.current_thread().name)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", noted)
    return names


def _recorded_edges(home: Path) -> int:
    count = 0
    for path in (home / "journal").glob("*.seg"):
        found, torn = records.read(path.read_bytes()[segments.HEADER :])
        assert not torn
        count += sum(b'"f":"edge"' in line.text for line in found)
    return count


@pytest.mark.parametrize("only", [b"", b"lineage.facts.add"], ids=["all", "facts"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_instance_never_touches_the_app_and_gets_every_fact(
    fault: str,
    only: bytes,
    proxy: FaultyProxy,
    stored: Stored,
    clean_environment: Path,
    connecting: list[str],
) -> None:
    """Results stay the app's own, its thread never connects, all arrives when well."""
    proxy.break_by(fault, only)
    result = object()
    for name, arguments in DECLARATIONS.items():
        *answers, raised = declare_all(name, lambda: result)
        handed_back = answers.pop(2)
        assert all(answer is result for answer in answers)
        assert handed_back == arguments[0]
        assert isinstance(raised, AppError)
    # The fault lasts, and yet every call has returned with its fact on the disk.
    recorded = _recorded_edges(clean_environment)
    assert recorded >= 6 * len(DECLARATIONS)
    lineage.flush(0)
    assert proxy.met.wait(WAIT_S)
    assert threading.current_thread().name not in connecting
    if fault in REFUSALS and only:
        refused = lineage.flush(WAIT_S).refused
        assert len(refused) >= recorded
        assert "by order of the test" in refused[0].reason
        assert runtime().retry() == len(refused)
    proxy.heal()
    report = lineage.flush(WAIT_S)
    assert report, report
    assert stored.edges() == recorded
    assert read_status(clean_environment).waiting == 0
