"""Wraps how threads, pools and programs are started, once a process works in a task.

A process in which no task is opened or joined is left as it is.
"""

from __future__ import annotations

from typing import Final

import wrapt

from ..recording.fork_guard import loading

#: The modules that start work, and the functions of `propagation` that wrap them.
HOOKS: Final = (
    ("threading", "wrap_thread_start"),
    ("subprocess", "wrap_programs"),
    ("multiprocessing.process", "wrap_processes"),
    ("multiprocessing.pool", "wrap_pools"),
    ("concurrent.futures.thread", "wrap_thread_pools"),
    ("concurrent.futures.process", "wrap_process_pools"),
)


class _Installation:
    """Whether the standard library's entry points are wrapped in this process."""

    is_done = False


def install() -> None:
    """Wrap how work is started, once in a process."""
    if _Installation.is_done:
        return
    _Installation.is_done = True
    with loading():
        for module, hook in HOOKS:
            name = f"{__package__}.propagation:{hook}"
            wrapt.register_post_import_hook(name, module)
