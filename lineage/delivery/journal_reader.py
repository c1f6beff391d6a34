"""The journal reader: reads segments into the queue, and marks what is done."""

from __future__ import annotations

import json
import re
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from ..errors import guard, logger, warn_rarely
from ..journal import dead_letters, records
from ..journal.dead_letters import RejectedFact
from ..journal.records import Record, TornRecord
from ..journal.segments import Segment
from ..journal.writer import Journal
from .heartbeat import Heartbeat
from .lost_tasks import LostTasks
from .queue import DeliveryQueue, QueuedFact
from .store_watch import StoreWatch

#: Facts read ahead; the others wait in their files.
_WINDOW: Final = 8_000
#: Facts that wait one by one for another attempt do not keep others out, up to here.
_MOST_LOADED: Final = 100_000
#: How often the folder is searched for segments of processes that died.
_LOOK_EVERY_S: Final = 5.0
#: The program that a process was just starting when it died holds its locks until it
#: runs: a dead process's lock is waited for, this long, and tried this often.
_GRACE_S: Final = 1.0
LOOK_SOON_S: Final = 0.02
#: A clock that says less than this (2020) has not been set.
_EARLIEST_CLOCK: Final = 1_577_836_800.0
_MOST_REFUSED: Final = 1000
_TRIED_BEFORE: Final = f'"{dead_letters.MEMBER}":'.encode()
_OWN_UID: Final = b',"uid":"'
_AT: Final = re.compile(rb'"at":\s*([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)')


_PARTICULAR: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\S*[/0-9]\S*")


class JournalReader:
    """Fills the delivery queue; the flusher holds its lock around every call.

    Args:
        journal: This process's journal; leftovers of others lie in its folder.
        queue: Where the facts go.
        max_age_s: Facts older than this are set aside when they fail.
        notice: Called with each fact that was read.
        ends_lost: Whether to record the ends of tasks whose process is gone.
        has_probes: Whether to find out if a store lost what it had.
        lost_after_s: How long a task of this process may be silent; 0: for ever.
    """

    def __init__(
        self,
        journal: Journal,
        queue: DeliveryQueue,
        max_age_s: float,
        notice: Callable[[QueuedFact], None] = lambda _: None,
        *,
        ends_lost: bool = True,
        has_probes: bool = False,
        lost_after_s: float = 0.0,
    ) -> None:
        self.heartbeat = Heartbeat(journal.write, lost_after_s)
        self._journal = journal
        self._notice = notice
        self._queue = queue
        self._max_age_s = max_age_s
        self._sources: list[Segment] = []
        self._lost = LostTasks() if ends_lost else None
        self._look_at = 0.0
        self._held: dict[str, float] = {}
        #: Whether a dead process's segment will be free in a moment.
        self.is_expecting = False
        self.refused: deque[RejectedFact] = deque(maxlen=_MOST_REFUSED)
        #: Facts that the receiver has confirmed since it was opened.
        self._confirmed = 0
        self.watch = StoreWatch(journal, is_on=has_probes)

    # -- reading --------------------------------------------------------------

    def scan_again(self) -> None:
        """Search the folder at the next call of `poll`."""
        self._look_at = 0.0

    def poll(self, rest: Callable[[], None] = lambda: None) -> None:
        """Read what is new.

        Args:
            rest: Called every now and then, to give other threads a turn.
        """
        now = time.monotonic()
        new = self._journal.pop_new_segments()
        self._sources += new
        self.heartbeat.beat(is_new_segment=bool(new))
        self.watch.look_back()
        if self.watch.has_doubt:
            self._probe(self.watch.probe())
        if now >= self._look_at:
            self._look_at = now + _LOOK_EVERY_S
            self._sources = self._adopted() + self._sources
        for source in self._sources:
            while source.has_unread() and self._has_space():
                self._read(source)
                rest()
        if self._lost is not None:
            self._end_lost(self._lost)
        self.remove_finished()

    def _adopted(self) -> list[Segment]:
        folder, now = self._journal.folder, time.monotonic()
        found = folder.adopt(self._journal.destination)
        self._held = {name: self._held.get(name, now) for name in folder.held}
        # Longer than that, it is the lock of a process that adopted it.
        self.is_expecting = any(now - at < _GRACE_S for at in self._held.values())
        if self.is_expecting:
            self._look_at = now + LOOK_SOON_S
        return found

    def _end_lost(self, lost: LostTasks) -> None:
        """Deliver the ends of lost tasks, when all that dead processes left was read.

        They have no line: the segment that opened the task stays until they are
        delivered, so that a successor finds them again, under the same uid.
        """
        if any(s.is_adopted and s.has_unread() for s in self._sources):
            return
        for uid, text, source in lost.take():
            item = QueuedFact(uid, text, source, 0)
            self._queue.add(item)
            self._notice(item)

    def has_more(self) -> bool:
        """Whether records were written that were not read yet."""
        if "next" in self._journal.root.link or self.watch.has_doubt:
            return True
        return any(source.has_unread() for source in self._sources)

    def is_poll_due(self) -> bool:
        """Whether `poll` would find anything, or has to search the folder."""
        return self.has_more() or time.monotonic() >= self._look_at

    def unread(self) -> int:
        """Count the facts that were not read yet."""
        self._sources += self._journal.pop_new_segments()
        return sum(source.unread() for source in self._sources if source.has_unread())

    def _has_space(self) -> bool:
        return len(self._queue.ready) < _WINDOW and len(self._queue) < _MOST_LOADED

    def _read(self, source: Segment) -> None:
        found, torn = source.read_new()
        if self._lost is not None and source.is_adopted:
            self._lost.notice(source, found)
        waiting = [line for line in found if line.mark == records.WAITING]
        self._confirmed += sum(line.mark == records.DELIVERED for line in found)
        source.open_lines += len(waiting)
        for piece in torn:
            self._set_aside(source, piece)
        for line in waiting:
            item = self._take_in(source, line)
            if not source.is_adopted:
                item.text = self.heartbeat.notice(item.text)
        if source.is_adopted and not source.has_unread():
            self._send_last_again(source)

    def _send_last_again(self, source: Segment) -> None:
        """Send the last delivered fact of a dead process again, to see if it is there.

        Where the store did not have it, it has lost what was delivered before it: it
        was replaced by an older one while no process ran.
        """
        if not self.watch.is_known:
            return  # The platform would show it twice.
        for line in source.delivered()[-1:]:
            item = self._take_in_again(source, line)
            item.is_alone = item.is_probe = True

    def _probe(self, item: QueuedFact | None) -> None:
        if item is not None:
            self._queue.add(item)

    def mend(self, *, is_lost: bool) -> None:
        """Go on where files were deleted or replaced; one warning says all of it.

        Args:
            is_lost: Whether the receiver has lost what it had confirmed.
        """
        lost = self.send_again() if is_lost else ""
        replaced = self._journal.leave_replaced()
        if not replaced:
            self._journal.prepare()
        if lost or replaced:
            logger.warning("%s", f"{lost} {replaced}".strip())

    def send_again(self) -> str:
        """Queue what was delivered and is still kept: the receiver has lost it.

        Returns:
            What to warn of; empty where nothing was lost.
        """
        self._queue.end_probes()
        count = sum(map(self._send_again, [s for s in self._sources if s.is_open]))
        gone, self._confirmed = max(0, self._confirmed), 0
        if self.watch.is_of_earlier:
            return self._loss(count, "what earlier programs delivered")
        return self._loss(count, f"{gone} others") if count or gone else ""

    def send_segment_again(self, source: Segment) -> None:
        """Do so where a probe showed it.

        Args:
            source: The file of the probe. A probe from no file speaks for all of them.
        """
        if source in self._sources:
            lost = self._loss(
                self._send_again(source), "what was confirmed before them"
            )
        else:
            lost = self.send_again()
        if lost:
            logger.warning("%s", lost)

    def _send_again(self, source: Segment) -> int:
        lines = source.delivered()
        for line in lines:
            self._take_in_again(source, line)
        return len(lines)

    def _loss(self, again: int, gone: str) -> str:
        return (
            f"The store {self.watch.name()} has lost facts that it had confirmed: it "
            f"was deleted, or an older one was put in its place. {again} are still in "
            f"the journal and are sent again; {gone} cannot be sent again, since no "
            "file has them any more."
        )

    def _take_in_again(self, source: Segment, line: Record) -> QueuedFact:
        source.set_mark(line.offset, records.WAITING)
        source.open_lines += 1
        self._confirmed -= 1
        item = self._take_in(source, line)
        item.is_again = True
        return item

    def _set_aside(self, source: Segment, torn: TornRecord) -> None:
        is_kept = False
        with guard("A piece of the journal cannot be kept"):
            self._journal.folder.quarantine_piece(
                f"{source.name}-{torn.offset:x}.torn",
                torn.piece,
                f"{len(torn.piece)} bytes of {source.name} are no fact",
            )
            is_kept = True
        if not is_kept:
            source.open_lines += 1  # The file stays, for who finds room.

    def _take_in(self, source: Segment, line: Record) -> QueuedFact:
        item = QueuedFact(
            f"{source.name}-{line.offset}", line.text, source, line.offset
        )
        if not line.text.startswith(b'{"'):
            self._queue.in_flight += 1
            self.reject(item, "is no JSON object")
            return item
        if _TRIED_BEFORE in line.text:
            _restore(item)
        elif _OWN_UID in line.text:
            _take_own_uid(item)
        self._queue.add(item)
        self._notice(item)
        return item

    # -- closing --------------------------------------------------------------

    def acknowledge(self, item: QueuedFact) -> None:
        """Mark a fact as delivered."""
        self._queue.done(item)
        # A probe from no file was counted when it was confirmed before.
        self._confirmed += bool(item.offset) or not item.is_probe
        if not item.is_probe:
            self.watch.confirmed(item)
        with guard("A delivered fact cannot be marked"):
            item.segment.mark(item.offset, records.DELIVERED)

    def reject(self, item: QueuedFact, why: str) -> None:
        """Keep a fact in the dead letters; when that fails, it stays where it is."""
        self._queue.done(item)
        _warn_rejected(why)
        fact = _decoded(item)
        text = json.dumps(fact, separators=(",", ":"))
        self.refused.append(RejectedFact(item.uid, why, time.time(), text))
        if item.segment.path is None:
            item.segment.mark(item.offset, records.REJECTED)
            return
        with guard("A refused fact cannot be kept"):
            dead_letters.keep(
                self._journal.folder,
                self._journal.destination,
                item.segment.name,
                fact,
                why,
            )
            item.segment.mark(item.offset, records.REJECTED)

    def is_too_old(self, item: QueuedFact) -> bool:
        """Whether a fact has waited as long as it may."""
        at = _AT.search(item.text)
        if at is None:
            return False
        recorded_at = float(at[1])
        if recorded_at < _EARLIEST_CLOCK:
            # The clock had not been set: the file says when it was last written.
            recorded_at = item.segment.modified_at()
        if recorded_at < _EARLIEST_CLOCK:
            return time.monotonic() - item.read_at > self._max_age_s
        return time.time() - recorded_at > self._max_age_s

    def remove_finished(self) -> None:
        """Delete the segments of which nothing is left to send."""
        finished = [source for source in self._sources if source.is_finished]
        for source in finished:
            with guard("A delivered part of the journal cannot be deleted"):
                source.discard()
        if finished:
            self.watch.keep()
            self._sources = [s for s in self._sources if s not in finished]

    def release(self) -> None:
        """Release all files."""
        for source in self._sources:
            source.release()
        self._sources = []


def reason_key(reason: str) -> str:
    """Return what reasons of one kind have in common: no numbers, names or paths."""
    return _PARTICULAR.sub("*", reason)[:200]


def _warn_rejected(reason: str) -> None:
    warn_rarely(
        f"rejected {reason_key(reason)}",
        "A fact was refused and is kept in the dead letters: %s (`lineage status` "
        "lists all of them, `lineage retry` sends them again)",
        reason,
    )


def _decoded(item: QueuedFact) -> dict[str, Any]:
    try:
        return item.fact
    except (ValueError, TypeError):
        return {"uid": item.uid, "text": item.text.decode("utf-8", "replace")}


def _restore(item: QueuedFact) -> None:
    """Put the uid that a fact had into the fact that is tried again."""
    with guard("A fact that was refused cannot be read"):
        fact = json.loads(item.text)
        if fact.pop(dead_letters.MEMBER, None) is not None:
            item.uid = fact.pop("uid")
            item.text = json.dumps(fact, separators=(",", ":")).encode()


def _take_own_uid(item: QueuedFact) -> None:
    """Put the uid that its recorder chose into a fact, for later facts to name."""
    with guard("A fact's uid cannot be read"):
        fact = json.loads(item.text)
        item.uid = fact.pop("uid", item.uid)
        text = item.text.replace(f',"uid":"{item.uid}"'.encode(), b"")
        item.text = text
