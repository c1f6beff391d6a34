"""What the tests of the tracker share: a memory that takes the facts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lineage.testing import Recorded, capture


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    """Record into memory, as an app does: failures are logged."""
    with capture(strict=False) as facts:
        yield facts


@pytest.fixture
def strict() -> Iterator[Recorded]:
    """Record into memory in strict mode: failures raise."""
    with capture() as facts:
        yield facts
