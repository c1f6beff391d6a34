"""Segments: the files of the journal, one writer each, marked in place.

A segment is made at its full size and mapped into memory: recording is one
`mmap.write`, which copies and moves on in a single step of the interpreter. It
needs no lock, no system call and no turn of the interpreter lock, may be interrupted
by a signal's handler that records, too, and what is copied belongs to the kernel:
it outlives the process, however that ends. Disk space was allocated before. Where
the interpreter has no lock, it takes one (`LockedMap`).

The owner holds `flock` on the file until it dies, which shows others that it lives.
"""

from __future__ import annotations

import errno
import hashlib
import mmap
import os
import secrets
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from .. import threads
from ..permissions import open_private
from ..redaction import redact
from ..system import BINARY, allocate, locked, sync_folder, write_at
from . import records
from .file_map import FileMap, LockedMap

MAGIC: Final = b"lineage-journal "
VERSION: Final = 3
#: The oldest that is read; each version has other checksums, or one fact a record.
OLDEST: Final = 1
#: Bytes before the first line: magic, version, destination.
HEADER: Final = 256
SUFFIX: Final = ".seg"
#: The name while it is being made: nobody may take it for a dead process's.
UNFINISHED: Final = ".new"
FIRST_SIZE: Final = 256 * 1024
SMALLEST_SIZE: Final = 64 * 1024
#: Three of them are mapped where an app records a lot: one in use and two ahead.
LARGEST_SIZE: Final = 2 * 1024 * 1024
PAGE: Final = mmap.PAGESIZE
#: Bytes read at once: what the interpreter can do before others want their turn.
_PIECE: Final = 64 * 1024
#: Bytes whose pages are touched on the app's thread.
_TOUCHED: Final = 64 * 1024
_LONGEST_DESTINATION: Final = 200


class Segment:
    """One file of the journal, or its stand-in in memory.

    Args:
        name: Unique for ever; the facts' uids begin with it.
        view: The mapped bytes.
        path: Where it lies; None in memory.
        fd: The descriptor that holds the lock.
    """

    def __init__(
        self, name: str, view: Any, *, path: Path | None = None, fd: int = -1
    ) -> None:
        self.name = name
        self.path = path
        self.view = view
        self.write: Callable[[bytes], Any] = view.write
        self.size = len(view)
        self.fd = fd
        #: The segment that follows; `setdefault` is one step for all threads.
        self.link: dict[str, Segment] = {}
        self.cursor = HEADER
        #: Lines read by the flusher, whose status is open.
        self.open_lines = 0
        self.is_adopted = False
        self.is_open = True

    @property
    def is_sealed(self) -> bool:
        """Whether nothing can be written any more."""
        return self.is_adopted or self.room() == 0

    def seal(self) -> None:
        """Make every later write fail; what is written stays."""
        while (left := self.room()) > 0:
            try:
                self.write(bytes(left))
            except ValueError:
                # Another thread wrote in between, or sealed it: look again.
                continue

    def room(self) -> int:
        """Return how many bytes can still be written."""
        try:
            return self.size - int(self.view.tell()) if self.is_open else 0
        except ValueError:
            return 0  # Closed by another thread meanwhile.

    def read_new(self) -> tuple[list[records.Record], list[records.TornRecord]]:
        """Read lines written since the last call: a piece of the segment."""
        start = self.cursor
        end = min(self.end(), start + _PIECE)
        data = self.view[start:end]
        if end < self.end():
            data = self._whole_lines(data, start)
        self.cursor = start + len(data)
        return records.read(data, start)

    def _whole_lines(self, data: bytes, start: int) -> bytes:
        """Cut a piece after its last line; lengthen it to hold one at least."""
        cut = data.rfind(b"\n") + 1
        while not cut and start + len(data) < self.end():
            if not data.strip(b"\0"):
                return data
            data = self.view[start : min(self.end(), start + 2 * len(data))]
            cut = data.rfind(b"\n") + 1
        return data[:cut] if cut else data

    def end(self) -> int:
        """Return the offset behind the last record."""
        return self.size if self.is_adopted else int(self.view.tell())

    def has_unread(self) -> bool:
        """Whether anything was written since the last call of `fresh`."""
        return self.cursor < self.end()

    def unread(self) -> int:
        """Count the waiting lines that `fresh` would give."""
        found, _ = records.read(self.view[self.cursor : self.end()], self.cursor)
        return sum(line.mark == records.WAITING for line in found)

    def delivered(self) -> list[records.Record]:
        """Return the lines read so far that are marked as delivered."""
        found, _ = records.read(self.view[HEADER : self.cursor], HEADER)
        return [line for line in found if line.mark == records.DELIVERED]

    def mark(self, offset: int, mark: int) -> None:
        """Note the status of a line; 0 stands for a fact that has none."""
        if offset:
            self.set_mark(offset, mark)
        self.open_lines -= 1

    def set_mark(self, offset: int, mark: int) -> None:
        """Change the mark of a fact in place."""
        at = offset + records.MARK_AT
        self.view[at] = records.mark_in_place_of(self.view[at : at + 1], mark)

    def is_replaced(self) -> bool:
        """Whether its file was deleted, or another one put in its place."""
        if self.path is None or self.fd < 0:
            return False
        try:
            return not os.path.samestat(os.stat(self.path), os.fstat(self.fd))
        except FileNotFoundError:
            return True
        except OSError:
            return False  # A disk that cannot be asked says nothing.

    def modified_at(self) -> float:
        """Return when the file was last written; 0 where that is not known."""
        try:
            return os.fstat(self.fd).st_mtime if self.fd >= 0 else 0.0
        except OSError:
            return 0.0

    @property
    def is_finished(self) -> bool:
        """Whether it is sealed, and the status of each line is known."""
        if self.open_lines or not self.is_sealed:
            return False
        return self.cursor >= self.size

    def discard(self) -> None:
        """Delete the file and let go of it.

        Raises:
            OSError: It cannot be deleted; who can adopts it and finds nothing to send.
        """
        try:
            if self.path is not None and _is_removed(self.path):
                return
        finally:
            self.release()
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def release(self) -> None:
        """Release the file, so that another process may adopt it."""
        self.is_open = False
        self.view.close()
        if self.fd >= 0:
            fd, self.fd = self.fd, -1
            os.close(fd)


class NullSegment:
    """Stands where no segment is open yet: every write fails, as in a full one."""

    def __init__(self) -> None:
        self.link: dict[str, Segment] = {}

    def write(self, _line: bytes) -> None:
        """Refuse."""
        raise ValueError("no segment is open")

    def seal(self) -> None:
        """Do nothing: it is sealed from the beginning."""


def new_name() -> str:
    """Make a name that no segment had or will have."""
    return f"{time.time_ns():x}-{os.getpid():x}-{secrets.token_hex(4)}"


def header(destination: str) -> bytes:
    """Return the first bytes of a segment, whose facts go to `destination` only."""
    name = short_destination(destination)
    text = MAGIC + str(VERSION).encode() + b" " + name.encode()
    return text.ljust(HEADER - 1) + b"\n"


def short_destination(destination: str) -> str:
    """Return a destination as headers name it: long ones by their digest."""
    quoted = urllib.parse.quote(redact(destination), safe="/:@")
    if len(quoted) <= _LONGEST_DESTINATION:
        return quoted
    return "sha256:" + hashlib.sha256(destination.encode()).hexdigest()


def create(
    folder: Path,
    size: int,
    destination: str,
    *,
    is_durable: bool = False,
    is_spare: bool = False,
) -> Segment:
    """Make a segment on disk, with all of its space allocated.

    Args:
        folder: The journal's folder; it must be there.
        size: In bytes.
        destination: Where its facts go.
        is_durable: Make the file's name survive a power failure, too.
        is_spare: Made ahead: there is time to prepare all of it.

    Raises:
        OSError: The disk is full, read-only or gone.
    """
    name = new_name()
    unfinished, path = folder / (name + UNFINISHED), folder / (name + SUFFIX)
    fd = open_private(unfinished, os.O_RDWR | os.O_EXCL)
    try:
        locked(fd)
        allocate(fd, size)
        write_at(fd, header(destination), 0)
        fd = _renamed(fd, unfinished, path)
        view = _mapped(fd, size, size if is_spare else min(size, _TOUCHED))
        view.write(header(destination))
    except BaseException:
        if fd >= 0:
            os.close(fd)
        for place in (unfinished, path):
            place.unlink(missing_ok=True)
        raise
    if is_durable:
        sync_folder(folder)
    return Segment(name, view, path=path, fd=fd)


def _renamed(fd: int, source: Path, target: Path) -> int:
    try:
        os.rename(source, target)
    except PermissionError:
        # Windows: a file has to be closed for it. Who takes it for a dead process's
        # meanwhile has its lock, finds nothing in it, and removes it.
        os.close(fd)
        os.rename(source, target)
        fd = os.open(target, os.O_RDWR | BINARY)
        if not locked(fd):
            os.close(fd)
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(target)) from None
    return fd


def _is_removed(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        return False  # Windows: it has to be closed before.
    return True


def create_in_memory(size: int) -> Segment:
    """Make a segment that lives as long as the process."""
    view = mmap.mmap(-1, size)
    view.seek(HEADER)
    return Segment(new_name(), _shared(view))


def _mapped(fd: int, size: int, touched: int) -> Any:
    try:
        view = mmap.mmap(fd, size)
    except OSError:
        # Some network and FUSE file systems cannot be mapped.
        return FileMap(fd, size)
    # The first touch of a page costs a fault: here, and not in the app's call.
    # The header's page comes last: others may read it already.
    for page in range(PAGE, touched, PAGE):
        view[page] = 0
    return _shared(view)


def _shared(view: mmap.mmap) -> Any:
    """Return a map to which several threads write: one step, or under a lock."""
    return view if threads.has_gil() else LockedMap(view)


def open_existing(path: Path, fd: int) -> Segment:
    """Open a dead process's segment whose lock the caller holds on `fd`.

    Raises:
        OSError: It cannot be read.
        ValueError: It is empty.
    """
    size = os.fstat(fd).st_size
    try:
        view: Any = mmap.mmap(fd, size)
    except OSError:
        view = FileMap(fd, size)
    segment = Segment(path.name[: -len(SUFFIX)], view, path=path, fd=fd)
    segment.is_adopted = True
    return segment


def read_header(start: bytes) -> tuple[int, str] | None:
    """Return the journal's version and the destination; None if it is no segment."""
    words = start[:HEADER].split(b"\n")[0].split()
    if len(words) < 2 or words[0] + b" " != MAGIC or not words[1].isdigit():
        return None
    return int(words[1]), words[2].decode("utf-8", "replace") if words[2:] else ""
