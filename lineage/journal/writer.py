"""The journal: keeps every fact from its recording to its delivery."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final
from zlib import adler32

from ..errors import guard, logger, warn_rarely
from ..recording.json_text import BETWEEN_FACTS
from ..system import sync
from . import records, segments
from .directory import JournalDirectory
from .group_fsync import GroupFsync
from .segments import NullSegment, Segment

_MEGABYTE: Final = 1024 * 1024
#: What may wait in memory where the disk cannot be written.
_MOST_IN_MEMORY: Final = 32 * _MEGABYTE
#: A journal that had no room looks again after this time.
_LOOK_AGAIN_S: Final = 1.0


class Journal:
    """The journal of one process.

    `write` costs the app's thread a copy into memory that the kernel keeps: no lock,
    no network, no system call but once in thousands of facts.

    Args:
        folder: Where it lies.
        destination: Where its facts go; others leave them alone.
        max_mb: Beyond this size of the whole folder, new facts are dropped.
        sync: `process` or `power`: what a recorded fact survives.
        on_open: Called once in each process (fork's children, too), after its first
            fact was written.
    """

    def __init__(
        self,
        folder: JournalDirectory,
        *,
        destination: str = "local",
        max_mb: float = 512.0,
        sync: str = "process",
        on_open: Callable[[], None] | None = None,
    ) -> None:
        self.folder = folder
        self.destination = destination
        self.dropped = 0
        self._noted = 0
        self._most = max(int(max_mb * _MEGABYTE), segments.FIRST_SIZE)
        self._on_open = on_open or (lambda: None)
        self._sync = GroupFsync(self._sync_disk) if sync == "power" else None
        #: Whether a write has more to do than to write: wake the flusher, sync.
        self._has_more = self._sync is not None
        self._wake: Callable[[], None] = lambda: None
        self._in_memory: list[Segment] = []
        self._has_warned_of_memory = False
        self._begin()

    def _begin(self) -> None:
        self.root: NullSegment | Segment = NullSegment()
        self._active: NullSegment | Segment = self.root
        self._put: Callable[[bytes], object] = self.root.write
        self._spares: deque[Segment] = deque()
        self._size = segments.FIRST_SIZE
        self._look_again_at = 0.0
        self._is_open = False
        self._unsynced: NullSegment | Segment = self.root

    # -- the app's threads ----------------------------------------------------

    def write(self, text: str) -> bool:
        """Keep one fact.

        Never raises, never waits for the network or for another thread.

        Args:
            text: The fact as a JSON object, without a newline.

        Returns:
            Whether it is kept; otherwise it is counted in `dropped`.
        """
        try:
            data = text.encode()
            total = adler32(data)
            # Filling up with zeros, which few checksums need, is felt.
            form = b"%x %b\n" if total >= records.EIGHT_DIGITS else b"%08x %b\n"
            self._put(form % (total, data))
        except (ValueError, OSError):
            return self._write_slowly(records.encode(text), 1)
        return self._finish(1) if self._has_more else True

    def write_many(self, texts: Sequence[str]) -> bool:
        """Keep several facts, all of them or none, in this order."""
        return not texts or self.write_joined(BETWEEN_FACTS.join(texts), len(texts))

    def write_joined(self, text: str, count: int) -> bool:
        """Keep several facts that are one text, all of them or none.

        Args:
            text: The facts, as of `write`, with `BETWEEN_FACTS` between them.
            count: How many they are.
        """
        try:
            data = text.encode()
            total = adler32(data)
            # `records.encode_together`, whose call is felt.
            form = b"%x\x1c%b\n" if total >= records.EIGHT_DIGITS else b"%08x\x1c%b\n"
            self._put(form % (total, data))
        except (ValueError, OSError):
            data = records.encode_together([text], "replace")
            return self._write_slowly(data, count)
        return self._finish(count) if self._has_more else True

    def _finish(self, count: int) -> bool:
        if self._sync is None:
            self._has_more = False
        self._wake()
        if self._sync is not None:
            with guard("The journal cannot be brought to the disk"):
                self._sync.wait()
                return True
            self._drop(count)
            return False
        return True

    def _write_slowly(self, data: bytes, count: int) -> bool:
        with guard("A fact cannot be recorded"):
            while (segment := self._with_room(len(data))) is not None:
                try:
                    segment.write(data)
                except ValueError:
                    continue
                if not self._is_open:
                    self._is_open = True
                    with guard("Delivery cannot be started"):
                        self._on_open()
                return self._finish(count)
        self._drop(count)
        return False

    def _with_room(self, need: int) -> Segment | None:
        """Return the segment to write to, after the one that had no room."""
        full = self._active
        if isinstance(full, Segment) and full.room() >= need:
            return full
        following = full.link.get("next")
        if following is None:
            fresh = self._spare(need) or self._create(need)
            if fresh is None:
                # Sealed, it is deleted when delivered, and there is room again.
                full.seal()
                self._wake()
                return None
            # Several threads may come here at once; the first one's is taken, and
            # none of them waited for another's I/O.
            following = full.link.setdefault("next", fresh)
            if following is not fresh:
                self._spares.append(fresh)
        full.seal()
        self._active, self._put = following, following.write
        return following

    def _spare(self, need: int) -> Segment | None:
        try:
            spare = self._spares.popleft()
        except IndexError:
            return None
        if spare.size - segments.HEADER >= need:
            return spare
        self._spares.append(spare)
        return None

    def _create(self, need: int) -> Segment | None:
        now = time.monotonic()
        if now < self._look_again_at:
            return None
        try:
            made = self._create_on_disk(need)
        except OSError as error:
            made = self._create_in_memory(self._size_for(need), error)
        if made is None:
            self._warn_full(now)
        return made

    def _size_for(self, need: int) -> int:
        size = max(self._size, need + segments.HEADER)
        return size + -size % segments.PAGE

    def _create_on_disk(self, need: int, *, is_spare: bool = False) -> Segment | None:
        self.folder.make()
        left = self._most - self.folder.size()
        size = min(self._size_for(need), left - left % segments.PAGE)
        if size < max(need + segments.HEADER, segments.SMALLEST_SIZE):
            return None
        made = segments.create(
            self.folder.path,
            size,
            self.destination,
            is_durable=self._sync is not None,
            is_spare=is_spare,
        )
        self._size = min(self._size * 2, segments.LARGEST_SIZE)
        self._has_warned_of_memory = False
        return made

    def _create_in_memory(self, size: int, error: OSError) -> Segment | None:
        if not self._has_warned_of_memory:
            self._has_warned_of_memory = True
            logger.warning(
                "%s cannot be written (%s): facts are kept in memory, and lost with "
                "the process unless delivered before.",
                self.folder.path,
                error,
            )
        self._in_memory = [s for s in self._in_memory if s.is_open]
        most = min(_MOST_IN_MEMORY, self._most)
        if sum(s.size for s in self._in_memory) + size > most:
            return None
        made = segments.create_in_memory(size)
        self._in_memory.append(made)
        return made

    def _warn_full(self, now: float) -> None:
        self._look_again_at = now + _LOOK_AGAIN_S
        warn_rarely(
            "journal full",
            "%s has reached LINEAGE_JOURNAL_MAX_MB (%g MB): new facts are dropped "
            "until older ones are delivered.",
            self.folder.path,
            self._most / _MEGABYTE,
        )

    def _drop(self, count: int) -> None:
        self.dropped += count

    def _sync_disk(self) -> None:
        segment: NullSegment | Segment | None = self._unsynced
        while segment is not None:
            following = segment.link.get("next")
            if isinstance(segment, Segment) and segment.fd >= 0:
                self._sync_segment(segment)
            if following is not None:
                self._unsynced = following
            segment = following

    def _sync_segment(self, segment: Segment) -> None:
        try:
            sync(segment.fd, segment.view)
        except OSError:
            # Delivered and deleted meanwhile: nothing is left to keep.
            if segment.fd >= 0:
                raise

    # -- the flusher's thread -------------------------------------------------

    def leave_replaced(self) -> str:
        """Go on in a new segment where the file of the one in use is gone.

        Returns:
            What to warn of; empty where the file is there.
        """
        active = self._active
        if not isinstance(active, Segment) or not active.is_replaced():
            return ""
        self.seal()
        return (
            f"{self.folder.path} was deleted or replaced while this process used it: "
            "later facts go to a new file, earlier ones are delivered from memory."
        )

    def call_on_write(self, wake: Callable[[], None]) -> None:
        """Call `wake` once, at the next write."""
        self._wake = wake
        self._has_more = True

    def pop_new_segments(self) -> list[Segment]:
        """Return the segments opened since the last call, oldest first."""
        taken = []
        while (following := self.root.link.get("next")) is not None:
            taken.append(following)
            self.root = following
        return taken

    def prepare(self) -> None:
        """Make the next segment before it is needed, so that no app's thread must."""
        active = self._active
        if not isinstance(active, Segment) or active.path is None:
            return
        if active.is_sealed:
            return  # Nobody writes on, or what comes next is there already.
        # Large segments are those of an app that records a lot.
        wanted = 1 + (active.size >= segments.LARGEST_SIZE)
        is_early = active.room() * 4 > active.size * 3
        if len(self._spares) >= wanted or is_early or "next" in active.link:
            return
        try:
            spare = self._create_on_disk(0, is_spare=True)
        except OSError:
            return  # Logged when the room is really needed.
        if spare is not None:
            self._spares.append(spare)

    def count_volatile(self) -> int:
        """Count the facts that wait in memory and would be lost with the process."""
        waiting = [s for s in self._in_memory if s.is_open]
        return sum(segment.open_lines + segment.unread() for segment in waiting)

    def note_dropped(self) -> None:
        """Write the number of dropped facts where other processes find it."""
        fresh = self.dropped - self._noted
        if fresh:
            self.folder.note_dropped(fresh)
            self._noted += fresh

    def redirect(self, destination: str) -> None:
        """Send later facts elsewhere."""
        self.destination = destination
        self.seal()

    def seal(self) -> None:
        """End the segment in use; the next write opens another."""
        self._active.seal()
        while self._spares:
            self._spares.popleft().discard()

    def reset_after_fork(self) -> None:
        """In the child of a fork: leave the parent's segments, open own ones later."""
        inherited = [*self._spares, *self.pop_new_segments()]
        self._begin()
        self._in_memory = []
        self.dropped = self._noted = 0
        if self._sync is not None:
            self._sync = GroupFsync(self._sync_disk)
        self._has_more = self._sync is not None
        for segment in inherited:
            segment.release()
