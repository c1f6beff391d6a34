"""Killed at random moments: nothing acknowledged is lost, doubled or invented."""

from __future__ import annotations

from pathlib import Path

import pytest
from crash_harness import Victim, run

#: A run that failed is repeated exactly enough by its seed: the moments of the kills
#: follow from it, as far as the scheduler allows.
SEED = 20260


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("victim", "kills"), [("recorder", 140), ("instance", 40), ("both", 40)]
)
def test_killed_processes_lose_double_and_invent_nothing(
    victim: Victim, kills: int, tmp_path: Path
) -> None:
    """Whoever is killed, successors deliver what was acknowledged, each fact once."""
    verdict = run(tmp_path, kills=kills, seed=SEED, victim=victim)
    print(verdict)
    assert verdict.kills >= kills
    assert verdict.kept > kills
    assert not verdict.lost, verdict
    assert not verdict.doubled, verdict
    assert not verdict.invented, verdict
