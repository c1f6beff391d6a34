"""Killed at random moments: nothing acknowledged is lost, doubled or invented."""

from __future__ import annotations

from pathlib import Path

import pytest
from crash_harness import IN_FLIGHT, Victim, run

#: A run that failed is repeated exactly enough by its seed: the moments of the kills
#: follow from it, as far as the scheduler allows.
SEED = 20260


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("victim", "kills"), [("recorder", 60), ("server", 20), ("both", 20)]
)
def test_killed_processes_lose_double_and_invent_nothing(
    victim: Victim, kills: int, tmp_path: Path
) -> None:
    """Whoever is killed, successors deliver what was acknowledged, each fact once."""
    result = run(tmp_path, kills=kills, seed=SEED, victim=victim)
    print(result)
    assert result.kills >= kills
    assert result.kept > kills
    assert result.is_good, result


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("victim", "kills"), [("recorder", 50), ("server", 20), ("both", 20)]
)
def test_the_platform_gets_again_only_what_a_kill_left_in_doubt(
    victim: Victim, kills: int, tmp_path: Path
) -> None:
    """Nothing is lost; an edge comes again once for each kill that met it on its way.

    One process leaves at most the edges that may be on their way at once in doubt,
    for each life of the platform that ends, or for its own end.
    """
    result = run(tmp_path, kills=kills, seed=SEED, victim=victim, server="platform")
    print(result)
    assert result.kills >= kills
    assert result.kept > kills
    assert result.is_good, result
    # The moments were such that the bound was put to the test.
    assert 0 < result.most_in_doubt <= IN_FLIGHT
