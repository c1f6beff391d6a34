"""The switchboard: the only process-wide state."""

# Longer than 400 lines: the runtime and how its process ends belong together.

from __future__ import annotations

import atexit
import importlib
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, Final

from .api import Api
from .delivery.evidence.collector import EvidenceCollector
from .delivery.exporter_resolver import ExporterResolver
from .delivery.exporters import Exporter
from .delivery.flusher import Flusher
from .delivery.report import DeliveryReport, DeliveryStatus
from .delivery.status import read_status
from .errors import guard, logger
from .journal import dead_letters
from .journal.directory import JournalDirectory
from .journal.writer import Journal
from .recording.context import CURRENT, ActiveTask, StepContext
from .recording.enabled import is_on, turn_off, turn_on
from .recording.fork_guard import no_fork
from .recording.interpreters import is_main_interpreter, keep_interrupt
from .recording.open_tasks import OpenTasks
from .recording.recorder import Recorder
from .settings import Settings

_DAY_S: Final = 86_400.0
#: Connecting to, and waiting for, an instance: in the background, so patiently.
_TIMEOUT_S: Final = (5.0, 30.0)
#: How long a new configuration waits for what belongs to the old one.
_SETTLE_S: Final = 0.25
#: Before this, the finalizers of `multiprocessing` have emptied its queues.
_EXIT_PRIORITY: Final = 1


class TerminatedBySignal(KeyboardInterrupt):
    """Tells of a task that SIGTERM stopped it; never raised."""


class Runtime:
    """Joins recorder, journal, flusher and target.

    Nothing is opened, resolved or started before the first recorded fact.

    Args:
        settings: What the environment says; read now when left out.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._lock = threading.RLock()
        self._api: Any = None
        self._sink: Exporter | None = None
        self._embedded: Any = None
        self._build(settings or Settings.from_environ())
        if not self.settings.is_enabled:
            turn_off()

    def _build(self, settings: Settings) -> None:
        self.settings = settings
        self.is_open = False
        self.journal = Journal(
            JournalDirectory(settings.home),
            destination=self._destination(),
            max_mb=settings.journal_max_mb,
            sync=settings.journal_sync,
            on_open=self._open,
        )
        #: Read on every recorded call, and swapped by `lineage.testing`.
        self.recorder = Recorder(
            self.journal.write,
            self.journal.write_many,
            settings=settings,
            open_tasks=OpenTasks(settings.home),
        )
        self._own_recorder = self.recorder
        self._target = ExporterResolver(self._make_api)
        self.flusher = Flusher(
            self.journal,
            self._find_sink,
            settle=self.recorder.flush_pending,
            max_age_s=settings.max_age_days * _DAY_S,
            has_threads=is_main_interpreter(),
            evidence=EvidenceCollector(
                self.journal.write,
                self.journal.folder.home,
                settings,
                has_threads=is_main_interpreter(),
            ),
        )

    def configure(
        self,
        *,
        api: Any = None,
        home: str | os.PathLike[str] | None = None,
        sink: Exporter | None = None,
        settings: Settings | None = None,
    ) -> None:
        """Say where facts go, instead of what the environment says.

        Args:
            api: Our `Api` or the SDK's.
            home: The folder of the journal and the embedded instance.
            sink: Takes the facts instead of an instance.
            settings: Instead of the environment.
        """
        with self._lock:
            if api is not None:
                self._api, self._sink = api, None
            if sink is not None:
                self._sink = sink
            if home is not None or settings is not None:
                new = settings or self.settings
                if home is not None:
                    new = replace(new, home=Path(home))
                self._own_recorder.finalize(_SETTLE_S)
                self._end()
                self._build(new)
            elif api is not None or sink is not None:
                self._target = ExporterResolver(self._make_api)
                self.journal.redirect(self._destination())

    # -- on and off -----------------------------------------------------------

    def enable(self) -> None:
        """Record from now on."""
        turn_on()

    def disable(self) -> None:
        """Record nothing from now on."""
        turn_off()

    @property
    def is_enabled(self) -> bool:
        """Whether facts are recorded now."""
        return is_on()

    # -- delivery -------------------------------------------------------------

    def flush(self, timeout_s: float | None = None) -> DeliveryReport:
        """Deliver everything, leftovers of dead processes included.

        Args:
            timeout_s: How long to wait; `LINEAGE_FLUSH_TIMEOUT_S` when left out.
        """
        limit_s = self.settings.flush_timeout_s if timeout_s is None else timeout_s
        if self._own_recorder.looks:
            self._own_recorder.look_at_outputs()
        return self.flusher.flush(limit_s)

    def status(self) -> DeliveryStatus:
        """Tell what this home holds, and what this process could not record."""
        return replace(
            read_status(self.settings.home),
            not_recorded=sum(self._own_recorder.not_recorded.values()),
            reason=self.flusher.reason,
        )

    def retry(self) -> int:
        """Make refused facts wait for delivery again.

        Returns:
            How many.
        """
        self.flusher.forget_refused()
        count = dead_letters.release(self.journal.folder)
        if self.is_open:
            self.flusher.ring()
        return count

    def close(self) -> None:
        """End the process's task, deliver within the time allowed, let go of all."""
        self.finish()
        with self._lock:
            self._end()

    def finish(self) -> None:
        """End the process's task and deliver; recording goes on to work."""
        ends_at = time.monotonic() + self.settings.flush_timeout_s
        with guard("The process's task cannot be ended"):
            self._own_recorder.close(self.settings.flush_timeout_s / 2)
        if self.is_open:
            with guard("What was recorded cannot be delivered now"):
                self.flusher.flush(ends_at - time.monotonic())
                self._tell_lost()
                self.flusher.tidy()

    def stop(self) -> None:
        """End the tasks at work as stopped and deliver: the process is told to end."""
        ends_at = time.monotonic() + self.settings.flush_timeout_s
        with guard("The process's tasks cannot be ended"):
            recorder = self._own_recorder
            current = CURRENT.get()
            run = current.task if isinstance(current, StepContext) else None
            while run is not None:
                _end_stopped(run, recorder)
                run = run.parent
            _end_stopped(recorder.process_task(), recorder)
            recorder.finalize(self.settings.flush_timeout_s / 2)
        with guard("What was recorded cannot be delivered now"):
            self.flusher.flush(ends_at - time.monotonic())
            self._tell_lost()

    def _tell_lost(self) -> None:
        lost = self.journal.only_in_memory()
        if lost:
            logger.warning(
                "%d facts are lost with this process: %s could not be written, and "
                "they could not be delivered: %s",
                lost,
                self.journal.folder.path,
                self.flusher.reason or "there was no time left",
            )

    def abandon(self) -> None:
        """Let go of everything without waiting; what waits is adopted later."""
        with self._lock:
            self._end()

    def begin_anew(self) -> None:
        """In the child of a fork: own journal, own threads, nothing of the parent."""
        self._lock = threading.RLock()
        self.is_open = False
        self._embedded = None
        self._target = ExporterResolver(self._make_api)
        self.flusher.begin_anew()
        self.journal.begin_anew()

    def _end(self) -> None:
        self._own_recorder.commit.give_up()
        self.flusher.tidy()
        self.flusher.stop()
        self.journal.seal()
        embedded, self._embedded = self._embedded, None
        if embedded is not None:
            embedded.close()

    def _open(self) -> None:
        """Begin delivery, after the first fact of this process."""
        self.is_open = True
        _watch_process()
        self.flusher.start()

    # -- the target -----------------------------------------------------------

    def _destination(self) -> str:
        if self._sink is not None:
            return "sink"
        if self._api is not None:
            return str(getattr(self._api, "server_address", "api"))
        named = self.settings.destination
        if named == "instance":
            return self.settings.server_address or named
        return named

    def _find_sink(self) -> Exporter:
        return self._sink if self._sink is not None else self._target()

    def _make_api(self) -> Any:
        if self._api is not None:
            return self._api
        settings = self.settings
        if settings.destination == "local":
            return self._embedded_api()
        if settings.destination == "instance":
            return Api(retry_count=1, timeout_s=_TIMEOUT_S, settings=settings)
        address = settings.destination
        return Api(
            address,
            settings.token or settings.api_token,
            retry_count=1,
            api_server_address=f"{address.rstrip('/')}/public/api",
            timeout_s=_TIMEOUT_S,
            settings=settings,
        )

    def _embedded_api(self) -> Api:
        # The server's wing is loaded by those who use it.
        with no_fork():
            module = importlib.import_module(".instance.embedded", __package__)
            embedded = module.EmbeddedInstance(self.journal.folder.home)
        with self._lock:
            self._embedded = embedded
        address = self._embedded.address
        return Api(
            address,
            "",
            retry_count=1,
            api_server_address=f"{address}/public/api",
            adapters={address: self._embedded.adapter},
            settings=self.settings,
        )


def _end_stopped(run: ActiveTask, recorder: Recorder) -> None:
    if run.is_emitted and not run.is_ended and run.pid == os.getpid():
        recorder.end_task(run, TerminatedBySignal("by SIGTERM"))


class _Process:
    """What there is once in a process: its runtime, and how its end is noticed."""

    def __init__(self) -> None:
        self.runtime: Runtime | None = None
        self.lock = threading.Lock()
        self.is_hooked = False
        self.watched_pid = 0
        self.former: Any = signal.SIG_DFL
        """The handler of SIGTERM before ours."""


_process: Final = _Process()


def runtime() -> Runtime:
    """Give the process's runtime, making it at the first call."""
    current = _process.runtime
    return current if current is not None else _make()


def _make() -> Runtime:
    with _process.lock:
        if _process.runtime is None:
            _process.runtime = Runtime()
        return _process.runtime


def reset_runtime() -> None:
    """Forget the process's runtime without waiting, as tests need it."""
    with _process.lock:
        old, _process.runtime = _process.runtime, None
    if old is not None:
        old.abandon()
    turn_on()


def _watch_process() -> None:
    """See to it that the process's end and its forks are noticed."""
    if not _process.is_hooked:
        _process.is_hooked = True
        os.register_at_fork(after_in_child=_after_fork)
        atexit.register(_at_exit)
    if _process.watched_pid != os.getpid():
        _process.watched_pid = os.getpid()
        _watch_worker()
        _watch_sigterm()


def _after_fork() -> None:
    _process.lock = threading.Lock()
    if _process.runtime is not None:
        with guard("Recording cannot go on after a fork"):
            _process.runtime.begin_anew()


def _at_exit() -> None:
    if _process.runtime is not None:
        _process.runtime.finish()
        keep_interrupt()


def _watch_worker() -> None:
    """Deliver when a worker of `multiprocessing` or Celery ends: it skips `atexit`."""
    celery = sys.modules.get("celery.signals")
    if celery is not None:
        celery.worker_process_shutdown.connect(
            _at_end_of_celery_worker, weak=False, dispatch_uid="lineage"
        )
    process = sys.modules.get("multiprocessing.process")
    util = sys.modules.get("multiprocessing.util")
    if process is None or util is None or process.parent_process() is None:
        return
    util.Finalize(None, _at_exit, exitpriority=_EXIT_PRIORITY)


def _at_end_of_celery_worker(**_: object) -> None:
    _at_exit()


def _watch_sigterm() -> None:
    """Deliver before SIGTERM ends the process; an app's own handler keeps its say."""
    is_main = threading.current_thread() is threading.main_thread()
    if not (is_main and is_main_interpreter()):
        return
    former = signal.getsignal(signal.SIGTERM)
    if former is signal.SIG_IGN or former is None or former is _on_sigterm:
        return
    _process.former = former
    signal.signal(signal.SIGTERM, _on_sigterm)


def _on_sigterm(number: int, frame: FrameType | None) -> None:
    current = _process.runtime
    is_open = current is not None and current.is_open
    if callable(_process.former):
        if current is not None and is_open:
            current.flusher.ring()
        _process.former(number, frame)
        return
    if current is not None and is_open:
        current.stop()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)
