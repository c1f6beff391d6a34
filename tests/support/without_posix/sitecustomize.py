"""Takes away what only POSIX has, and puts in what Windows has, before anything else.

With this folder on `PYTHONPATH` an interpreter, and each that it starts, has no
`fcntl`, no forks, no reads at a place, no handler of SIGTERM, and files that keep
their names while they are open. Locks are those of `msvcrt`, on the kernel's locks of
byte ranges.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import fcntl
import multiprocessing.connection
import os
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import types
from typing import Any

# Parts of the standard library that need what is taken away; they are there on Windows
# in another form.
_LOADED = (asyncio, multiprocessing.connection, subprocess, tempfile)

_MODULES = ("fcntl", "resource", "pwd", "grp", "termios", "pty", "tty", "syslog")
_FUNCTIONS = (
    "fork", "forkpty", "register_at_fork", "posix_fallocate", "posix_fadvise",
    "geteuid", "getuid", "getegid", "getgid", "getgroups", "pread", "preadv", "pwrite",
    "pwritev", "fchmod", "fchown", "chown", "lchown", "fdatasync", "mkfifo", "mknod",
    "setsid", "killpg", "getpgid", "getpgrp", "setpgid", "sched_getaffinity",
    "getloadavg", "statvfs", "sysconf", "nice", "O_CLOEXEC", "O_NONBLOCK", "O_NOCTTY",
    "O_DIRECTORY", "O_NOFOLLOW", "O_SYNC", "O_DSYNC",
)  # fmt: skip
#: A bit of `os.open` that the kernel does not look at.
_BINARY = 1 << 29
_FORBIDDEN = frozenset('<>:"|?*')

_kill, _open, _rename, _replace, _unlink, _signal = (
    os.kill, os.open, os.rename, os.replace, os.unlink, signal.signal
)  # fmt: skip
_ofd_lock: Any = fcntl.F_OFD_SETLK  # type: ignore[attr-defined]  # Linux has it
_write_lock, _control = fcntl.F_WRLCK, fcntl.fcntl


def _locking(fd: int, mode: int, size: int) -> None:
    """Lock bytes from the position on, for this descriptor; never waits."""
    start = os.lseek(fd, 0, os.SEEK_CUR)
    assert mode == 2, "a blocking lock of Windows gives up after ten seconds"
    request = struct.pack("hhlli", _write_lock, os.SEEK_SET, start, size, 0)
    try:
        _control(fd, _ofd_lock, request)
    except BlockingIOError as error:
        raise PermissionError(errno.EACCES, "Permission denied") from error


def _is_ours(frame: types.FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).startswith("lineage")


def _open_binary(path: Any, flags: int, *rest: Any, **options: Any) -> int:
    if os.path.isdir(path) and not flags & os.O_CREAT:
        raise PermissionError(errno.EACCES, "Permission denied", path)
    if _is_ours(sys._getframe(1)):
        assert flags & _BINARY, f"{path}: newlines would be changed"
    if flags & os.O_CREAT:
        _checked_name(path)
    return _open(path, flags & ~_BINARY | 0o2000000, *rest, **options)


def _checked_name(path: Any) -> None:
    name = os.path.basename(os.fsdecode(path))
    if _FORBIDDEN & set(name):
        raise OSError(errno.EINVAL, "The filename is incorrect", path)


def _check_closed(path: Any) -> None:
    """Refuse to rename or remove what any process has open."""
    wanted = os.path.realpath(os.fsdecode(path))
    for process in os.listdir("/proc"):
        folder = f"/proc/{process}/fd"
        try:
            numbers = os.listdir(folder) if process.isdigit() else ()
        except OSError:
            continue
        for number in numbers:
            try:
                found = os.readlink(f"{folder}/{number}")
            except OSError:
                continue
            if found == wanted:
                text = "The process cannot access the file: it is being used"
                raise PermissionError(errno.EACCES, text, path)


def _renames(real: Any) -> Any:
    def move(source: Any, target: Any, **options: Any) -> None:
        _checked_name(target)
        _check_closed(source)
        _check_closed(target)
        if real is _rename and os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "File exists", target)
        real(source, target, **options)

    return move


def _remove(path: Any, *, dir_fd: int | None = None) -> None:
    if dir_fd is None:
        _check_closed(path)
    _unlink(path, dir_fd=dir_fd)


def _kill_without_zero(pid: int, number: int) -> None:
    assert number != 0, "on Windows this is Ctrl+C"
    _kill(pid, number)


def _signal_without_term(number: int, handler: Any) -> Any:
    if number == signal.SIGTERM and _is_ours(sys._getframe(1)):
        raise ValueError("signal number out of range")
    return _signal(number, handler)


class _Kernel32:
    """What `ctypes.WinDLL("kernel32")` has, as far as it is used."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    @staticmethod
    def OpenProcess(_access: int, _inherit: bool, pid: int) -> int:
        return pid if os.path.exists(f"/proc/{pid}") else 0

    @staticmethod
    def WaitForSingleObject(handle: int, _timeout: int) -> int:
        with open(f"/proc/{handle}/stat", encoding="utf-8") as file:
            return 0 if file.read().rpartition(")")[2].split()[0] == "Z" else 0x102

    @staticmethod
    def CloseHandle(_handle: int) -> None:
        pass


def _take_away() -> None:
    for name in _MODULES:
        sys.modules[name] = None  # type: ignore[assignment]  # an import then fails
    for name in _FUNCTIONS:
        if hasattr(os, name):
            delattr(os, name)
    for name in ("poll", "epoll"):
        delattr(select, name)


def _put_in() -> None:
    msvcrt: Any = types.ModuleType("msvcrt")
    msvcrt.locking, msvcrt.LK_NBLCK, msvcrt.LK_LOCK, msvcrt.LK_UNLCK = _locking, 2, 1, 0
    sys.modules["msvcrt"] = msvcrt
    changed: Any = os
    changed.O_BINARY, changed.O_NOINHERIT = _BINARY, 0
    changed.open, changed.kill = _open_binary, _kill_without_zero
    changed.rename, changed.replace = _renames(_rename), _renames(_replace)
    changed.unlink = changed.remove = _remove
    signal.signal = _signal_without_term  # type: ignore[assignment]  # it takes less
    windows: Any = ctypes
    windows.WinDLL, windows.get_last_error = _Kernel32, lambda: 87


# Where folders cannot be opened, trees are removed by their paths.
shutil._use_fd_functions = False  # type: ignore[attr-defined]  # its own decision
# Its files vanish by themselves when they are closed, on Windows as well.
tempfile._os = types.SimpleNamespace(**vars(os))  # type: ignore[attr-defined]  # its own import
_take_away()
_put_in()
