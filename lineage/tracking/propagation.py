"""Lets threads and pools that are started inside a task record into it.

Installed when the first task is opened: an app that opens none is left as it is.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

import wrapt

from .. import forksafe
from ..errors import guard
from ..recording.context import CURRENT, StepContext
from ..recording.enabled import is_on
from ..recording.task_token import PROCESS_KEY, VARIABLE
from .carrier import CarriedCall, Carrier, open_scope
from .generators import CurrentStep

_POOL_METHODS: Final = ("apply_async", "_map_async", "imap", "imap_unordered")
_state = threading.local()


class _Installation:
    """Whether the standard library's entry points are wrapped in this process."""

    is_done = False


def install() -> None:
    """Wrap how threads and pools are started, once in a process."""
    if _Installation.is_done:
        return
    _Installation.is_done = True
    wrapt.wrap_function_wrapper(threading, "Thread.start", _start_thread)
    wrapt.register_post_import_hook(_configure_process, "multiprocessing.process")
    wrapt.register_post_import_hook(_wrap_threads, "concurrent.futures.thread")
    wrapt.register_post_import_hook(_wrap_processes, "concurrent.futures.process")
    wrapt.register_post_import_hook(_wrap_pools, "multiprocessing.pool")


class _Entry:
    """What a task put into a mapping, and what it found there."""

    def __init__(self, token: str, before: str | None) -> None:
        self.token = token
        self.before = before


class _Carried:
    """One name of a mapping that children inherit; tasks may end in any order.

    Args:
        name: The name.
        mapping: Returns the mapping.
    """

    def __init__(self, name: str, mapping: Callable[[], Any]) -> None:
        self._name = name
        self._mapping = mapping
        self._entries: list[_Entry] = []
        forksafe.register(self)
        self.reset_after_fork()

    def reset_after_fork(self) -> None:
        self._lock = threading.RLock()

    def put(self, token: str) -> _Entry:
        """Put a token where children find it."""
        with self._lock:
            mapping = self._mapping()
            entry = _Entry(token, mapping.get(self._name))
            self._entries.append(entry)
            mapping[self._name] = token
            return entry

    def take_back(self, entry: _Entry) -> None:
        """Restore what children find without an entry."""
        with self._lock:
            mapping, token, before = self._mapping(), entry.token, entry.before
            self._entries.remove(entry)
            if any(other.token == token for other in self._entries):
                return
            # Whoever came later must not bring back a task that has ended.
            for other in self._entries:
                if other.before == token:
                    other.before = before
            if mapping.get(self._name) != token:
                return  # Another task is open, or the app has set something else.
            if before is None:
                del mapping[self._name]
            else:
                mapping[self._name] = before


def carry_to_children(scope: StepContext) -> Callable[[], None]:
    """Pass the task on to processes started from now on; return what takes it back."""
    with guard("Child processes cannot learn of the task"):
        token = scope.task.recorder.token(scope).encode()
        in_environ, in_config = _environ.put(token), _config.put(token)

        def restore() -> None:
            _environ.take_back(in_environ)
            _config.take_back(in_config)

        return restore
    return _nothing


def _nothing() -> None:
    """Stand for what takes nothing back."""


def _process_config() -> dict[str, Any]:
    """Return what `multiprocessing` hands to every process that it starts."""
    process = sys.modules.get("multiprocessing.process")
    if process is None:
        return {}  # loaded later, it learns by `_configure_process`
    config: dict[str, Any] = getattr(process.current_process(), "_config", {})
    return config


_environ: Final = _Carried(VARIABLE, lambda: os.environ)
_config: Final = _Carried(PROCESS_KEY, _process_config)


def _configure_process(module: Any) -> None:
    token = os.environ.get(VARIABLE)
    config = getattr(module.current_process(), "_config", None)
    if token and isinstance(config, dict):
        config.setdefault(PROCESS_KEY, token)


def _scope() -> StepContext | None:
    return open_scope() if is_on() else None


def _start_thread(wrapped: Any, thread: Any, args: Any, kwargs: Any) -> Any:
    scope = None if CURRENT.get() is None else _scope()
    if scope is not None and not getattr(_state, "is_in_pool", False):
        thread.run = functools.partial(_run_thread, thread, scope, thread.run)
    return wrapped(*args, **kwargs)


def _run_thread(thread: Any, scope: StepContext, run: Callable[[], Any]) -> None:
    thread.__dict__.pop("run", None)
    carrier = Carrier(scope)
    with CurrentStep(carrier.scope()):
        run()


def _wrap_threads(module: Any) -> None:
    wrapt.wrap_function_wrapper(module, "ThreadPoolExecutor.submit", submit_carried)


def _wrap_processes(module: Any) -> None:
    wrapt.wrap_function_wrapper(module, "ProcessPoolExecutor.submit", submit_carried)


def _wrap_pools(module: Any) -> None:
    for name in _POOL_METHODS:
        wrapt.wrap_function_wrapper(module, f"Pool.{name}", submit_carried)


def submit_carried(wrapped: Any, _pool: Any, args: Any, kwargs: Any) -> Any:
    """Hand a function to a pool with the step that submits it.

    A pool's own threads belong to no task: they serve many.
    """
    scope = _scope()
    if scope is not None and args and callable(args[0]):
        args = (CarriedCall(args[0], Carrier(scope)), *args[1:])
    was_in_pool = getattr(_state, "is_in_pool", False)
    _state.is_in_pool = True
    try:
        return wrapped(*args, **kwargs)
    finally:
        _state.is_in_pool = was_in_pool
