"""Moments as people type them."""

from __future__ import annotations

import pytest

from lineage.cli.parser import UsageError, moment


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1970-01-02", 86_400), ("1970-01-01T01:00", 3600), ("1970-01-01T01:00Z", 3600),
     ("1970-01-01T01:00+01:00", 0), ("12.5", 12.5), ("2h", 92_800),
     ("3d ago", -159_200), ("90s", 99_910), ("1w", -504_800), ("30m", 98_200)],
)  # fmt: skip
def test_dates_epochs_and_spans_are_understood(text: str, seconds: float) -> None:
    """A date without a zone is UTC; a span counts back from now."""
    assert moment(text, now=100_000) == seconds


def test_what_is_no_moment_is_refused_with_what_is() -> None:
    """The refusal shows forms that work."""
    with pytest.raises(UsageError, match="allowed: 2026-01-31"):
        moment("yesterday")
