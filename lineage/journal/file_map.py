"""Stand-ins for `mmap`: where files cannot be mapped, and where writes need a lock."""

from __future__ import annotations

import os
import threading
from typing import Any

from ..system import read_at, write_at


class FileMap:
    """Bytes of a file, changed by system calls; what `Segment` needs of `mmap`.

    Args:
        fd: The file's descriptor; its owner closes it.
        size: In bytes.
    """

    def __init__(self, fd: int, size: int) -> None:
        self._fd = fd
        self._size = size
        self._at = 0
        self._is_closed = False
        # A signal's handler may record in the middle of a write of its own thread.
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return self._size

    def tell(self) -> int:
        """Return the end of what was written."""
        return self._at

    def write(self, data: bytes) -> int:
        """Append.

        Raises:
            ValueError: It does not fit, the map is closed, or the disk failed: then
                nothing fits any more.
        """
        with self._lock:
            if self._is_closed or self._at + len(data) > self._size:
                raise ValueError("data out of range")
            at, self._at = self._at, self._at + len(data)
            if self._written(data, at) < len(data):
                self._at = self._size
                raise ValueError("the disk took less than the data")
            return len(data)

    def _written(self, data: bytes, at: int) -> int:
        try:
            return write_at(self._fd, data, at)
        except OSError:
            return 0  # A disk that copies on write may be full in allocated space.

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self._size)
        return read_at(self._fd, max(0, stop - start), start)

    def __setitem__(self, at: int, value: int) -> None:
        write_at(self._fd, bytes((value,)), at)

    def close(self) -> None:
        """Refuse later writes."""
        self._is_closed = True


class LockedMap:
    """A map whose writes take a lock, for interpreters that have none of their own.

    Args:
        view: The map, which nobody else writes to.
    """

    def __init__(self, view: Any) -> None:
        self._view = view
        self._pid = os.getpid()
        # Reentrant: a signal's handler may record while its thread is inside.
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._view)

    def tell(self) -> int:
        """Return the end of what was written."""
        with self._lock:
            return int(self._view.tell())

    def write(self, data: bytes) -> int:
        """Append.

        Raises:
            ValueError: It does not fit, or the map is closed.
        """
        with self._lock:
            return int(self._view.write(data))

    def __getitem__(self, part: slice) -> bytes:
        read: bytes = self._view[part]
        return read

    def __setitem__(self, at: int, value: int) -> None:
        self._view[at] = value

    def flush(self) -> None:
        """Bring it to the disk."""
        self._view.flush()

    def close(self) -> None:
        """Refuse later writes, once those under way are done."""
        if os.getpid() != self._pid:
            # The child of a fork: who holds the lock is a thread of the parent.
            self._view.close()
            return
        with self._lock:
            self._view.close()
