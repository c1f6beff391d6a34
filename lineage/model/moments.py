"""Reads a moment as people type it: a date, a time, an epoch, or a span ago."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Final

from ..patterns import pattern

_SPAN: Final = pattern(r"(\d+(?:\.\d+)?)\s*([smhdw])(?:\s+ago)?")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_NUMBER: Final = pattern(r"\d+(?:\.\d+)?")


def parse_moment(text: str, *, now: float) -> float:
    """Return seconds since 1970 for a text such as `2026-01-31`, `7d` or `2h ago`.

    Raises:
        ValueError: The text is none of the allowed forms.
    """
    text = text.strip()
    span = _SPAN.fullmatch(text)
    if span:
        return now - float(span[1]) * _SECONDS[span[2]]
    if _NUMBER.fullmatch(text):
        return float(text)
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise ValueError(
            f"{text!r} is no moment; allowed: 2026-01-31, 2026-01-31T12:00 (UTC), "
            "seconds since 1970, or a span ago such as 90s, 30m, 2h, 3d, 1w"
        ) from error
    return (
        moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    ).timestamp()
