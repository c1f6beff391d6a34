"""What is still left when a process exits, sent by the last of its exit handlers.

A handler that is registered when lineage is imported runs after those that the app
registers later, which may record. And a process that has recorded nothing itself may
have had workers: one that is killed leaves its last facts in the journal, and where
no other worker is there to send them, the process that started them does. On a
platform the journal would be gone with the container.
"""

from __future__ import annotations

import atexit
import sys
import time
from typing import Any, Final

from .errors import guard
from .recording.enabled import IS_DISABLED_BY_ENV, is_on

#: Older files of the journal are for who records next.
_BEGUN_AT: Final = time.time()


def watch() -> None:
    """Look for leftovers when this process exits."""
    if not IS_DISABLED_BY_ENV:
        atexit.register(_at_exit)


def leave() -> None:
    """Look for none: this process only asks."""
    atexit.unregister(_at_exit)


def _at_exit() -> None:
    module = sys.modules.get(f"{__package__}.runtime")
    current = None if module is None else module.current_runtime()
    with guard("What is left cannot be delivered now"):
        if current is not None and current.is_open:
            current.finish_late()
        elif is_on() and _may_have_had_workers():
            _deliver_for_workers(current)


def _may_have_had_workers() -> bool:
    """Whether this process is no worker itself, and may have started some."""
    process = sys.modules.get("multiprocessing.process")
    if process is not None:
        return process.parent_process() is None
    try:
        import resource
    except ImportError:
        return True  # Windows does not count them.
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss > 0


def _deliver_for_workers(current: Any) -> None:
    from .journal.directory import JournalDirectory
    from .recording.task_token import settings_here
    from .runtime import runtime

    settings = current.settings if current else settings_here()
    try:
        directory = JournalDirectory(settings.home)
    except FileNotFoundError:
        return  # The home was in the working directory, which is gone.
    if directory.has_leftovers(since=_BEGUN_AT):
        runtime().finish_late()
