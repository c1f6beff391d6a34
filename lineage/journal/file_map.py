"""The methods of `mmap` by reads and writes, where files cannot be mapped."""

from __future__ import annotations

import threading

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
