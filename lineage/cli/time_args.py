"""Reads the moments among a command's options."""

from __future__ import annotations

import time

from ..model.moments import parse_moment
from .parser import UsageError


def moment(text: str | None, *, now: float | None = None) -> float | None:
    """Return seconds since 1970 for a date, a time, an epoch, or a span ago.

    Raises:
        UsageError: The text is none of them.
    """
    if text is None:
        return None
    try:
        return parse_moment(text, now=time.time() if now is None else now)
    except ValueError as error:
        raise UsageError(str(error)) from error
