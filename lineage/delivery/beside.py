"""A second receiver beside the instance: OpenLineage events, delivered on their own.

Facts are copied to a journal of its own when the first flusher reads them, in the
background; from then on each receiver is sent what it lacks, whether or not the other
can be reached. A fact that is read again after a crash is copied again: receivers take
an event that comes twice as one.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from ..exporters import Exporter
from ..journal.directory import JournalDirectory
from ..journal.writer import Journal
from ..recording.interpreters import is_main_interpreter
from ..settings import Settings
from .evidence.collector import EvidenceCollector
from .flusher import Flusher
from .openlineage_exporter import OpenLineageExporter
from .queue import QueuedFact
from .report import DeliveryReport

_DAY_S: Final = 86_400.0


class Beside:
    """Journal and flusher of the second receiver.

    Args:
        settings: Where its home is, and how long facts are kept.
        url: The receiver's address.
    """

    def __init__(self, settings: Settings, url: str) -> None:
        self.url = url
        self._token = settings.openlineage_token
        self._exporter: Exporter | None = None
        self._journal = Journal(
            JournalDirectory(settings.home),
            destination=f"openlineage {url}",
            max_mb=settings.journal_max_mb,
            sync=settings.journal_sync,
            on_open=self._open,
        )
        has_threads = is_main_interpreter()
        self._flusher = Flusher(
            self._journal,
            self._find_exporter,
            max_age_s=settings.max_age_days * _DAY_S,
            has_threads=has_threads,
            evidence=EvidenceCollector(
                self._journal.write, settings.home, settings, has_threads=has_threads
            ),
            # The first receiver's flusher records them, and they are copied.
            ends_lost=False,
        )

    def _open(self) -> None:
        self._flusher.start()

    def _find_exporter(self) -> Exporter:
        if self._exporter is None:
            self._exporter = OpenLineageExporter(self.url, token=self._token)
        return self._exporter

    def copy(self, item: QueuedFact) -> None:
        """Keep a fact for the second receiver, under the uid that it has."""
        text = item.text.decode("utf-8", "replace")
        self._journal.write(f'{text[:-1]},"uid":"{item.uid}"}}')

    def wake(self) -> None:
        """Deliver in the background what can be delivered now."""
        self._flusher.wake()

    def end_by(self, deadline: float) -> None:
        """Expect the process to end at a time of `time.monotonic()`."""
        self._flusher.end_by(deadline)

    def left(self) -> DeliveryReport:
        """Return what happened to the facts, without those that no file keeps."""
        report = self._flusher.report()
        kept = max(0, report.waiting - self._journal.count_volatile())
        return replace(report, waiting=kept)

    def wait(self, timeout_s: float, *, is_last: bool) -> bool:
        """Wait until everything is delivered; False when facts are left."""
        return self._flusher.wait(max(0.0, timeout_s), is_last=is_last)

    def flush(self, first: DeliveryReport, deadline: float) -> DeliveryReport:
        """Deliver everything; return the outcome together with the first's.

        Args:
            first: What became of the facts at the instance.
            deadline: On the monotonic clock.
        """
        own = self._flusher.flush(max(0.0, deadline - time.monotonic()))
        reason = first.reason if first.waiting else own.reason
        return replace(
            first,
            waiting=first.waiting + own.waiting,
            refused=first.refused + own.refused,
            dropped=first.dropped + own.dropped,
            reason=reason,
        )

    def finish(self) -> None:
        """Delete the files of which everything is delivered."""
        self._flusher.remove_delivered()

    def end(self) -> None:
        """Release everything; what waits stays in the journal."""
        self._flusher.remove_delivered()
        self._flusher.stop()
        self._journal.seal()

    def reset_after_fork(self) -> None:
        """In the child of a fork: an own journal, own threads."""
        self._flusher.reset_after_fork()
        self._journal.reset_after_fork()
