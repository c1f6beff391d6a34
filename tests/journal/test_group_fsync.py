"""Group commit: one sync serves all who wrote before it began."""

from __future__ import annotations

import threading

import pytest
from journal_tools import WAIT_S, wait_for

from lineage.journal.group_fsync import GroupFsync


def test_threads_share_a_sync() -> None:
    """All who come while one sync runs are served by the next one."""
    begun, go_on = threading.Event(), threading.Event()
    syncs: list[int] = []

    def sync() -> None:
        syncs.append(1)
        begun.set()
        go_on.wait(WAIT_S)

    group = GroupFsync(sync)
    threads = [threading.Thread(target=group.wait) for _ in range(8)]
    threads[0].start()
    assert begun.wait(WAIT_S)
    for thread in threads[1:]:
        thread.start()
    wait_for(lambda: len(group._changed._waiters) == 7)  # type: ignore[attr-defined]
    go_on.set()
    for thread in threads:
        thread.join(WAIT_S)
    assert len(syncs) == 2


def test_a_handler_inside_a_sync_syncs_for_itself() -> None:
    """Recording from a signal's handler during the own sync does not hang."""
    depth: list[int] = []

    def sync() -> None:
        depth.append(1)
        if len(depth) == 1:
            group.wait()

    group = GroupFsync(sync)
    group.wait()
    assert len(depth) == 2


def test_a_failure_reaches_the_caller_and_ends_its_turn() -> None:
    """The one who synced learns of the failure; the next one tries again."""
    failures = [OSError("no disk")]

    def sync() -> None:
        if failures:
            raise failures.pop()

    group = GroupFsync(sync)
    with pytest.raises(OSError, match="no disk"):
        group.wait()
    group.wait()
