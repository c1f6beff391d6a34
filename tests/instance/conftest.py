"""An instance without a socket for every test of a handler, on both stores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from emptied_stores import EmptiedStores
from instance_fixture import InstanceFixture
from store_engines import emptied_stores, plain_store, postgres_server

__all__ = ["emptied_stores", "postgres_server"]


@pytest.fixture(params=["sqlite", "postgresql"])
def instance(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[InstanceFixture]:
    """An open instance on each kind of store."""
    home = tmp_path / "instance"
    if request.param == "sqlite":
        made = InstanceFixture(home)
        yield made
        made.close()
        return
    stores: EmptiedStores = request.getfixturevalue("emptied_stores")
    with plain_store(stores) as url:
        made = InstanceFixture(home, url)
        yield made
        made.close()
