"""Served instances, open and with tokens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from instance_postgres import Postgres
from instance_server import Served, in_thread, settings_for


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """An open instance on loopback, served for real."""
    with in_thread(settings_for(tmp_path / "served")) as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server, started when the first test asks for it."""
    server = Postgres()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.database()
