"""An instance without a socket for every test of a handler."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from instance_world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An open instance on SQLite."""
    made = World(tmp_path / "instance")
    yield made
    made.close()
