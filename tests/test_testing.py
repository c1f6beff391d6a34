"""`lineage.testing`: what users' own tests stand on."""

from __future__ import annotations

import pytest

import lineage
from lineage.errors import SourceError
from lineage.runtime import runtime
from lineage.testing import capture


@lineage.uses_project("project")
@lineage.produces_file(model_weight=True)
def train(project: int) -> str:
    return "best.pt"


def test_capture_shows_what_was_recorded() -> None:
    """Inputs and outputs read as selectors do."""
    with capture() as recorded:
        train(7)
        assert recorded.inputs == ["project:7"]
        assert recorded.outputs == ["model_weight:best.pt"]
        recorded.clear()
        assert recorded.facts == []
    assert recorded.not_recorded == {}


def test_it_is_strict_unless_recorded_otherwise() -> None:
    """A wrong value fails the test that shows it."""
    with capture(), pytest.raises(SourceError):
        train("x")  # type: ignore[arg-type]
    with capture(strict=False) as recorded:
        train("x")  # type: ignore[arg-type]
    assert sum(recorded.not_recorded.values()) == 1


def test_captures_are_apart() -> None:
    """What is outside does not show inside, and the reverse; off is on inside."""
    outer = runtime().recorder
    lineage.disable()
    with capture() as one:
        train(1)
        with capture() as two, lineage.task("t"):
            train(1)
        train(2)
    assert not lineage.is_enabled()
    assert runtime().recorder is outer
    assert (one.inputs, two.inputs) == (["project:1", "project:2"], ["project:1"])
