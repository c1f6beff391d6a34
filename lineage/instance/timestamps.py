"""Times as the platform writes them, and back."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Final

#: The last millisecond that can be written.
_LAST_MS: Final = 253_402_300_799_999


def time_text(at: float | None) -> str | None:
    """Return a time as the platform writes it."""
    if at is None:
        return None
    moment = datetime.fromtimestamp(at, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def seconds_from(text: str, *, is_after: bool = False) -> float:
    """Return the first time whose text is not before another text.

    Later times have later texts, so any text parts them in two.

    Args:
        text: Any text, also a part of a time's.
        is_after: Return the first time whose text comes after it.
    """
    low, high = 0, _LAST_MS + 1
    while low < high:
        middle = (low + high) // 2
        shown = _text_of_ms(middle)
        if shown > text or (shown == text and not is_after):
            high = middle
        else:
            low = middle + 1
    # Half a microsecond earlier still shows this millisecond.
    return (low * 1000 - 0.5) / 1e6


def _text_of_ms(ms: int) -> str:
    moment = datetime.fromtimestamp(ms // 1000, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"
