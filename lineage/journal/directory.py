"""The journal's folder: creates it when needed, measures it, and adopts leftovers."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from ..errors import guard, logger, warn_rarely
from ..permissions import create_private, make_folder, open_private
from ..settings import UNUSABLE
from ..system import BINARY, is_process_alive, locked, read_at, remove_and_close
from . import segments

JOURNAL: Final = "journal"
ASIDE: Final = "aside"
DROPPED: Final = "dropped"
#: Keeps the last fact of which a store has said that it is stored; what follows in a
#: name says to which instance it belongs.
CONFIRMED: Final = "confirmed"
_GITIGNORE: Final = "# Written by lineage: nothing in here belongs in git.\n*\n"


class JournalDirectory:
    """`<home>/journal` and what lies in it.

    Args:
        home: The folder of `LINEAGE_HOME`.
    """

    def __init__(self, home: Path) -> None:
        # The app may change its working directory later.
        try:
            self.home = Path(os.path.abspath(home))
        except FileNotFoundError as error:
            raise FileNotFoundError(
                error.errno, "the working directory was deleted; set LINEAGE_HOME"
            ) from error
        self.path = self.home / JOURNAL
        self.aside = self.path / ASIDE
        #: Segments that `adopt` found locked though their makers are dead.
        self.held: list[str] = []
        #: Segments that `adopt` may not open, and why.
        self.closed: dict[str, str] = {}
        self._foreign: list[Path] = []

    def make(self) -> None:
        """Make the folders.

        Raises:
            OSError: The place is read-only, full, or taken by a file.
        """
        if self.path.is_dir():
            return
        make_folder(self.home)
        ignore = self.home / ".gitignore"
        # Empty, it was begun on a full disk.
        if not ignore.exists() or ignore.stat().st_size == 0:
            create_private(ignore)
            ignore.write_text(_GITIGNORE, encoding="utf-8")
        make_folder(self.path)

    def size(self) -> int:
        """Return the size of the journal in bytes, the quarantine included."""
        total = 0
        for place in (self.path, self.aside):
            for entry in _entries(place):
                try:
                    total += entry.stat().st_size
                except FileNotFoundError:
                    continue  # Another process delivered it meanwhile.
        return total

    def files_with_suffix(self, suffix: str) -> list[Path]:
        """List the files with a suffix, oldest first."""
        found = (e.name for e in _entries(self.path) if e.name.endswith(suffix))
        return [self.path / name for name in sorted(found)]

    def quarantine_piece(self, name: str, piece: bytes, why: str) -> None:
        """Keep bytes that cannot be read, and log it."""
        make_folder(self.aside)
        place = self.aside / name
        create_private(place)
        place.write_bytes(piece)
        logger.warning("The journal: %s; kept in %s", why, place)

    def quarantine_file(self, path: Path, why: str) -> None:
        """Keep a file that is no segment of ours, and log it."""
        make_folder(self.aside)
        place = self._free_place(path.name)
        try:
            path.rename(place)
        except FileNotFoundError:
            return  # Another process has just done it.
        logger.warning("The journal: %s %s; kept in %s", path.name, why, place)

    def _free_place(self, name: str) -> Path:
        """Return a place aside where no file lies: what is kept there stays.

        A rename would replace it, or fail for ever on Windows.
        """
        wanted = place = self.aside / name
        number = 1
        while place.exists():
            number += 1
            place = wanted.with_stem(f"{wanted.stem}-{number}")
        return place

    def remove_unfinished(self) -> None:
        """Remove segments whose maker died before they were finished."""
        for path in self.files_with_suffix(segments.UNFINISHED):
            fd = self._open(path)
            if fd is None:
                continue
            # A fresh file that is not locked yet may be about to be.
            if time.time() - os.fstat(fd).st_mtime > 60 and locked(fd):
                remove_and_close(fd, path)
            else:
                os.close(fd)

    def note_dropped(self, count: int) -> None:
        """Add to the number of facts that could not be kept."""
        line = f"{time.time():.0f} {count}\n".encode()
        fd = open_private(self.path / DROPPED, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(fd, line)
        finally:
            os.close(fd)

    def dropped(self) -> int:
        """Return the number of facts that could not be kept."""
        try:
            text = (self.path / DROPPED).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return 0
        counts = (line.split()[-1] for line in text.splitlines() if line.strip())
        return sum(int(count) for count in counts if count.isdigit())

    def keep_confirmed(self, name: str, text: bytes) -> None:
        """Keep what was last delivered, in place of what was before.

        Args:
            name: The file's name: `CONFIRMED`, or one that begins so.
            text: Its content.

        Raises:
            OSError: The place cannot be written.
        """
        self.make()
        unfinished = self.path / f"{name}.{os.getpid()}"
        with os.fdopen(open_private(unfinished, os.O_WRONLY | os.O_TRUNC), "wb") as f:
            f.write(text)
        os.replace(unfinished, self.path / name)

    def confirmed(self, name: str) -> bytes | None:
        """Return what was kept under a name; None where nothing was."""
        try:
            return (self.path / name).read_bytes()
        except OSError:
            return None

    def skipped(self) -> tuple[str, ...]:
        """List the files of what could not be read and is kept."""
        return tuple(sorted(entry.path for entry in _entries(self.aside)))

    def has_leftovers(self, *, since: float) -> bool:
        """Whether a process that died has left a segment.

        Args:
            since: Segments that were last written before it do not count.
        """
        return any(
            _is_left(path, since) for path in self.files_with_suffix(segments.SUFFIX)
        )

    def adopt(self, destination: str) -> list[segments.Segment]:
        """Take over the segments of processes that died; each has one taker.

        Args:
            destination: Segments whose facts go elsewhere are left alone.
        """
        self.remove_unfinished()
        self.held = []
        self.closed = {}
        adopted = []
        for path in self.files_with_suffix(segments.SUFFIX):
            segment = self._adopted(path, segments.short_destination(destination))
            if segment is not None:
                adopted.append(segment)
        while self._foreign:
            path = self._foreign.pop()
            with guard(f"{path} cannot be taken over"):
                self.quarantine_file(path, "is no segment that this version reads")
        return adopted

    def _adopted(self, path: Path, destination: str) -> segments.Segment | None:
        fd = self._open(path)
        if fd is None:
            return None
        segment = None
        with guard(f"{path} cannot be taken over"):
            segment = self._taken(path, fd, destination)
        if segment is None:
            os.close(fd)
        return segment

    def _open(self, path: Path) -> int | None:
        try:
            return os.open(path, os.O_RDWR | BINARY)
        except FileNotFoundError:
            return None
        except OSError as error:
            self.closed[path.name] = str(error.strerror)
            key, message = f"open {path.name}", "The journal: %s cannot be opened: %s"
            warn_rarely(key, message, path, error.strerror)
            return None

    def _taken(self, path: Path, fd: int, destination: str) -> segments.Segment | None:
        header = segments.read_header(read_at(fd, segments.HEADER, 0))
        if header is not None and header[1] not in (destination, UNUSABLE):
            return None
        if not locked(fd):
            if _is_maker_dead(path):
                self.held.append(path.name)
            return None
        if os.fstat(fd).st_nlink == 0:
            return None
        if header is None or header[0] < segments.OLDEST:
            self._foreign.append(path)  # Moved when it is closed.
            return None
        if header[0] > segments.VERSION:
            warn_rarely(
                f"newer {path.name}",
                "The journal: %s was written by a newer lineage, which will send it; "
                "to send it from here: pip install -U workflow-lineage",
                path,
            )
            return None
        return segments.open_existing(path, fd)


def _is_left(path: Path, since: float) -> bool:
    try:
        if path.stat().st_mtime < since:
            return False
        fd = os.open(path, os.O_RDWR | BINARY)
    except OSError:
        return False  # Delivered meanwhile, or not for us to send.
    try:
        return locked(fd)
    except OSError:
        return _is_maker_dead(path)  # A file system without locks.
    finally:
        os.close(fd)


def _is_maker_dead(path: Path) -> bool:
    try:
        return not is_process_alive(int(path.name.split("-")[1], 16))
    except (ValueError, IndexError):
        return False  # Not our name.


def _entries(place: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(place) as entries:
            return [entry for entry in entries if entry.is_file(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []
