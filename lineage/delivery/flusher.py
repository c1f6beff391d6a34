"""The flusher: threads that bring facts from the journal to the sink."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from ..errors import attempt, guard, warn_rarely
from ..journal.writer import Journal
from .evidence.collector import EvidenceCollector
from .exporters import BatchExporter, DeliveryResult, Exporter
from .journal_reader import LOOK_SOON_S, JournalReader
from .queue import DeliveryQueue, QueuedFact, pause_s
from .report import DeliveryReport

#: After the first fact it waits for company.
_GATHER_S: Final = 0.05
#: An idle flusher looks for segments of processes that died.
_IDLE_S: Final = 15.0
#: How long the first delivery waits for what belongs to it.
_SETTLE_S: Final = 0.25
#: Facts sent together: when somebody waits for them, and otherwise.
_LARGEST_BATCH: Final = 8000
_BATCH: Final = 1000
#: After so much work in one go the app's threads get the interpreter for a moment:
#: without that, each of their turns would begin with a wait of 5 ms.
_WORK_S: Final = 0.0005
_REST_S: Final = 0.0001
_STRIDE: Final = 128


class Flusher:
    """Sends what the journal holds, in the background.

    Args:
        journal: Where facts come from.
        target: Gives the sink; may ask the network, and raise.
        settle: Called before facts are looked for; writes what waited for company,
            and may wait so many seconds for more of it.
        max_age_s: Facts that waited longer are set aside.
        has_threads: Whether it may have threads; otherwise `flush` does the work.
    """

    def __init__(
        self,
        journal: Journal,
        target: Callable[[], Exporter],
        *,
        settle: Callable[[float], None] = lambda _: None,
        max_age_s: float = 30 * 86_400.0,
        has_threads: bool = True,
        evidence: EvidenceCollector | None = None,
    ) -> None:
        self._journal = journal
        self._target = target
        self._settle = settle
        self._max_age_s = max_age_s
        self._has_threads = has_threads
        self._evidence = evidence or EvidenceCollector(
            journal.write, journal.folder.home, has_threads=has_threads
        )
        self._evidence.on_change = self._evidence_found
        self._begin()

    def _begin(self) -> None:
        self.backlog = DeliveryQueue()
        self.intake = JournalReader(
            self._journal, self.backlog, self._max_age_s, self._evidence.notice
        )
        # Reentrant: a signal's handler may flush while its thread does.
        self._changed = threading.Condition(threading.RLock())
        # A bare lock rings: releasing it is one step, safe in a signal's handler.
        self._bell = threading.Lock()
        self._bell.acquire()
        self._threads = 0
        self._is_watched = False
        #: Whether there was something to send since a thread waited last.
        self._is_flowing = False
        self._is_stopped = False
        self._is_hurried = False
        self._pause_until = 0.0
        self._failures = 0
        #: Counts pauses, and what ends them: which attempts knew of the last one.
        self._episode = 0
        self._rounds = 0
        self._in_round = 0
        self._rested_at = 0.0
        self.delivered = 0
        self.reason: str | None = None

    # -- from other threads ---------------------------------------------------

    def start(self) -> None:
        """Begin to work, in threads of its own."""
        self._journal.call_on_write(self.ring)
        with self._changed:
            if self._threads == 0 and self._has_threads:
                self._spawn()

    def ring(self) -> None:
        """Wake the flusher; takes no lock that anybody holds for long."""
        try:
            self._bell.release()
        except RuntimeError:
            return  # It rings already.

    def flush(self, timeout_s: float) -> DeliveryReport:
        """Deliver everything now, as far as the time allows."""
        deadline = time.monotonic() + timeout_s
        # The threads are at work meanwhile, and need some of the time in any case.
        self.ring()
        self._settle(timeout_s / 2)
        with self._changed:
            self._is_hurried = True
            self._pause_until = 0.0
            self._failures = 0
            self._episode += 1
            self.intake.look_again()
            self.backlog.hurry()
            goal = self._rounds + self._in_round + 1
            if self._threads == 0 and self._has_threads:
                with guard("The flusher's thread cannot be started"):
                    self._spawn()
            if self._threads == 0:
                self._work_until(deadline)
            self.ring()
            while not self._is_over(goal, deadline):
                self._changed.wait(max(0.0, deadline - time.monotonic()))
            self._is_hurried = False
        self._evidence.keep(at_once=True)
        return self.report()

    def _is_over(self, goal: int, deadline: float) -> bool:
        if time.monotonic() >= deadline or self._is_stopped:
            return True
        if self._rounds < goal or not self._evidence.is_idle():
            return False
        if self._pause_until >= deadline:
            return True
        if self.intake.is_expecting:
            return False
        return not self.backlog and not self.intake.has_more()

    def _work_until(self, deadline: float) -> None:
        while time.monotonic() < deadline and self._cycle():
            continue

    def report(self) -> DeliveryReport:
        """Tell what this process delivered, and what is left."""
        with self._changed:
            return DeliveryReport(
                delivered=self.delivered,
                waiting=len(self.backlog) + self.intake.unread(),
                refused=tuple(self.intake.refused),
                dropped=self._journal.dropped,
                reason=self.reason,
            )

    def forget_refused(self) -> None:
        """Leave earlier refusals out of later reports."""
        with self._changed:
            self.intake.refused.clear()

    def tidy(self) -> None:
        """Delete the journal's files of which everything is delivered."""
        self._journal.seal()
        with self._changed:
            self.intake.gather()

    def stop(self) -> None:
        """End the threads and let go of the files; what waits stays in them."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
            self.intake.release()
        self._evidence.stop()
        self.ring()

    def begin_anew(self) -> None:
        """In the child of a fork: no threads, no files, nothing on its way."""
        self.intake.release()
        self._evidence.reset_after_fork()
        self._begin()

    # -- its own threads ------------------------------------------------------

    def _spawn(self) -> None:
        thread = threading.Thread(
            target=self._work, args=(os.getpid(),), name="lineage-flusher", daemon=True
        )
        thread.start()
        self._threads += 1

    def _work(self, pid: int) -> None:
        is_on = True
        while is_on and pid == os.getpid():
            while attempt(lambda _: self._cycle(), None, self._failed):
                continue
            is_on = self._watch()
        with self._changed:
            self._threads -= 1
            self._changed.notify_all()

    def _failed(self, error: Exception) -> None:
        warn_rarely("flusher", "Delivery failed: %s", error, exc_info=error)
        with self._changed:
            self._pause(_told(error), 1.0)

    def _watch(self) -> bool:
        """Wait for work; False ends the thread: another one waits already."""
        with self._changed:
            if self._is_stopped:
                return False
            if self._is_watched:
                # What this thread put back may be due before the other one looks.
                self.ring()
                return False
            self._is_watched = True
            wait_s = self._wait_s()
            # Where facts keep coming the app's threads need not wake this one: for
            # them that is dearer than all the rest of a call.
            if self._is_flowing:
                wait_s = min(wait_s, _GATHER_S)
            else:
                self._journal.call_on_write(self.ring)
                wait_s = 0.0 if self.intake.has_more() else wait_s
            self._is_flowing = False
        if self._bell.acquire(timeout=max(0.0, wait_s)) and not self._is_hurried:
            self._bell.acquire(timeout=_GATHER_S)
        with self._changed:
            self._is_watched = False
        return not self._is_stopped

    def _wait_s(self) -> float:
        now = time.monotonic()
        due = self.backlog.next_due()
        if self.backlog.ready:
            due = now
        idle_s = LOOK_SOON_S if self.intake.is_expecting else _IDLE_S
        if due is None:
            return idle_s
        return min(idle_s, max(due, self._pause_until) - now)

    def _cycle(self) -> bool:
        """Send one batch; False when there is nothing to send now."""
        with self._changed:
            self._in_round += 1
        try:
            return self._round()
        finally:
            with self._changed:
                self._in_round -= 1
                self._rounds += 1
                self._changed.notify_all()

    def _round(self) -> bool:
        if not self.backlog.ready:
            self._settle(0.0 if self._rounds else _SETTLE_S)
        with self._changed:
            if self._is_stopped:
                return False
            with guard("The journal cannot be read"):
                self._journal.prepare()
                self._journal.note_dropped()
                if not self.backlog.ready or self._is_hurried:
                    self.intake.gather(self._rest)
            now = time.monotonic()
            self.backlog.wake(now)
            if now < self._pause_until or not self.backlog.ready:
                return False
        sink = self._resolved()
        if sink is None:
            self._evidence.keep()
            return False
        items = self._taken(sink)
        if items:
            self._evidence.complete(items, is_wanted=sink.wants_digests)
            self._send(sink, items)
        return bool(items)

    def _evidence_found(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _resolved(self) -> Exporter | None:
        def fail(error: Exception) -> None:
            with self._changed:
                self._pause(str(error), 0.0)

        return attempt(lambda _: self._target(), None, fail)

    def _taken(self, sink: Exporter) -> list[QueuedFact]:
        with self._changed:
            if self._is_stopped:
                return []
            most = _LARGEST_BATCH if self._is_hurried else _BATCH
            items = self.backlog.take(min(sink.max_batch, most), sink.lane)
            self._is_flowing = bool(items) or self._is_flowing
            # With several on their way there is always one thread free for more.
            allowed = sink.in_flight if self._has_threads else 0
            if items and not self._is_watched and self._threads < allowed:
                with guard("Another thread of the flusher cannot be started"):
                    self._spawn()
        return items

    def _send(self, sink: Exporter, items: Sequence[QueuedFact]) -> None:
        def fail(error: Exception) -> None:
            failed.append(DeliveryResult("waiting", _told(error), is_general=True))

        failed: list[DeliveryResult] = []
        episode = self._episode
        verdicts = attempt(lambda _: self._sent(sink, items), None, fail)
        if verdicts is None or len(verdicts) != len(items):
            odd = DeliveryResult("waiting", "the sink told too little", is_general=True)
            verdicts = [*failed, odd][:1] * len(items)
        with self._changed:
            if not self._is_stopped:
                self._apply(items, verdicts, episode)

    def _sent(
        self, sink: Exporter, items: Sequence[QueuedFact]
    ) -> Sequence[DeliveryResult]:
        if not isinstance(sink, BatchExporter):
            return sink.send([item.fact for item in items])
        texts: list[bytes] = []
        for start in range(0, len(items), _STRIDE):
            texts += [item.wire for item in items[start : start + _STRIDE]]
            self._rest()
        return sink.send_texts(texts)

    def _rest(self) -> None:
        """Let the app's threads have the interpreter, unless one of them waits."""
        if self._is_hurried or time.perf_counter() - self._rested_at < _WORK_S:
            return
        time.sleep(_REST_S)
        self._rested_at = time.perf_counter()

    def _apply(
        self,
        items: Sequence[QueuedFact],
        verdicts: Sequence[DeliveryResult],
        episode: int,
    ) -> None:
        now = time.monotonic()
        general: DeliveryResult | None = None
        for number, (item, verdict) in enumerate(zip(items, verdicts, strict=True)):
            if number % _STRIDE == 0:
                self._rest()
            if verdict.fate == "delivered":
                self.delivered += 1
                self.intake.finish(item)
            elif verdict.fate == "refused":
                self.intake.refuse(item, verdict.reason)
            elif self.intake.is_too_old(item):
                self.intake.refuse(item, f"waited too long: {verdict.reason}")
            elif verdict.is_general:
                general = verdict
                self.backlog.put_back(item, now)
            else:
                item.attempts += 1
                self.reason = verdict.reason
                wait_s = pause_s(item.attempts, verdict.retry_after_s)
                self.backlog.put_back(item, now + wait_s)
        if general is not None:
            self._pause_once(general, episode)
        else:
            self._failures = 0
        self.intake.drop_finished()

    def _pause_once(self, verdict: DeliveryResult, episode: int) -> None:
        """Pause; failures of attempts that ran side by side are one failure."""
        if episode == self._episode:
            self._pause(verdict.reason, verdict.retry_after_s)
            return
        self.reason = verdict.reason
        if verdict.retry_after_s:
            until = time.monotonic() + verdict.retry_after_s
            self._pause_until = max(self._pause_until, until)

    def _pause(self, reason: str, at_least_s: float) -> None:
        self._failures += 1
        self._episode += 1
        self.reason = reason
        wait_s = pause_s(self._failures - 1, at_least_s)
        self._pause_until = time.monotonic() + wait_s
        warn_rarely("delivery", "Facts wait in the journal: %s", reason)


def _told(error: Any) -> str:
    return f"{type(error).__name__}: {error}"
