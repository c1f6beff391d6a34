"""The error tree, with `guard` and `attempt`, which keep failures away from the app.

LineageError
├── DeclarationError (TypeError)     a declaration that can never work: at import
├── RecordingError                   a fact that could not be recorded
│   ├── SourceError                  a source has no usable value
│   └── JournalError                 the journal could not be written or read
├── DeliveryError                    a fact that could not be delivered
├── StoreError                       the instance's store
│   ├── StoreCorruptError            the file is not a store, or is damaged
│   └── StoreTooNewError             a newer lineage wrote it
├── SelectorError (ValueError)       a selector that cannot be read
├── ParameterError (ValueError)      a parameter of a question that is not allowed
├── NotFoundError (LookupError)      nothing by that name
└── ApiError                         see `lineage.api.errors`: what a server answered
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from .redaction import redact

logger = logging.getLogger("lineage")


def _mask_record(record: logging.LogRecord) -> bool:
    """Take secrets out of a message before any handler sees it."""
    # What cannot be formatted is the handlers' to report.
    message = attempt(logging.LogRecord.getMessage, record, lambda _: None)
    masked = message and redact(message)
    if masked != message:
        record.msg, record.args = masked, ()
    return True


logger.addFilter(_mask_record)

T = TypeVar("T")
R = TypeVar("R")

#: Repeated trouble of one kind is logged once in this many seconds.
REPEAT_AFTER_S = 60.0


class LineageError(Exception):
    """Root of all errors of this package.

    Args:
        message: What happened, to which object, and what to do next; secrets in it are
            masked.
        subject: The object it is about.
    """

    def __init__(self, message: str = "", *, subject: Any = None) -> None:
        super().__init__(redact(message))
        self.subject = subject


class DeclarationError(LineageError, TypeError):
    """A declaration that can never work; raised while decorating."""


class RecordingError(LineageError):
    """A fact that could not be recorded."""


class SourceError(RecordingError):
    """A source has no value that can be recorded."""


class JournalError(RecordingError):
    """The journal could not be written or read."""


class DeliveryError(LineageError):
    """A fact that could not be delivered."""


class StoreError(LineageError):
    """The instance's store cannot be used."""


class StoreCorruptError(StoreError):
    """The store's file is damaged, or is no store."""


class StoreTooNewError(StoreError):
    """The store was written by a newer version of lineage."""


class SelectorError(LineageError, ValueError):
    """A selector that cannot be read, or means several where one is asked for."""


class ParameterError(LineageError, ValueError):
    """A parameter of a question that is not allowed."""


class NotFoundError(LineageError, LookupError):
    """Nothing by that name is known."""


class ApiError(LineageError):
    """A server answered with an error, or could not be reached."""

    endpoint: str | None = None
    """The method that was called, as `tasks.info`."""
    status: int | None = None
    """The HTTP status, when there was an answer."""
    server_error: str = ""
    """The server's short name of the error."""
    server_message: str = ""
    """The server's own explanation."""
    retry_after_s: float | None = None
    """Seconds after which the server asks to be called again."""
    is_retryable: bool = False
    """Whether the same call may succeed later."""
    is_ambiguous: bool = False
    """Whether the server may have processed the call nevertheless."""


class _Throttle:
    """Remembers when each kind of trouble was logged last."""

    def __init__(self) -> None:
        self._logged_at: dict[str, float] = {}
        self.reset_after_fork()

    def reset_after_fork(self) -> None:
        """Replace the lock: a thread of the parent may have held it."""
        # Reentrant: the handler of a signal may warn while its thread does.
        self._lock = threading.RLock()

    def is_due(self, key: str) -> bool:
        now = time.monotonic()
        with self._lock:
            last = self._logged_at.get(key)
            if last is not None and now - last < REPEAT_AFTER_S:
                return False
            self._logged_at[key] = now
            return True

    def reset(self) -> None:
        with self._lock:
            self._logged_at.clear()


throttle = _Throttle()


def warn_rarely(key: str, message: str, *args: object, exc_info: Any = None) -> None:
    """Log a warning, at most once a minute for each `key`."""
    if throttle.is_due(key):
        logger.warning(message, *args, exc_info=exc_info)


def reset_warnings() -> None:
    """Forget what was logged, so that the next trouble is logged at once."""
    throttle.reset()


def describe_error(error: object) -> str:
    """Return an error's type and message in one text."""
    return f"{type(error).__name__}: {error}"


def traceback_of(error: BaseException) -> BaseException | None:
    """Return the error whose traceback is logged; None for what the system refused."""
    return None if isinstance(error, OSError) else error


class _Guard:
    """The context manager of `guard`: failures in its block stay inside."""

    __slots__ = ("_is_strict", "_key", "_what")

    def __init__(self, what: str, is_strict: bool, key: str) -> None:
        self._what = what
        self._is_strict = is_strict
        self._key = key

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _tb: object) -> bool:
        if not isinstance(error, Exception) or self._is_strict:
            return False
        warn_rarely(
            self._key, "%s: %s", self._what, error, exc_info=traceback_of(error)
        )
        return True


def guard(what: str, *, strict: bool = False, key: str | None = None) -> _Guard:
    """Keep every failure of lineage's own work away from the app.

    Logs the failure, at most once a minute for each `key`. An `OSError` is logged
    without its traceback: what a disk or folder lacks is in its message.

    Args:
        what: The work, as the log line names it.
        strict: Raise instead of logging (tests).
        key: Groups repeated trouble; `what` when left out.
    """
    return _Guard(what, strict, key or what)


def attempt(
    work: Callable[[T], R],
    argument: T,
    on_error: Callable[[Exception], None],
    _is_finalizing: Callable[[], bool] = sys.is_finalizing,
) -> R | None:
    """Do guarded work where a block would cost too much.

    Returns what `work(argument)` returns. A failure is passed to `on_error`, which logs
    it or raises in strict mode, and the result is None. While the interpreter frees its
    modules, which lose their names one by one, work fails and nobody could log it.
    """
    try:
        return work(argument)
    except Exception as error:  # noqa: BLE001  the one broad except of the package
        if not _is_finalizing():
            on_error(error)
        return None
