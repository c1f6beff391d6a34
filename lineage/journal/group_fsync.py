"""Group commit: many threads share one `fdatasync`."""

from __future__ import annotations

import threading
from collections.abc import Callable


class GroupFsync:
    """Lets each caller return once what it wrote before is on the disk.

    Args:
        sync: Brings everything written so far to the disk; one thread at a time.
    """

    def __init__(self, sync: Callable[[], None]) -> None:
        self._sync = sync
        self._changed = threading.Condition()
        self._begun = 0
        self._done = 0
        self._leader: int | None = None

    def wait(self) -> None:
        """Wait until a sync that began after this call is done.

        Raises:
            OSError: The disk failed.
        """
        me = threading.get_ident()
        with self._changed:
            if self._leader == me:
                # A signal's handler records while its thread leads a sync.
                ticket = None
            else:
                ticket = self._begun + 1
                while self._leader is not None and self._done < ticket:
                    self._changed.wait()
                if self._done >= ticket:
                    return
                self._leader = me
                self._begun = ticket
        if ticket is None:
            self._sync()
        else:
            self._lead(ticket)

    def _lead(self, ticket: int) -> None:
        try:
            self._sync()
        finally:
            with self._changed:
                self._leader = None
                self._done = max(self._done, ticket)
                self._changed.notify_all()
