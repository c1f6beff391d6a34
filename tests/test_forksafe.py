"""The registry of what a forked child resets."""

from __future__ import annotations

import gc
import os

import pytest

from lineage import forksafe


class Noting:
    """Notes each hook that is called."""

    def __init__(self, name: str, calls: list[str]) -> None:
        self.name = name
        self.calls = calls

    def before_fork(self) -> None:
        self.calls.append(f"before {self.name}")

    def after_fork_in_parent(self) -> None:
        self.calls.append(f"parent {self.name}")

    def reset_after_fork(self) -> None:
        self.calls.append(f"child {self.name}")


def fork(calls: list[str]) -> list[str]:
    """Fork, and return what the hooks of the child noted."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write_end, ",".join(calls).encode())
        os._exit(0)
    os.close(write_end)
    os.waitpid(pid, 0)
    with os.fdopen(read_end) as pipe:
        return pipe.read().split(",")


def test_objects_are_reset_in_the_order_of_registration() -> None:
    """What is registered later is locked first and reset last."""
    calls: list[str] = []
    first = forksafe.register(Noting("first", calls))
    second = forksafe.register(Noting("second", calls))
    child = fork(calls)
    assert child == ["before second", "before first", "child first", "child second"]
    assert calls[2:] == ["parent first", "parent second"]
    del first, second


def test_an_object_is_not_kept_alive() -> None:
    """The registry forgets an object that nobody uses any more."""
    calls: list[str] = []
    forksafe.register(Noting("gone", calls))
    gc.collect()
    assert fork(calls) == [""]


def test_one_that_goes_meanwhile_does_not_keep_the_next_from_its_reset() -> None:
    """A reset may drop the last reference to what was reset before it."""
    calls: list[str] = []
    kept = {"first": forksafe.register(Noting("first", calls))}

    class Dropping(Noting):
        def reset_after_fork(self) -> None:
            super().reset_after_fork()
            kept.clear()
            gc.collect()

    both = [
        forksafe.register(Dropping("second", calls)),
        forksafe.register(Noting("third", calls)),
    ]
    child = fork(calls)
    assert child[len(both) + 1 :] == ["child first", "child second", "child third"]


def test_one_that_fails_does_not_keep_others_from_their_reset(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A failing hook is logged, and the next one is called."""
    calls: list[str] = []

    class Failing(Noting):
        def before_fork(self) -> None:
            raise RuntimeError("broken hook")

    failing = forksafe.register(Failing("failing", calls))
    later = forksafe.register(Noting("later", calls))
    assert "child later" in fork(calls)
    assert "broken hook" in caplog.text
    del failing, later
