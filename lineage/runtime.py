"""The process-wide runtime: joins recorder, journal, flusher and exporter."""

# Longer than 400 lines: the one object that joins everything of a process.

from __future__ import annotations

import importlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from . import forksafe
from .errors import DeliveryError, attempt, guard, logger, traceback_of
from .recording.enabled import is_on, turn_off, turn_on
from .recording.environment import EnvironmentLookup
from .recording.fork_guard import later_signals, loading
from .recording.interpreters import is_main_interpreter
from .recording.task_token import settings_here
from .settings import UNUSABLE, Settings

if TYPE_CHECKING:
    from .api import Api
    from .delivery.beside import Beside
    from .delivery.evidence.environment import EnvironmentFinder
    from .delivery.flusher import Flusher
    from .delivery.platform_names import PlatformNames
    from .delivery.report import DeliveryReport, DeliveryStatus
    from .exporters import Exporter
    from .instance.embedded import EmbeddedInstance
    from .journal.writer import Journal
    from .model.ingest import StoreState

_DAY_S: Final = 86_400.0
#: Connecting to, and waiting for, an instance: in the background, so patiently.
_TIMEOUT_S: Final = (5.0, 30.0)
#: How long a new configuration waits for buffered facts of the old one.
_OLD_WAIT_S: Final = 0.25


class Runtime:
    """Joins recorder, journal, flusher and exporter.

    Nothing is opened, resolved or started before the first recorded fact.

    Args:
        settings: Where facts go and how; read from the environment when left out.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._lock = threading.RLock()
        self._api: Any = None
        self._exporter: Exporter | None = None
        self._embedded: EmbeddedInstance | None = None
        #: Which file the embedded instance has open.
        self._store_id: tuple[int, int] | None = None
        self._build(settings or settings_here())
        if not self.settings.is_enabled:
            turn_off()

    def _build(self, settings: Settings) -> None:
        # Loaded by the first fact: no app waits for them when it starts.
        with loading():
            from .delivery.deadline import WaitBudget
            from .delivery.report import describe_left
            from .journal.directory import JournalDirectory
            from .journal.writer import Journal
            from .recording.open_tasks import OpenTasks
            from .recording.recorder import Recorder
        self._new_budget, self._describe_left = WaitBudget, describe_left
        self.settings = settings
        self.is_open = self._has_ended = False
        #: How many facts were left when the process was finished.
        self._left: int | None = None
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
            self.journal.write_joined,
            settings=settings,
            open_tasks=OpenTasks(settings.home),
        )
        self._own_recorder = self.recorder
        if settings.records_environment and is_main_interpreter():
            self.recorder.environment = EnvironmentLookup(
                self._make_environment_finder, self.recorder.mask
            )
        #: Finds the exporter for the target; made by the first delivery.
        self._target: Callable[[], Exporter] | None = None
        self._names: PlatformNames | None = None
        self._budget = self._new_budget(settings.flush_timeout_s)
        self._beside = self._make_beside()
        self.flusher = self._make_flusher()

    def _make_flusher(self) -> Flusher:
        with loading():
            from .delivery.evidence.collector import EvidenceCollector
            from .delivery.flusher import Flusher
        settings = self.settings
        return Flusher(
            self.journal,
            partial(self._find_exporter, self.journal),
            look_at_receiver=self._leave_replaced_store,
            before_read=self.recorder.flush_pending,
            max_age_s=settings.max_age_days * _DAY_S,
            lost_after_s=settings.lost_after_s,
            has_threads=is_main_interpreter(),
            evidence=EvidenceCollector(
                self.journal.write,
                self.journal.folder.home,
                settings,
                has_threads=is_main_interpreter(),
            ),
            also=self._beside.copy if self._beside is not None else None,
        )

    def _make_beside(self) -> Beside | None:
        url = self.settings.openlineage_url
        if url is None or not self.settings.is_enabled:
            return None
        with loading():
            from .delivery.beside import Beside
        return Beside(self.settings, url)

    def _make_environment_finder(self) -> EnvironmentFinder:
        # For the thread that looks for it alone: no app waits for the import.
        module = importlib.import_module(".delivery.evidence.environment", __package__)
        finder: EnvironmentFinder = module.EnvironmentFinder(
            self._own_recorder.commit.code, self.settings.image
        )
        return finder

    def configure(
        self,
        *,
        api: Any = None,
        home: str | os.PathLike[str] | None = None,
        exporter: Exporter | None = None,
        sink: Any = None,
        settings: Settings | None = None,
    ) -> None:
        """Set where facts go, in place of the environment.

        Args:
            api: Our `Api` or the SDK's.
            home: The folder of the journal and the embedded instance.
            exporter: Sends the facts instead of an instance.
            sink: The deprecated name of `exporter`.
            settings: Used in place of the environment.

        Raises:
            DeclarationError: The exporter is none.
        """
        if sink is not None:
            from .delivery.exporters import exporter_of_sink

            exporter = exporter_of_sink(sink, stacklevel=3)
        elif exporter is not None:
            from .exporters import check_exporter

            check_exporter(exporter)
        with self._lock:
            if api is not None:
                self._api, self._exporter = api, None
            if exporter is not None:
                self._exporter = exporter
            if home is not None or settings is not None:
                new = settings or self.settings
                if home is not None:
                    new = replace(new, home=Path(home))
                self._own_recorder.finalize(_OLD_WAIT_S)
                self._end()
                self._build(new)
            elif api is not None or exporter is not None:
                self._target = None
                if self._own_recorder.environment is not None:
                    self._own_recorder.environment.record_again()
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
        deadline = time.monotonic() + limit_s
        self.flusher.flush(limit_s)
        report, beside = self._report(), self._beside
        return report if beside is None else beside.flush(report, deadline)

    def wait_at_task_end(self, *, for_process: bool, may_wait: bool) -> None:
        """Deliver what was recorded, now that a task has ended.

        The end of the process's own task waits as an exit does, in the same time. Other
        ends wait only as long as nothing speaks against the instance: delivery goes on
        in the background.

        Args:
            for_process: Whether the process's own task ended.
            may_wait: Whether the calling thread can wait without holding up others.
        """
        if for_process:
            self._wait(is_last=False)
        elif may_wait and not self.flusher.is_away:
            self._spend(lambda left_s: self.flusher.wait(left_s, is_patient=False))
        else:
            self.flusher.wake()

    def status(self) -> DeliveryStatus:
        """Return what this home holds, and what this process could not record."""
        from .delivery.status import read_status

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
        from .journal import dead_letters

        count = dead_letters.release(self.journal.folder)
        if self.is_open:
            self.flusher.wake()
        return count

    # -- the end --------------------------------------------------------------

    def wake(self) -> None:
        """Deliver in the background what can be delivered now."""
        self.flusher.wake()
        if self._beside is not None:
            self._beside.wake()

    def close(self) -> None:
        """End the process's task, deliver within the time allowed, release all."""
        self.finish()
        with self._lock:
            self._end()

    def finish(self, error: BaseException | None = None) -> None:
        """End the process's task and deliver; recording goes on to work.

        Args:
            error: The exception that ends the process, where it is known.
        """
        begun = time.monotonic()
        with guard("The process's task cannot be ended"):
            self._own_recorder.close(self._left_s() / 2, error)
        if self.is_open:
            self._deliver_last(begun)

    def finish_late(self) -> None:
        """Deliver what this process's exit handlers recorded since it was finished.

        In a process that recorded nothing it is what others left that were killed.
        """
        if not self.is_open:
            self._deliver_last(time.monotonic())
        elif self._left is None or self.flusher.report().waiting > self._left:
            self.finish()

    def _deliver_last(self, begun: float) -> None:
        with guard("What was recorded cannot be delivered now"):
            self._wait(is_last=True, begun=begun)
            self._warn_left()
            self.flusher.remove_delivered()
            if self._beside is not None:
                self._beside.finish()
            self._left = self.flusher.report().waiting

    def stop(self) -> None:
        """End the tasks at work as stopped and deliver: the process is being ended."""
        begun = time.monotonic()
        with guard("The process's tasks cannot be ended"):
            self._own_recorder.stop(self._left_s() / 2)
        with guard("What was recorded cannot be delivered now"):
            self._wait(is_last=True, begun=begun)
            self._warn_left()

    def _left_s(self) -> float:
        return self._budget.left_s(self.flusher.times_caught_up)

    def _wait(self, *, is_last: bool, begun: float | None = None) -> None:
        self._spend(lambda left_s: self._wait_for_all(left_s, is_last=is_last), begun)

    def _wait_for_all(self, left_s: float, *, is_last: bool) -> bool:
        deadline = time.monotonic() + left_s
        if self._beside is not None and is_last:
            self._beside.end_by(deadline)
        is_done = self.flusher.wait(left_s, is_last=is_last)
        if self._beside is None:
            return is_done
        left_s = deadline - time.monotonic()
        return self._beside.wait(left_s, is_last=is_last) and is_done

    def _spend(self, wait: Callable[[float], bool], begun: float | None = None) -> None:
        """Wait in the time that is left for all waits of this process together.

        Args:
            wait: Waits at most so many seconds; True when everything is delivered.
            begun: When the time began to run; now when left out.
        """
        now = time.monotonic()
        begun = now if begun is None else begun
        is_done = False
        try:
            is_done = wait(max(0.0, self._left_s() - (now - begun)))
        except KeyboardInterrupt:
            # Whoever interrupts the wait does not want another one.
            self._budget.use_up(self.flusher.times_caught_up)
            raise
        finally:
            took_s = 0.0 if is_done else time.monotonic() - begun
            self._budget.spend(took_s, self.flusher.times_caught_up)

    def _warn_left(self) -> None:
        """Log what is left behind: what is lost, and in one warning what is kept."""
        report, beside = self._report(), self._beside
        lost = self.journal.count_volatile() if report.waiting else 0
        second = None if beside is None else (beside.url, beside.left())
        path = self.journal.folder.path
        for text in self._describe_left(path, report, lost, second):
            logger.warning("%s", text)

    def _report(self) -> DeliveryReport:
        report = self.flusher.report()
        if report.waiting and self._destination() == UNUSABLE:
            # The first attempt, which finds it out, may not have been made yet.
            return replace(report, reason=self.settings.unusable)
        return report

    def abandon(self) -> None:
        """Release everything without waiting; what waits is adopted later."""
        with self._lock:
            self._end()

    def reset_after_fork(self) -> None:
        """In the child of a fork: own journal, own threads, nothing of the parent."""
        self._lock = threading.RLock()
        self.is_open = self._has_ended = False
        self._embedded = self._store_id = self._left = None
        self._target = self._names = None
        self._budget = self._new_budget(self.settings.flush_timeout_s)
        self.flusher.reset_after_fork()
        self.journal.reset_after_fork()
        if self._beside is not None:
            self._beside.reset_after_fork()

    def _end(self) -> None:
        self._own_recorder.commit.give_up()
        if self._names is not None:
            self._names.stop()
        self.flusher.remove_delivered()
        self.flusher.stop()
        self.journal.seal()
        if self._beside is not None:
            self._beside.end()
        embedded, self._embedded = self._embedded, None
        self._store_id = None
        self._has_ended = True
        if embedded is not None:
            embedded.close()

    def _open(self) -> None:
        """Begin delivery, after the first fact of this process."""
        self.is_open = True
        # The flusher's thread loads the client, while forks wait: no call waits for it.
        with loading():
            from .process_end import process_end
        process_end.watch(current_runtime)
        self.flusher.start()

    # -- the target -----------------------------------------------------------

    def _destination(self) -> str:
        if self._exporter is not None:
            return "sink"
        if self._api is not None:
            return str(getattr(self._api, "server_address", "api"))
        return self.settings.journal_destination

    def _leave_replaced_store(self) -> None:
        """Open the embedded instance again where its file was deleted or replaced."""
        if self._embedded is None or self._store_id is None:
            return
        if self._store_id == self._find_store_id():
            return
        self._store_id = None
        # What it has lost, and whether the journal is gone too, is one warning.
        logger.info(
            "The store in %s was deleted or replaced while this process used it: it "
            "is opened again, and later facts go there.",
            self.journal.folder.home,
        )
        with self._lock:
            embedded, self._embedded = self._embedded, None
            self._target = None
        if embedded is not None:
            embedded.close()
        self.flusher.reader.watch.forget()
        self.flusher.send_again()

    def _look_at_state(self, state: StoreState) -> None:
        """Send again what an instance's store lost, as it says with a batch."""
        if self.flusher.reader.watch.note(state):
            self.flusher.send_again()

    def _find_exporter(self, journal: Journal) -> Exporter:
        """Return where a journal's facts go: a flusher may outlive its settings."""
        with self._lock:
            self._check_used(journal)
            api, given, target = self._api, self._exporter, self._target
        if given is not None:
            return given
        if target is None:
            target = self._make_target(journal)
            with self._lock:
                self._check_used(journal)
                if api is self._api and self._exporter is None:
                    self._target = target
        exporter = target()
        if self._embedded is not None and self._store_id is None:
            self._store_id = self._find_store_id()
        return exporter

    def _check_used(self, journal: Journal) -> None:
        if self._has_ended or journal is not self.journal:
            raise DeliveryError("this process has ended its recording")

    def _make_target(self, journal: Journal) -> Callable[[], Exporter]:
        """Make what gives the exporter; an embedded instance needs no client."""
        if self._names is None:
            self._names = self._make_names()
        with_names = None if self._names is None else self._names.complete
        # Loads pydantic and others, for which no app waits when it starts.
        if self._api is None and self.settings.destination == "local":
            embedded = self._open_embedded(journal)
            with loading():
                from .delivery.exporters import embedded_target
            return embedded_target(embedded, with_names, self._look_at_state)
        with loading():
            from .delivery.exporter_resolver import ExporterResolver
        return ExporterResolver(self._make_api, with_names, self._look_at_state)

    def _make_names(self) -> PlatformNames | None:
        """Make what looks up names, where objects are not those of the target."""
        is_wanted = self.settings.names_objects_of(self._destination())
        if not is_wanted or not is_main_interpreter():
            return None
        with loading():
            from .delivery.platform_names import PlatformNames, platform_caller
        make_call = partial(platform_caller, self.settings, _TIMEOUT_S)
        return PlatformNames(self.journal.write, make_call, self._own_recorder.mask)

    def _find_store_id(self) -> tuple[int, int] | None:
        with loading():
            from .instance.store.sqlite import file_identity
        return file_identity(self.journal.folder.home / "instance.db")

    def _make_api(self) -> Any:
        if self._api is not None:
            return self._api
        settings = self.settings
        if settings.destination == UNUSABLE:
            raise DeliveryError(settings.unusable or "the target is not understood")
        if settings.destination == "local":
            return self._api_of(self._embedded or self._open_embedded(self.journal))
        with loading():
            from .api import Api
        if settings.destination == "instance":
            return Api(retry_count=1, timeout_s=_TIMEOUT_S, settings=settings)
        address, token = settings.destination, settings.token or settings.api_token
        root = f"{address.rstrip('/')}/public/api"
        return Api(address, token, retry_count=1, api_server_address=root,
                   timeout_s=_TIMEOUT_S, settings=settings)  # fmt: skip

    def make_query_api(self) -> Any:
        """Make a client of the instance that facts go to, to ask it questions."""
        self._leave_replaced_store()
        return self._make_api()

    def _open_embedded(self, journal: Journal) -> EmbeddedInstance:
        # The instance is loaded by those who use it.
        with loading():
            module = importlib.import_module(".instance.embedded", __package__)
            embedded = module.EmbeddedInstance(journal.folder.home)
        with self._lock:
            self._check_used(journal)
            # The flusher's thread and one that asks may come here at the same moment.
            self._embedded = self._embedded or embedded
            return self._embedded

    def _api_of(self, embedded: EmbeddedInstance) -> Api:
        with loading():
            from .api import Api

            adapter = embedded.adapter
        address = embedded.address
        return Api(address, "", retry_count=1, adapters={address: adapter},
                   api_server_address=f"{address}/public/api",
                   settings=self.settings)  # fmt: skip


#: The settings of a process in which nothing can be recorded.
_NOWHERE: Final = Settings(is_enabled=False, home=Path(os.sep, "nonexistent"))


def _switch_off(error: Exception) -> None:
    if HOLDER.runtime is None:
        logger.warning(
            "Nothing is recorded in this process: %s",
            error,
            exc_info=traceback_of(error),
        )


class _Holder:
    """Holds the process's runtime."""

    def __init__(self) -> None:
        self.runtime: Runtime | None = None
        self.lock = threading.RLock()

    def reset_after_fork(self) -> None:
        # Reentrant: a signal's handler may record while the runtime is made.
        self.lock = threading.RLock()


HOLDER: Final = forksafe.register(_Holder())


def current_runtime() -> Runtime | None:
    """Return the process's runtime, if there is one."""
    return HOLDER.runtime


def runtime() -> Runtime:
    """Return the process's runtime, making it at the first call."""
    current = HOLDER.runtime
    return current if current is not None else _make()


def _make() -> Runtime:
    with HOLDER.lock, later_signals():
        if HOLDER.runtime is None:
            made = attempt(Runtime, None, _switch_off)
            # A signal's handler that recorded meanwhile has made one already.
            if HOLDER.runtime is None:
                HOLDER.runtime = made or Runtime(_NOWHERE)
        return HOLDER.runtime


def reset_runtime() -> None:
    """Forget the process's runtime without waiting, as tests need it."""
    with HOLDER.lock:
        old, HOLDER.runtime = HOLDER.runtime, None
    if old is not None:
        old.abandon()
    turn_on()
