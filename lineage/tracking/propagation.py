"""Lets threads, pools and programs that are started inside a task record into it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import wrapt

from .. import forksafe
from ..errors import attempt, guard
from ..recording.context import CURRENT, StepContext
from ..recording.enabled import is_on
from ..recording.task_token import PROCESS_KEY, VARIABLE
from .carrier import CarriedCall, Carrier, log_carry_failure, open_scope
from .generators import CurrentStep

_POOL_METHODS: Final = ("apply_async", "_map_async", "imap", "imap_unordered")
_state = threading.local()


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


def wrap_processes(module: Any) -> None:
    """Let processes of `multiprocessing` record into the task that makes them."""
    token = os.environ.get(VARIABLE)
    config = getattr(module.current_process(), "_config", None)
    if token and isinstance(config, dict):
        config.setdefault(PROCESS_KEY, token)
    wrapt.wrap_function_wrapper(module, "BaseProcess.__init__", _make_process)


def _make_process(wrapped: Any, process: Any, args: Any, kwargs: Any) -> Any:
    made = wrapped(*args, **kwargs)
    scope = _scope()
    if scope is not None:
        with guard("A child process cannot learn of the task"):
            # The whole task: the process may do more than what the step asked for.
            token = scope.task.recorder.token(scope.task.root)
            process._config[PROCESS_KEY] = token.encode()  # noqa: SLF001  it has no public name
    return made


def wrap_programs(module: Any) -> None:
    """Let programs that are started record into the step that starts them."""
    wrapt.wrap_function_wrapper(module, "Popen.__init__", _start_program)


#: The place of `env` among the positional arguments of `subprocess.Popen`.
_ENV_PLACE: Final = 10


def _start_program(wrapped: Any, _program: Any, args: Any, kwargs: Any) -> Any:
    scope = _scope()
    if scope is None:
        return wrapped(*args, **kwargs)
    is_positional = len(args) > _ENV_PLACE
    given = args[_ENV_PLACE] if is_positional else kwargs.get("env")
    carried = attempt(partial(_carried_env, scope), given, log_carry_failure)
    if carried is None:
        return wrapped(*args, **kwargs)
    if is_positional:
        args = (*args[:_ENV_PLACE], carried, *args[_ENV_PLACE + 1 :])
    else:
        kwargs = {**kwargs, "env": carried}
    return wrapped(*args, **kwargs)


def _carried_env(scope: StepContext, given: Any) -> dict[Any, Any] | None:
    """Return the environment of a program with its step in it; None to leave it.

    One that the app made is left as it is, unless it has our variable from the
    environment of this process.
    """
    inherited = os.environ.get(VARIABLE)
    env = os.environ if given is None else given
    if given is not None and (inherited is None or given.get(VARIABLE) != inherited):
        return None
    token = scope.task.recorder.token(scope).encode()
    return None if token == inherited else {**env, VARIABLE: token}


def _scope() -> StepContext | None:
    return open_scope() if is_on() else None


def wrap_thread_start(module: Any) -> None:
    """Let a thread record into the step that starts it."""
    wrapt.wrap_function_wrapper(module, "Thread.start", _start_thread)


def _start_thread(wrapped: Any, thread: Any, args: Any, kwargs: Any) -> Any:
    scope = None if CURRENT.get() is None else _scope()
    if scope is not None and not getattr(_state, "is_in_pool", False):
        thread.run = partial(_run_thread, thread, scope, thread.run)
    return wrapped(*args, **kwargs)


def _run_thread(thread: Any, scope: StepContext, run: Callable[[], Any]) -> None:
    thread.__dict__.pop("run", None)
    carrier = Carrier(scope)
    with CurrentStep(carrier.scope()):
        run()


def wrap_thread_pools(module: Any) -> None:
    """Let work for a pool of threads record into the step that submits it."""
    wrapt.wrap_function_wrapper(module, "ThreadPoolExecutor.submit", submit_carried)


def wrap_process_pools(module: Any) -> None:
    """Let work for a pool of processes record into the step that submits it."""
    wrapt.wrap_function_wrapper(module, "ProcessPoolExecutor.submit", submit_carried)


def wrap_pools(module: Any) -> None:
    """Let work for a pool of `multiprocessing` record into the step that submits it."""
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
