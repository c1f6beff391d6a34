"""A served instance whose store is an older one sends its clients a sign of that."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from instance_server import Served, in_thread, settings_for
from journal_tools import WAIT_S, journal_at
from runtime_tools import run, stored

import lineage
from lineage.delivery.store_watch import StoreWatch
from lineage.instance.server import ServeSettings
from lineage.model.ingest import StoreState

LOST = "has lost facts that it had confirmed"
FLUSH = "assert lineage.flush(20)\n"


class Instance:
    """A served instance that can be stopped, and begun again from a backup."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.settings: ServeSettings = settings_for(home)

    @contextmanager
    def served(self) -> Iterator[Served]:
        """Serve it, at the same address each time."""
        with in_thread(self.settings) as served:
            yield served

    def back_up(self) -> None:
        """Copy the store as it is."""
        with (
            closing(sqlite3.connect(self.home / "instance.db")) as store,
            closing(sqlite3.connect(self.home / "copy.db")) as target,
        ):
            store.backup(target)

    def restore(self) -> None:
        """Put the copy in the store's place."""
        self.remove()
        os.replace(self.home / "copy.db", self.home / "instance.db")

    def remove(self) -> None:
        """Delete the store."""
        for path in self.home.glob("instance.db*"):
            path.unlink()

    def fill(self, folder: Path, *numbers: int) -> None:
        """Make another program deliver facts, each in a batch of its own."""
        ran = self.run("".join(f"record({n})\n{FLUSH}" for n in numbers), folder)
        assert ran.returncode == 0, ran.stderr

    def run(self, body: str, folder: Path):  # type: ignore[no-untyped-def]
        """Run a client, which may take its time on a busy machine."""
        address = f"http://127.0.0.1:{self.settings.port}"
        return run(body, folder, LINEAGE_TARGET=address, LINEAGE_FLUSH_TIMEOUT_S="30")


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    """Return an instance that is not served yet."""
    return Instance(tmp_path / "server")


def _losses(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if LOST in r.getMessage()]


def _record(number: int) -> None:
    lineage.current_task().uses_project(number)
    assert lineage.flush(WAIT_S)


@pytest.mark.parametrize("others", [0, 6], ids=["alone", "filled by others"])
def test_a_client_that_lives_sends_again_what_the_backup_lacks(
    others: int,
    instance: Instance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is noticed as well where others have brought the store further meanwhile."""
    monkeypatch.setenv("LINEAGE_TARGET", f"http://127.0.0.1:{instance.settings.port}")
    lineage.configure(home=tmp_path / "client", settings=None)
    with instance.served():
        _record(1)
        instance.back_up()
        _record(2)
        _record(3)
    instance.restore()
    expected = [1, 2, 3, 4, *range(100, 100 + others)]
    with instance.served():
        instance.fill(tmp_path / "other", *range(100, 100 + others))
        _record(4)
        assert stored(instance.home) == expected
        (logged,) = _losses(caplog)
        assert f"behind http://127.0.0.1:{instance.settings.port}" in logged
        assert "; 0 others cannot be sent again" in logged
        _record(5)
        assert stored(instance.home) == sorted([*expected, 5])
    assert len(_losses(caplog)) == 1


@pytest.mark.parametrize("becomes", ["same", "older", "filled by others", "gone"])
def test_the_next_run_of_a_client_warns_of_what_the_backup_lacks(
    becomes: str, instance: Instance, tmp_path: Path
) -> None:
    """Its files were deleted when all was delivered: one warning says so, once."""
    client = tmp_path / "client"
    with instance.served():
        assert instance.run(f"record(1)\n{FLUSH}", client).stderr == ""
        instance.back_up()
        assert instance.run(f"record(2)\n{FLUSH}record(3)\n", client).stderr == ""
    if becomes == "gone":
        instance.remove()
    elif becomes != "same":
        instance.restore()
    with instance.served():
        if becomes == "filled by others":
            instance.fill(tmp_path / "other", *range(100, 106))
        ran = instance.run("record(4)\n", client)
        assert ran.stderr.count(LOST) == (becomes != "same")
        assert "what earlier programs delivered cannot" in ran.stderr or (
            becomes == "same"
        )
        assert instance.run("record(5)\n", client).stderr == ""
    assert {4, 5} <= set(stored(instance.home))


@pytest.mark.posix
@pytest.mark.parametrize("others", [0, 6], ids=["alone", "filled by others"])
def test_what_a_killed_client_left_is_sent_to_the_older_store(
    others: int, instance: Instance, tmp_path: Path
) -> None:
    """Its file is still there: the next client sends all of it again."""
    client = tmp_path / "client"
    with instance.served():
        assert instance.run(f"record(1)\n{FLUSH}", client).returncode == 0
        instance.back_up()
        killed = f"record(2)\nrecord(3)\n{FLUSH}os.kill(os.getpid(), signal.SIGKILL)\n"
        assert instance.run(killed, client).returncode == -9
        assert stored(instance.home) == [1, 2, 3]
    instance.restore()
    with instance.served():
        instance.fill(tmp_path / "other", *range(100, 100 + others))
        ran = instance.run("record(4)\n", client)
        assert ran.stderr.count(LOST) == 1
    assert stored(instance.home) == [1, 2, 3, 4, *range(100, 100 + others)]


# -- the rule, without an instance ----------------------------------------------------


def _state(store: str, opening: str, position: int) -> StoreState:
    return StoreState(store=store, opening=opening, position=position)


def _losses_of(home: Path, *states: tuple[str, str, int]) -> list[bool]:
    journal = journal_at(home, destination="http://instance")
    watch = StoreWatch(journal, is_on=True)
    return [watch.note(_state(*state)) for state in states]


@pytest.mark.parametrize(
    ("states", "losses"),
    [
        ([("a/1", "x", 5), ("a/1", "x", 5), ("a/1", "x", 6)], [0, 0, 0]),
        ([("a/1", "x", 5), ("a/1", "x", 4)], [0, 1]),
        ([("a/1", "x", 5), ("a/1", "y", 4)], [0, 1]),
        ([("a/1", "x", 5), ("a/1", "y", 6), ("a/1", "x", 7)], [0, 0, 0]),
        ([("a/1", "x", 5), ("b/1", "y", 9)], [0, 1]),
        ([("a/1", "x", 5), ("a/2", "x", 1), ("a/2", "x", 2)], [0, 0, 0]),
    ],
    ids=["same", "restored", "restarted", "two processes", "replaced", "other team"],
)
def test_another_store_or_a_lower_position_is_a_loss(
    states: list[tuple[str, str, int]], losses: list[int], tmp_path: Path
) -> None:
    """Several processes of one store, and several teams, are none."""
    assert _losses_of(tmp_path, *states) == [bool(loss) for loss in losses]


@pytest.mark.parametrize("other", [("b/1", "y"), ("a/1", "y")])
def test_two_stores_that_answer_in_turn_are_one_loss(
    other: tuple[str, str], tmp_path: Path
) -> None:
    """Whatever stands before them, nothing is sent again without end."""
    turns = []
    for turn in range(20):
        turns += [("a/1", "x", 100 + turn), (*other, 50 + turn)]
    assert sum(_losses_of(tmp_path, *turns)) == 1
