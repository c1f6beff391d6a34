"""The flusher: threads that send facts from the journal to the exporter."""

# Longer than 400 lines: one state machine, whose state one lock guards.

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from ..errors import attempt, describe_error, guard, warn_rarely
from ..exporters import DeliveryResult, Exporter, FactBatch
from ..journal.writer import Journal
from ..threads import start_thread
from .deadline import Deadlines
from .evidence.collector import EvidenceCollector
from .journal_reader import LOOK_SOON_S, JournalReader
from .queue import DeliveryQueue, QueuedFact, pause_s
from .report import DeliveryReport
from .waiting_notices import WaitingNotices

#: After the first fact it waits this long for more.
_GATHER_S: Final = 0.05
#: An idle flusher looks this often for segments of processes that died.
_IDLE_S: Final = 15.0
#: How long the first delivery waits for the commit of the code.
_FIRST_WAIT_S: Final = 0.25
#: Facts sent together: when a caller waits for them, and otherwise.
_LARGEST_BATCH: Final = 4000
_BATCH: Final = 1000
#: After so much work in one go the app's threads get the interpreter for a moment:
#: without that, each of their turns would begin with a wait of 5 ms.
_WORK_S: Final = 0.0005
_YIELD_S: Final = 0.0001
_STRIDE: Final = 128
#: A fact that failed alone is kept back at least this long, unless a caller waits.
_ALONE_AGAIN_S: Final = 2.0
#: So many failing facts, with none delivered in between, are the instance's trouble.
_ALONE_IN_A_ROW: Final = 8
#: A fact at which the exporter's code fails is set aside after so many attempts and
#: seconds, if others were delivered meanwhile.
_MOST_ATTEMPTS: Final = 8
_LEAST_TRIED_S: Final = 15.0
_SEND_AGAIN: Final = DeliveryResult("waiting", "replaced", is_transport_error=True)
#: The reason that is shown for facts whose first attempt has not ended.
_NO_TIME: Final = "there was no time left"
#: How often facts are searched for those that are too old, while nothing can be sent.
_AGE_CHECK_S: Final = 60.0


class Flusher:
    """Sends what the journal holds, in the background.

    Args:
        journal: Where facts come from.
        target: Returns the exporter; may use the network, and raise.
        look_at_receiver: Called before each batch; calls `send_again` where the
            receiver lost what it had. Given, leftovers are asked about as well.
        before_read: Called before the journal is read; writes what is still buffered,
            and may wait so many seconds for more of it.
        max_age_s: Facts that waited longer are set aside.
        has_threads: Whether it may have threads; otherwise `flush` does the work.
        evidence: Completes the facts; made for this journal when left out.
        also: Called with each fact that was read.
        ends_lost: Whether to record the ends of tasks whose process is gone.
        lost_after_s: How long a task of this process may be silent; 0: for ever.
    """

    def __init__(
        self,
        journal: Journal,
        target: Callable[[], Exporter],
        *,
        look_at_receiver: Callable[[], None] | None = None,
        before_read: Callable[[float], None] = lambda _: None,
        max_age_s: float = 30 * 86_400.0,
        has_threads: bool = True,
        evidence: EvidenceCollector | None = None,
        also: Callable[[QueuedFact], None] | None = None,
        ends_lost: bool = True,
        lost_after_s: float = 0.0,
    ) -> None:
        self._lost_after_s = lost_after_s if has_threads else 0.0
        self._journal = journal
        self._target = target
        self._look_at_receiver = look_at_receiver
        self._before_read = before_read
        self._max_age_s = max_age_s
        self._has_threads = has_threads
        self._evidence = evidence or EvidenceCollector(
            journal.write, journal.folder.home, has_threads=has_threads
        )
        self._evidence.on_change = self._evidence_found
        self._also = also
        self._ends_lost = ends_lost
        self._begin()

    def _begin(self) -> None:
        self.queue = DeliveryQueue()
        self.reader = JournalReader(
            self._journal,
            self.queue,
            self._max_age_s,
            self._notice,
            ends_lost=self._ends_lost,
            has_probes=self._look_at_receiver is not None,
            lost_after_s=self._lost_after_s,
        )
        # Reentrant: a signal's handler may flush while its thread does.
        self._changed = threading.Condition(threading.RLock())
        # A bare lock wakes: releasing it is one step, safe in a signal's handler.
        self._wake_lock = threading.Lock()
        self._wake_lock.acquire()
        self._threads = 0
        self._has_waiter = False
        #: Whether there was something to send since a thread waited last.
        self._had_work = False
        self._is_stopped = False
        self._deadlines = Deadlines()
        self._notices = WaitingNotices(self._deadlines)
        self._pause_until = 0.0
        #: Until this time the instance asked for a pause.
        self._not_before = 0.0
        self._failures = 0
        #: Facts that failed by themselves since one was delivered.
        self._failed_alone: set[str] = set()
        #: Counts pauses, and what ends them: which attempts knew of the last one.
        self._pause_generation = 0
        self._rounds = 0
        self._in_round = 0
        self._yielded_at = 0.0
        self._age_check_at = 0.0
        #: How often the receiver lost what it had, and for how many that is mended.
        self._losses = self._losses_mended = 0
        self.delivered = 0
        #: How often the last waiting fact was delivered.
        self.times_caught_up = 0
        self.reason: str | None = None

    def _notice(self, item: QueuedFact) -> None:
        if self._also is not None:
            self._also(item)
        self._evidence.notice(item)

    # -- from other threads ---------------------------------------------------

    def start(self) -> None:
        """Begin to work, in threads of its own."""
        self._journal.call_on_write(self.wake)
        with self._changed:
            if self._threads == 0 and self._has_threads:
                self._threads = 1
                self._spawn()

    def wake(self) -> None:
        """Wake the flusher; takes no lock that is held for long."""
        try:
            self._wake_lock.release()
        except RuntimeError:
            return  # It is woken already.

    def flush(self, timeout_s: float) -> DeliveryReport:
        """Deliver everything now, as far as the time allows.

        All pauses end, also those for which the instance asked.
        """
        with self._changed:
            self._not_before = 0.0
            self.queue.make_all_due()
            self.queue.promote_due(time.monotonic())
        self.wait(timeout_s)
        return self.report()

    def send_again(self) -> None:
        """The receiver lost what it had: send all again that is still kept."""
        with self._changed:
            self._losses += 1
        self.wake()

    def wait(
        self, timeout_s: float, *, is_last: bool = False, is_patient: bool = True
    ) -> bool:
        """Wait until everything is delivered; False when facts are left.

        It returns early where no attempt can be made in time: the instance asked for a
        longer pause, or is too old.

        Args:
            timeout_s: How long to wait.
            is_last: The process ends after it: no request is begun whose answer is not
                expected in time, because it would have to be sent again later.
            is_patient: Whether to go on waiting when an attempt fails.
        """
        deadline = time.monotonic() + timeout_s
        # The threads already work, and need a part of the time whatever happens.
        self.wake()
        self._before_read(timeout_s / 2)
        with self._changed, self._deadlines.waiting_until(deadline, is_last=is_last):
            self._end_pauses()
            goal = self._rounds + self._in_round + 1
            if self._threads == 0 and self._has_threads:
                self._threads = 1
                self._spawn()
            if self._threads == 0:
                self._work_until(deadline)
            self.wake()
            while not self._is_over(goal, deadline) and (
                is_patient or not self.is_away
            ):
                self._changed.wait(max(0.0, deadline - time.monotonic()))
            is_done = not self._has_facts()
        self._evidence.keep(at_once=True)
        return is_done

    def end_by(self, deadline: float) -> None:
        """Expect the process to end then, which warns of what is left."""
        with self._changed:
            self._deadlines.end_by(deadline)

    def _end_pauses(self) -> None:
        self._pause_until = self._not_before
        self._failures = 0
        self._pause_generation += 1
        self.reader.scan_again()
        self.queue.make_all_due(only_own_pauses=True)

    @property
    def is_away(self) -> bool:
        """Whether the last attempt failed, so that waiting is likely to be useless."""
        return self._failures > 0 or len(self._failed_alone) >= _ALONE_IN_A_ROW

    def _is_over(self, goal: int, deadline: float) -> bool:
        if time.monotonic() >= deadline or self._is_stopped:
            return True
        if self._rounds < goal or not self._evidence.is_idle():
            return False
        if not self._has_facts():
            return True
        return not self._deadlines.is_in_time(self._next_attempt(), deadline)

    def _has_facts(self) -> bool:
        reader = self.reader
        return bool(self.queue) or reader.is_expecting or reader.has_more()

    def _next_attempt(self) -> float:
        """Return when facts can be sent next; now while some are on their way."""
        if self.queue.in_flight or self.reader.is_expecting:
            return 0.0
        if self.queue.ready or self.reader.has_more():
            return self._pause_until
        due = self.queue.next_due()
        return float("inf") if due is None else max(due, self._pause_until)

    def _work_until(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            if self._cycle():
                continue
            left_s = self._next_attempt() - time.monotonic()
            if self._is_over(0, deadline):
                return
            time.sleep(max(0.001, min(left_s, deadline - time.monotonic())))

    def report(self) -> DeliveryReport:
        """Return what this process delivered, and what is left."""
        with self._changed:
            waiting = len(self.queue) + self.reader.unread()
            return DeliveryReport(
                delivered=self.delivered,
                waiting=waiting,
                refused=tuple(self.reader.refused),
                dropped=self._journal.dropped,
                reason=self.reason or (_NO_TIME if waiting else None),
            )

    def forget_refused(self) -> None:
        """Leave earlier refusals out of later reports."""
        with self._changed:
            self.reader.refused.clear()

    def remove_delivered(self) -> None:
        """Delete the journal's files of which everything is delivered."""
        self._journal.seal()
        with self._changed:
            self.reader.poll()

    def stop(self) -> None:
        """End the threads and let go of the files; what waits stays in them."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
            self.reader.release()
        self._evidence.stop()
        self.wake()

    def reset_after_fork(self) -> None:
        """In the child of a fork: no threads, no files, nothing on its way."""
        self.reader.release()
        self._evidence.reset_after_fork()
        self._begin()

    # -- its own threads ------------------------------------------------------

    def _spawn(self) -> None:
        """Start a thread, counted already; this waits until it runs."""
        thread = threading.Thread(
            target=self._work, args=(os.getpid(),), name="lineage-flusher", daemon=True
        )
        is_started = False
        with guard("A thread of the flusher cannot be started"):
            # Where none starts any more, whoever waits does the work.
            is_started = self._has_threads = start_thread(thread)
        if not is_started:
            with self._changed:
                self._threads -= 1

    def _work(self, pid: int) -> None:
        self._evidence.prepare()
        is_on = True
        while is_on and pid == os.getpid():
            while attempt(lambda _: self._cycle(), None, self._failed):
                continue
            is_on = self._wait_for_work()
        with self._changed:
            self._threads -= 1
            self._changed.notify_all()

    def _failed(self, error: Exception) -> None:
        warn_rarely("flusher", "Delivery failed: %s", error, exc_info=error)
        with self._changed:
            self._pause(describe_error(error), 1.0)

    def _wait_for_work(self) -> bool:
        """Wait for work; False ends the thread: another one waits already."""
        with self._changed:
            if self._is_stopped:
                return False
            if self._has_waiter:
                # What this thread put back may be due before the other one looks.
                self.wake()
                return False
            self._has_waiter = True
            wait_s = self._wait_s()
            # Where facts keep coming no app's thread wakes this one, which is felt.
            if self._had_work:
                wait_s = min(wait_s, _GATHER_S)
            else:
                self._journal.call_on_write(self.wake)
                wait_s = 0.0 if self.reader.has_more() else wait_s
            self._had_work = False
        is_woken = self._wake_lock.acquire(timeout=max(0.0, wait_s))
        if is_woken and not self._deadlines.is_urgent:
            self._wake_lock.acquire(timeout=_GATHER_S)
        with self._changed:
            self._has_waiter = False
        return not self._is_stopped

    def _wait_s(self) -> float:
        now = time.monotonic()
        due = self.queue.next_due()
        if self.queue.ready:
            due = now
        idle_s = min(_IDLE_S, self.reader.heartbeat.every_s)
        if self.reader.is_expecting:
            idle_s = LOOK_SOON_S
        if due is None or not self._deadlines.may_start(now):
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
                if self.is_away or not self.queue.in_flight:  # Else no wait ends.
                    self._changed.notify_all()

    def _round(self) -> bool:
        if self._look_at_receiver is not None:
            self._look_at_receiver()
        if not self.queue.ready:
            self._before_read(0.0 if self._rounds else _FIRST_WAIT_S)
        with self._changed:
            if self._is_stopped:
                return False
            with guard("The journal cannot be read"):
                is_lost = self._losses_mended != self._losses
                self._losses_mended = self._losses
                self.reader.mend(is_lost=is_lost)
                self._journal.note_dropped()
                is_urgent = self._deadlines.is_urgent
                if not self.queue.ready or (is_urgent and self.reader.is_poll_due()):
                    self.reader.poll(self._yield_gil)
            now = time.monotonic()
            self.queue.promote_due(now)
            is_due = now >= self._pause_until and self._deadlines.may_start(now)
            if not is_due or not self.queue.ready:
                return False
        exporter = self._resolved()
        if exporter is None:
            self._evidence.keep()
            return False
        items = self._taken(exporter)
        if items:
            with guard("Evidence cannot be completed"):
                self._evidence.complete(items, is_wanted=exporter.wants_digests)
            self._send(exporter, items)
        return bool(items)

    def _evidence_found(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _resolved(self) -> Exporter | None:
        def fail(error: Exception) -> None:
            with self._changed:
                self._pause(str(error), 0.0)
                self._give_up_old()

        return attempt(lambda _: self._target(), None, fail)

    def _taken(self, exporter: Exporter) -> list[QueuedFact]:
        with self._changed:
            if self._is_stopped:
                return []
            most = _LARGEST_BATCH if self._deadlines.is_urgent else _BATCH
            most = min(exporter.max_batch, most)
            items = self.queue.next_batch(most, exporter.ordering_key)
            self._had_work = bool(items) or self._had_work
            # With several on their way there is always one thread free for more.
            allowed = exporter.in_flight if self._has_threads else 0
            is_needed = bool(items) and not self._has_waiter and self._threads < allowed
            self._threads += is_needed
        if is_needed:  # Without the lock: others go on meanwhile.
            self._spawn()
        return items

    def _send(self, exporter: Exporter, items: Sequence[QueuedFact]) -> None:
        failure: list[Exception] = []
        generation, losses = self._pause_generation, self._losses
        begun = time.monotonic()
        results = attempt(
            lambda _: exporter.send(self._batch(items)), None, failure.append
        )
        took_s = time.monotonic() - begun
        if results is None or len(results) != len(items):
            results = self._of_exception(exporter, results, failure, items)
        with self._changed:
            if any(result.status != "waiting" for result in results):
                self._deadlines.note_answer(took_s)
            if self._losses != losses:
                # Confirmed perhaps by the store that is gone.
                results = [
                    _SEND_AGAIN if r.status == "delivered" else r for r in results
                ]
            if not self._is_stopped:
                self._apply(items, results, generation)

    def _batch(self, items: Sequence[QueuedFact]) -> FactBatch:
        texts: list[bytes] = []
        for start in range(0, len(items), _STRIDE):
            texts += [item.wire for item in items[start : start + _STRIDE]]
            self._yield_gil()
        return FactBatch(texts)

    def _of_exception(
        self,
        exporter: Exporter,
        results: Sequence[DeliveryResult] | None,
        failure: Sequence[Exception],
        items: Sequence[QueuedFact],
    ) -> Sequence[DeliveryResult]:
        """Judge a call that raised, or returned something other than its results."""
        if failure:
            # Needs the client's errors, which a delivery has loaded.
            from .exporters import is_transport_error

            reason = describe_error(failure[0])
            if is_transport_error(failure[0]):
                away = DeliveryResult("waiting", reason, is_transport_error=True)
                return [away] * len(items)
        else:
            count = 0 if results is None else len(results)
            name = type(exporter).__name__
            reason = f"{name}.send returned {count} results for {len(items)} facts"
        with self._changed:
            for item in items:
                item.is_alone = True
        return [DeliveryResult("waiting", reason)] * len(items)

    def _yield_gil(self) -> None:
        """Yield the interpreter briefly, unless a caller waits in `flush`."""
        if (
            self._deadlines.is_urgent
            or time.perf_counter() - self._yielded_at < _WORK_S
        ):
            return
        time.sleep(_YIELD_S)
        self._yielded_at = time.perf_counter()

    def _apply(
        self,
        items: Sequence[QueuedFact],
        results: Sequence[DeliveryResult],
        generation: int,
    ) -> None:
        now = time.monotonic()
        failure: DeliveryResult | None = None
        for number, (item, result) in enumerate(zip(items, results, strict=True)):
            if number % _STRIDE == 0:
                self._yield_gil()
            if result.status == "delivered":
                self._delivered(item, result)
            elif result.status == "rejected":
                self.reader.reject(item, result.reason)
            elif self.reader.is_too_old(item):
                self.reader.reject(item, f"waited too long: {result.reason}")
            elif result.is_transport_error:
                failure = failure if result is _SEND_AGAIN else result
                self.queue.put_back(item, now)
            else:
                self._keep_back(item, result, now)
                if len(self._failed_alone) >= _ALONE_IN_A_ROW:
                    failure = replace(result, retry_after_s=0.0)
        if failure is not None:
            self._pause_once(failure, generation)
        else:
            self._failures = 0
            self._notices.note_success()
        self.reader.remove_finished()
        self.times_caught_up += not self._has_facts()

    def _delivered(self, item: QueuedFact, result: DeliveryResult) -> None:
        self._failed_alone.clear()
        self.reader.acknowledge(item)
        if not item.is_again:
            self.delivered += 1
        elif item.is_probe and result.is_new:
            self.reader.send_segment_again(item.segment)

    def _keep_back(self, item: QueuedFact, result: DeliveryResult, now: float) -> None:
        """Postpone a fact that failed by itself; set it aside after many attempts."""
        self.reason = result.reason
        if item.attempts == 0:
            item.failed_at, item.delivered_before = now, self.delivered
        item.attempts += 1
        is_bad = item.is_alone and self.delivered > item.delivered_before
        is_tried = item.attempts >= _MOST_ATTEMPTS
        if is_bad and is_tried and now - item.failed_at >= _LEAST_TRIED_S:
            times = f"failed {item.attempts} times"
            self.reader.reject(item, f"{times}: {result.reason}")
            return
        if len(self._failed_alone) < _ALONE_IN_A_ROW:
            self._failed_alone.add(item.uid)
        self._notices.note_failed_fact(item.failed_at, result.reason)
        wait_s = pause_s(item.attempts)
        if not self._deadlines.is_urgent:
            wait_s += _ALONE_AGAIN_S
        item.not_before = now + result.retry_after_s if result.retry_after_s else 0.0
        due = self._deadlines.next_attempt(now, wait_s, result.retry_after_s)
        self.queue.put_back(item, due, holds_others=False)

    def _pause_once(self, result: DeliveryResult, generation: int) -> None:
        """Pause; failures of attempts that ran side by side are one failure."""
        if generation == self._pause_generation:
            self._pause(result.reason, result.retry_after_s)
            return
        self.reason = result.reason
        if result.retry_after_s:
            until = time.monotonic() + result.retry_after_s
            self._not_before = max(self._not_before, until)
            self._pause_until = max(self._pause_until, until)

    def _pause(self, reason: str, at_least_s: float) -> None:
        now = time.monotonic()
        self._failures += 1
        self._pause_generation += 1
        self.reason = reason
        wait_s = pause_s(self._failures - 1)
        self._not_before = now + at_least_s if at_least_s else 0.0
        self._pause_until = self._deadlines.next_attempt(now, wait_s, at_least_s)
        if not self._is_stopped:
            self._notices.note_failure(reason)

    def _give_up_old(self) -> None:
        """Set aside what waited too long for an instance that was never reached."""
        now = time.monotonic()
        if now < self._age_check_at:
            return
        self._age_check_at = now + _AGE_CHECK_S
        for item in self.queue.take_where(self.reader.is_too_old):
            self.reader.reject(item, f"waited too long: {self.reason}")
        self.reader.remove_finished()
