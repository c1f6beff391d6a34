"""Real gunicorn and Celery: what workers and their master record arrives once."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from prefork_tools import (
    HANGS,
    Started,
    celery,
    delegate,
    gunicorn,
    let_die,
    request,
    request_several,
)
from runtime_tools import stored

from lineage.delivery.status import read_status

#: Servers that fork, and signals.
pytestmark = pytest.mark.posix

#: Options, variables, and what the master records before it forks.
WAYS = [
    pytest.param([], {}, [], id="plain"),
    pytest.param(["--preload"], {}, [], id="preload"),
    pytest.param(["--preload"], {"IN_MASTER": "1"}, [1], id="preload-and-record"),
]


def assert_all_delivered(started: Started, numbers: list[int]) -> None:
    """Assert that each fact arrived once, and that nothing is left."""
    assert stored(started.home) == numbers
    assert read_status(started.home).waiting == 0
    assert not list((started.home / "journal").glob("*.seg"))


@pytest.mark.parametrize(("options", "environ", "in_master"), WAYS)
def test_gunicorn_stopped_by_sigterm_has_delivered(
    options: list[str], environ: dict[str, str], in_master: list[int], tmp_path: Path
) -> None:
    """Workers and master end well and leave nothing; answers are the app's own."""
    with gunicorn(tmp_path, *options, **environ) as server:
        answers = request_several(server, 2)
        assert server.stop() == 0
    assert all(number == back for number, (_, back) in answers.items())
    # The master logs each worker that ends by anything but its own exit.
    assert "was sent" not in server.output()
    assert_all_delivered(server, [*in_master, *answers])


def test_gunicorn_stopped_by_sigquit_has_delivered(tmp_path: Path) -> None:
    """The quick stop of workers and master is an exit as well."""
    with gunicorn(tmp_path) as server:
        answers = request_several(server, 2)
        assert server.stop(signal.SIGQUIT) == 0
    assert_all_delivered(server, list(answers))


def test_a_gunicorn_worker_that_took_too_long_has_delivered(tmp_path: Path) -> None:
    """What was recorded before the time-out arrives, and the server works on."""
    with gunicorn(tmp_path, "--timeout", "3") as server:
        with pytest.raises(OSError):
            request(server, [HANGS])
        answers = request_several(server, 2)
        assert server.stop() == 0
    assert_all_delivered(server, [*answers, HANGS])


def test_what_a_killed_gunicorn_worker_leaves_is_sent_by_the_others(
    tmp_path: Path,
) -> None:
    """Facts of a worker that got SIGKILL arrive before the server has stopped."""
    with gunicorn(tmp_path) as server:
        victim, _ = request(server, [1])[1]
        os.kill(victim, signal.SIGKILL)
        server.find(rf"(pid:\s?{victim}\)? was sent SIGKILL)")
        answers = request(server, list(range(2, 42)))
        assert victim not in {pid for pid, _ in answers.values()}
        assert server.stop() == 0
    assert_all_delivered(server, list(range(1, 42)))


@pytest.mark.parametrize(
    ("options", "in_master"),
    [
        pytest.param([], [], id="plain"),
        pytest.param(["--max-tasks-per-child=1"], [], id="a-process-a-task"),
        pytest.param(["--max-tasks-per-child=1"], [1], id="and-in-the-master"),
    ],
)
def test_celery_stopped_by_sigterm_has_delivered(
    options: list[str], in_master: list[int], tmp_path: Path
) -> None:
    """Pool workers deliver at their own end, which skips `atexit`; results stay."""
    numbers = list(range(2, 10))
    environ = {"IN_MASTER": "1"} if in_master else {}
    with celery(tmp_path, *options, **environ) as worker:
        results = delegate(worker, numbers)
        assert worker.stop() == 0
    assert all(result == 2 * number for number, (_, result) in results.items())
    workers = {pid for pid, _ in results.values()}
    assert len(workers) == len(numbers) if options else len(workers) <= 2
    assert_all_delivered(worker, in_master + numbers)


def test_what_a_killed_celery_worker_leaves_is_sent_at_shutdown(tmp_path: Path) -> None:
    """The main process, which has recorded nothing itself, sends it before its end."""
    with celery(tmp_path) as worker:
        let_die(worker, 7)
        assert worker.stop() == 0
    assert_all_delivered(worker, [7])
