"""Warnings of facts that wait, given while the program runs and the trouble lasts."""

from __future__ import annotations

import time
from typing import Final

from ..errors import warn_rarely
from .deadline import Deadlines
from .journal_reader import reason_key

#: Trouble that is over sooner is not worth a warning.
_LASTS_S: Final = 3.0


class WaitingNotices:
    """Warns of facts that wait, once the trouble has lasted some seconds.

    Trouble that the program does not outlive is named by the one warning at its end,
    so that a short program gives one warning and not two.
    Not safe for threads: the flusher holds its lock.

    Args:
        deadlines: Know whether the process is about to end.
    """

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        #: When the first attempt failed since one succeeded; 0: none failed.
        self._since = 0.0

    def note_success(self) -> None:
        """End the trouble of all facts."""
        self._since = 0.0

    def note_failure(self, reason: str) -> None:
        """Warn that all facts wait, if they have for long."""
        self._since = self._since or time.monotonic()
        self._warn(self._since, "delivery", "Facts wait in the journal: %s", reason)

    def note_failed_fact(self, failed_at: float, reason: str) -> None:
        """Warn that one fact waits, if it has for long.

        Args:
            failed_at: When it failed first, in the time of `time.monotonic()`.
            reason: Why it fails.
        """
        key = f"waiting {reason_key(reason)}"
        message = "A fact cannot be delivered yet and waits in the journal: %s"
        self._warn(failed_at, key, message, reason)

    def _warn(self, since: float, key: str, message: str, reason: str) -> None:
        if time.monotonic() - since >= _LASTS_S and not self._deadlines.is_last:
            warn_rarely(key, message, reason)
