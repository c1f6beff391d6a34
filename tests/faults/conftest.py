"""A real instance behind a faulty proxy, and an app that declares in every form."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from faulty_proxy import FaultyProxy
from instance_server import Served, in_thread, settings_for


@pytest.fixture(scope="session")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with in_thread(settings_for(tmp_path_factory.mktemp("served"))) as served:
        yield served


@pytest.fixture
def proxy(_served: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    """Return the proxy; the process's facts go through it."""
    with FaultyProxy(_served.settings.port) as proxy:
        monkeypatch.setenv("LINEAGE_TARGET", proxy.address)
        monkeypatch.setenv("LINEAGE_FLUSH_TIMEOUT_S", "0")
        yield proxy


@pytest.fixture
def stored(_served: Served) -> Stored:
    """Count what reaches the instance from now on."""
    return Stored(Path(_served.settings.store.removeprefix("sqlite:///")))


class Stored:
    """The edges that the instance stored since this was made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = self._all()

    def edges(self) -> int:
        """Count them."""
        return self._all() - self._before

    def _all(self) -> int:
        with closing(sqlite3.connect(self._path, timeout=20)) as store:
            return int(store.execute("SELECT count(*) FROM edges").fetchone()[0])
