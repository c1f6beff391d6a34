"""Read a moment as people type it."""

from __future__ import annotations

import re
import time
from datetime import datetime, timezone
from typing import Final

from .parser import UsageError

_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])(?:\s+ago)?")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def moment(text: str | None, *, now: float | None = None) -> float | None:
    """Give seconds since 1970 for a date, a time, an epoch, or a span ago.

    Raises:
        UsageError: The text is none of them.
    """
    if text is None:
        return None
    span = _SPAN.fullmatch(text.strip())
    if span:
        current = time.time() if now is None else now
        return current - float(span[1]) * _SECONDS[span[2]]
    try:
        return float(text)
    except ValueError:
        return _date(text)


def _date(text: str) -> float:
    try:
        told = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError as error:
        raise UsageError(
            f"{text!r} is no moment; allowed: 2026-01-31, 2026-01-31T12:00 (UTC), "
            "seconds since 1970, or a span ago such as 90s, 30m, 2h, 3d, 1w"
        ) from error
    return (told if told.tzinfo else told.replace(tzinfo=timezone.utc)).timestamp()
