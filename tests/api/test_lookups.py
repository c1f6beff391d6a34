"""Look-ups that many threads want at one time."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from lineage.api import lookups
from lineage.errors import ApiError, DeliveryError

WAIT_S = 10


class Instance:
    """Answers `tasks.info` when the test lets it."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requested: list[Any] = []
        self.is_called = threading.Event()
        self.may_answer = threading.Event()

    def __call__(self, method: str, fields: Any) -> Any:
        self.requested.append((method, fields))
        answer = self.answers.pop(0)
        self.is_called.set()
        assert self.may_answer.wait(WAIT_S)
        if isinstance(answer, BaseException):
            raise answer
        return answer


class WatchedFuture(Future):  # type: ignore[type-arg]  # the class is not generic at run time
    """Knows when somebody begins to wait for it."""

    is_waited_for = threading.Event()

    def result(self, timeout: float | None = None) -> Any:
        self.is_waited_for.set()
        return super().result(timeout)


@pytest.fixture(autouse=True)
def _watched(monkeypatch: pytest.MonkeyPatch) -> None:
    WatchedFuture.is_waited_for.clear()
    monkeypatch.setattr(lookups, "Future", WatchedFuture)


def two_threads(instance: Instance) -> tuple[Future[int], Future[int]]:
    """Make a second thread look up while the first one waits for its answer."""
    teams = lookups.TeamCache()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(teams.of, 77, instance)
        assert instance.is_called.wait(WAIT_S)
        second = pool.submit(teams.of, 77, instance)
        assert WatchedFuture.is_waited_for.wait(WAIT_S)
        instance.may_answer.set()
    return first, second


def test_threads_that_meet_a_new_task_look_it_up_once() -> None:
    """One request finds the team for all of them."""
    instance = Instance({"teamId": 5})
    first, second = two_threads(instance)
    assert (first.result(), second.result()) == (5, 5)
    assert instance.requested == [("tasks.info", {"id": 77})]


def test_those_who_wait_share_a_failure() -> None:
    """Threads do not try a server that is down one after the other."""
    instance = Instance(ApiError("down"))
    for found in two_threads(instance):
        assert isinstance(found.exception(), ApiError)


def test_those_who_wait_share_no_interrupt() -> None:
    """When the thread that looks up is interrupted, the others look up themselves."""
    instance = Instance(KeyboardInterrupt(), {"teamId": 5})
    first, second = two_threads(instance)
    assert isinstance(first.exception(), KeyboardInterrupt)
    assert second.result() == 5


def test_a_failure_is_not_remembered() -> None:
    """The next look asks again; an id as text is the same task."""
    teams = lookups.TeamCache()
    instance = Instance({"teamId": None}, {"teamId": 5})
    instance.may_answer.set()
    with pytest.raises(DeliveryError, match="has no team"):
        teams.of(77, instance)
    assert teams.of(77, instance) == 5
    assert teams.of("77", instance) == 5
    assert len(instance.requested) == 2
