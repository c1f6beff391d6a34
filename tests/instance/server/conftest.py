"""Served instances, open and with tokens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from emptied_stores import EmptiedStores
from instance_server import Served, in_thread, settings_for
from store_engines import plain_store


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """An open instance on loopback, served for real."""
    with in_thread(settings_for(tmp_path / "served")) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty store of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    stores: EmptiedStores = request.getfixturevalue("emptied_stores")
    with plain_store(stores) as url:
        yield url
