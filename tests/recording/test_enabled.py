"""The switch: on and off, and off for good."""

from __future__ import annotations

import pytest

from lineage.recording import enabled


@pytest.mark.parametrize(
    ("text", "is_off"),
    [
        ("false", True),
        ("0", True),
        ("No", True),
        ("on", False),
        ("perhaps", False),
        ("", False),
    ],
)
def test_the_environment_switches_recording(text: str, is_off: bool) -> None:
    """Off is only what is said so in words that can be read."""
    assert enabled.is_off_in({"LINEAGE_ENABLED": text}) is is_off
    assert enabled.is_off_in({}) is False


def test_on_and_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be turned, unless the environment said no at import."""
    enabled.turn_off()
    assert not enabled.is_on()
    monkeypatch.setattr(enabled, "IS_DISABLED_BY_ENV", True)
    enabled.turn_on()
    assert not enabled.is_on()
    monkeypatch.setattr(enabled, "IS_DISABLED_BY_ENV", False)
    enabled.turn_on()
    assert enabled.is_on()
