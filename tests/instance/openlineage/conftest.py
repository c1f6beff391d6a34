"""A served instance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from instance_server import Served, in_thread, settings_for


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """An open instance on loopback, served for real."""
    with in_thread(settings_for(tmp_path / "served")) as running:
        yield running
