"""Doubts: a folder that was used and changed within one tick of the clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from lineage.delivery.evidence.doubts import drop_doubtful
from lineage.delivery.evidence.protocol import Findings

SEEN: Findings = {"evidence": [{"kind": "dirhash-h1", "value": "h1:x"}]}
OTHER: Findings = {"evidence": [{"kind": "dirhash-h1", "value": "h1:y"}]}


@dataclass
class Sighting:
    """What was found of an edge."""

    fact: dict[str, Any]
    found: Findings


def sighting(dir: str, at: float, found: Findings = SEEN, **more: Any) -> Sighting:
    """Make a sighting of the folder `/z`."""
    fact = {"dir": dir, "kind": "folder", "id": "z", "local_path": "/z", "at": at}
    return Sighting(fact | more, found)


def test_one_state_of_a_use_and_a_production_is_that_of_the_later() -> None:
    """A step cannot have used what it had not written yet."""
    used, made = sighting("input", 5.0), sighting("output", 5.001)
    drop_doubtful([used, made])
    assert used.found["pinned"] is False
    assert made.found == SEEN


@pytest.mark.parametrize(
    "made",
    [
        sighting("output", 5.1),
        sighting("output", 4.999),
        sighting("output", 5.001, OTHER),
        sighting("output", 5.001, local_path="/y"),
        sighting("output", 5.001, kind="file"),
        sighting("input", 5.001),
    ],
)
def test_other_sightings_leave_a_use_as_it_is(made: Sighting) -> None:
    """Later, earlier, of another state, another folder, or no folder."""
    used = sighting("input", 5.0)
    drop_doubtful([used, made])
    assert used.found == SEEN
