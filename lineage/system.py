"""What operating systems do differently: locks, places in files, processes.

Everything here works with what Windows has, too; where that is weaker, the function
says so. Which way is taken depends on what the interpreter offers and not on a
system's name, so that a test can take it away.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

_fcntl: ModuleType | None
_msvcrt: ModuleType | None
try:
    import fcntl as _fcntl
except ImportError:
    _fcntl = None
try:
    import msvcrt as _msvcrt
except ImportError:
    _msvcrt = None

#: For `os.open`: bytes as they are, and no descriptor for programs that are started.
BINARY: Final = (
    getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOINHERIT", 0)
)
#: The byte that stands for the whole file where locks belong to bytes: none is written
#: there, because such a lock keeps others from reading what it covers.
_LOCKED_BYTE: Final = 2**31 - 2
_AGAIN_S: Final = 0.01
#: Others have a file of the journal open for moments only.
_PATIENCE_S: Final = 0.5
_PIECE: Final = 1024 * 1024
#: `OpenProcess` and `WaitForSingleObject` of Windows.
_SYNCHRONIZE: Final = 0x00100000
_IS_RUNNING: Final = 0x00000102
_ACCESS_DENIED: Final = 5
#: A descriptor has one position: to move there and to read is one step.
_position: Final = threading.RLock()


def locked(fd: int, *, wait: bool = False) -> bool:
    """Take a file's lock, which ends with the descriptor or the process.

    Args:
        fd: The file.
        wait: Wait for who has it.

    Returns:
        False when another process, or another descriptor, has it.

    Raises:
        OSError: The file system has no locks.
    """
    if _fcntl is not None:
        return _is_flocked(_fcntl, fd, wait=wait)
    while not (is_ours := _is_byte_locked(fd)) and wait:
        time.sleep(_AGAIN_S)
    return is_ours


def _is_flocked(fcntl: Any, fd: int, *, wait: bool) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def _is_byte_locked(fd: int) -> bool:
    if _msvcrt is None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
    try:
        with _moved_to(fd, _LOCKED_BYTE):
            _msvcrt.locking(fd, _msvcrt.LK_NBLCK, 1)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EDEADLK, errno.EAGAIN):
            return False
        raise
    return True


@contextmanager
def _moved_to(fd: int, at: int) -> Iterator[None]:
    """Move to a place of a file, and back again."""
    with _position:
        before = os.lseek(fd, 0, os.SEEK_CUR)
        os.lseek(fd, at, os.SEEK_SET)
        try:
            yield
        finally:
            os.lseek(fd, before, os.SEEK_SET)


def read_at(fd: int, size: int, at: int) -> bytes:
    """Read up to `size` bytes from a place of a file."""
    if hasattr(os, "pread"):
        return os.pread(fd, size, at)
    with _moved_to(fd, at):
        return os.read(fd, size)


def write_at(fd: int, data: bytes, at: int) -> int:
    """Write bytes to a place of a file, and return how many were taken."""
    if hasattr(os, "pwrite"):
        return os.pwrite(fd, data, at)
    with _moved_to(fd, at):
        return os.write(fd, data)


def allocate(fd: int, size: int) -> None:
    """Reserve a new file's whole size on the disk.

    Writing to a mapped page without a block behind it is a fatal signal on a full disk,
    so the blocks are asked for before.

    Raises:
        OSError: The disk has no such room.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(fd, 0, size)
    else:
        _fill(fd, size)


def _fill(fd: int, size: int) -> None:
    left = size
    while left > 0:
        left -= write_at(fd, bytes(min(left, _PIECE)), size - left)


def sync(fd: int, view: Any = None) -> None:
    """Bring a file to the disk, so that it survives a power failure.

    Args:
        fd: The file.
        view: Its map, where it was written through one.
    """
    if hasattr(os, "fdatasync"):
        os.fdatasync(fd)  # On Linux it covers what was changed through a map.
        return
    if hasattr(view, "flush"):
        view.flush()
    if not _is_flushed_by_drive(fd):
        os.fsync(fd)


def _is_flushed_by_drive(fd: int) -> bool:
    """Make macOS empty the drive's own memory, too; `fsync` leaves it as it is."""
    if _fcntl is None or not hasattr(_fcntl, "F_FULLFSYNC"):
        return False
    try:
        _fcntl.fcntl(fd, _fcntl.F_FULLFSYNC)
    except OSError:
        return False  # Not every file system there knows of it.
    return True


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power failure, where it can be opened."""
    try:
        fd = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return  # Windows, whose file system keeps a journal of names itself.
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def rename_and_close(fd: int, source: Path, target: Path) -> None:
    """Rename a file that is open and locked, and close it.

    Where open files have to keep their names it is closed before, so that another
    process may come in between; then the file is where that one put it.

    Raises:
        OSError: It cannot be renamed.
    """
    _change_and_close(fd, lambda: source.rename(target))


def remove_and_close(fd: int, path: Path) -> None:
    """Remove a file that is open and locked, and close it.

    Raises:
        OSError: It cannot be removed, perhaps because another process has it open.
    """
    _change_and_close(fd, lambda: path.unlink(missing_ok=True))


def _change_and_close(fd: int, change: Callable[[], object]) -> None:
    try:
        change()
    except PermissionError:
        is_changed = False
    else:
        is_changed = True
    finally:
        os.close(fd)
    if not is_changed:
        _with_patience(change)


def _with_patience(change: Callable[[], object]) -> None:
    """Change a file's name as soon as no other process has it open."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            change()
            return
        except PermissionError:
            if time.monotonic() > until:
                raise
        time.sleep(_AGAIN_S)


def is_process_alive(pid: int) -> bool:
    """Whether a process of this machine runs; True where that cannot be known."""
    if _fcntl is None and _msvcrt is not None:
        return _is_alive_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True  # Another user's, or no number that a process can have.
    return True


def _is_alive_on_windows(pid: int) -> bool:
    # `os.kill(pid, 0)` would be Ctrl+C there.
    import ctypes  # only here: it is slow to load

    try:
        kernel: Any = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]  # only there
    except AttributeError:
        return True
    handle = kernel.OpenProcess(_SYNCHRONIZE, False, pid & 0xFFFFFFFF)
    if not handle:
        denied = ctypes.get_last_error()  # type: ignore[attr-defined]  # only there
        return bool(denied == _ACCESS_DENIED)
    try:
        return bool(kernel.WaitForSingleObject(handle, 0) == _IS_RUNNING)
    finally:
        kernel.CloseHandle(handle)
