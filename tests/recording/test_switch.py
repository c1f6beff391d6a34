"""The switch: on and off, and off for good."""

from __future__ import annotations

import pytest

from lineage.recording import switch


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
def test_what_the_environment_says(text: str, is_off: bool) -> None:
    """Off is only what is said so in words that can be read."""
    assert switch.is_off_in({"LINEAGE_ENABLED": text}) is is_off
    assert switch.is_off_in({}) is False


def test_on_and_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be turned, unless the environment said no at import."""
    switch.turn_off()
    assert not switch.is_on()
    monkeypatch.setattr(switch, "OFF", True)
    switch.turn_on()
    assert not switch.is_on()
    monkeypatch.setattr(switch, "OFF", False)
    switch.turn_on()
    assert switch.is_on()
