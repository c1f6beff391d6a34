"""Carries the open task and step of a context into threads and other processes."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path
from typing import Any, cast

import wrapt

from ..errors import attempt, warn_rarely
from ..recording.context import CURRENT, DisabledScope, StepContext
from ..recording.enabled import ENABLED_FLAG, is_on
from ..recording.task_token import TaskToken, decode_token
from ..runtime import runtime
from .call_plan import Wrapper
from .generators import CurrentStep, Thrown
from .signatures import CallStyle, call_style, named_after
from .start_hooks import install


class Carrier:
    """A step that is open here, or a token of one that another process opened.

    It pickles to a token of at most a few hundred bytes.
    """

    __slots__ = ("_scope", "_token")

    def __init__(
        self,
        scope: StepContext | DisabledScope | None = None,
        token: TaskToken | None = None,
    ) -> None:
        self._scope = scope
        self._token = token

    def scope(self) -> StepContext | None:
        """Return the step to record into; None once its task has ended."""
        scope = self._scope
        if isinstance(scope, DisabledScope):
            return cast("StepContext", scope)
        if scope is not None:
            return None if scope.task.has_ended() else scope
        return attempt(_joined, self._token, log_carry_failure)

    def token(self) -> TaskToken | None:
        """Return what another process needs; None when there is nothing to carry."""
        scope = self.scope()
        if not isinstance(scope, StepContext):
            return None
        return attempt(scope.task.recorder.token, scope, log_carry_failure)

    def __reduce__(self) -> tuple[Any, ...]:
        token = self.token()
        return load_carrier, (token.encode() if token is not None else "",)


def load_carrier(text: str) -> Carrier:
    """Make the carrier of a token."""
    return Carrier(token=decode_token(text))


def bound_carrier() -> Carrier:
    """Return a carrier of whatever is current here, for `lineage.bind`."""
    current = CURRENT.get()
    return Carrier(open_scope() if current is None else current)


def open_scope() -> StepContext | None:
    """Return the step of an explicitly opened task that this code runs in."""
    if not is_on():
        return None
    current = CURRENT.get()
    if current is None:
        process = runtime().recorder.process
        if process is None or process.has_ended():
            return None
        return process.root if process.is_opened else None
    if not isinstance(current, StepContext) or current.task.has_ended():
        return None
    task = current.task
    return current if task.is_opened or task.is_joined else None


def current_carrier() -> Carrier | None:
    """Return a carrier of the open task; None where no task is open."""
    scope = attempt(_open_scope, None, log_carry_failure)
    return None if scope is None else Carrier(scope)


def _open_scope(_: None) -> StepContext | None:
    return open_scope()


def log_carry_failure(error: Exception) -> None:
    """Log that work goes on outside the task that handed it over."""
    warn_rarely(
        "carry",
        "The open task cannot be carried along, so this work is recorded apart: %s",
        error,
        exc_info=error,
    )


def _joined(token: TaskToken | None) -> StepContext | None:
    if token is None or not is_on() or token.has_ended():
        return None
    install()
    process_runtime = runtime()
    if token.is_local and os.path.isdir(token.home):
        home = Path(token.home)
        if home != process_runtime.settings.home.absolute():
            process_runtime.configure(home=home)
    return process_runtime.recorder.join(token)


def is_inherited(current: Any) -> bool:
    """Whether what is current is no step of a task that this process works in."""
    if current is None:
        return True
    if not isinstance(current, StepContext):
        return False
    task = current.task
    return task.has_ended() or (not task.is_joined and task.pid != os.getpid())


def carried_wrapper(
    carrier: Carrier, function: Any, inner: Wrapper | None = None, *, force: bool
) -> Wrapper:
    """Make a wrapper that runs a function in the carried step.

    Args:
        carrier: What to run it in.
        function: The function; it decides how the step is kept current.
        inner: The function's own wrapper.
        force: Replace a step that is current; else only an inherited one.
    """

    def scope() -> StepContext | None:
        return carrier.scope() if force or is_inherited(CURRENT.get()) else None

    style = call_style(function)
    if style is CallStyle.SYNC:

        def call(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
            with CurrentStep(scope()):
                if inner is None:
                    return wrapped(*args, **kwargs)
                return inner(wrapped, instance, args, kwargs)

        return call
    drive = DRIVERS[style]

    def start(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        made = (
            wrapped(*args, **kwargs)
            if inner is None
            else inner(wrapped, instance, args, kwargs)
        )
        return named_after(drive(made, scope), wrapped)

    return start


async def _drive_coroutine(made: Any, scope: Callable[[], StepContext | None]) -> Any:
    with CurrentStep(scope()):
        return await made


def _drive_generator(
    made: Generator[Any, Any, Any], scope: Callable[[], StepContext | None]
) -> Generator[Any, Any, Any]:
    return (yield from _InStep(made, scope()))


async def _drive_async_generator(
    made: AsyncGenerator[Any, Any], scope: Callable[[], StepContext | None]
) -> AsyncGenerator[Any, Any]:
    step = scope()
    resume: Any = made.asend(None)
    try:
        while True:
            try:
                with CurrentStep(step):
                    item = await resume
            except StopAsyncIteration:
                return
            thrown = Thrown()
            given = None
            with thrown:
                given = yield item
            if isinstance(thrown.error, GeneratorExit):
                raise thrown.error
            if thrown.error is not None:
                resume = made.athrow(thrown.error)
            else:
                resume = made.asend(given)
    finally:
        with CurrentStep(step):
            await made.aclose()


#: What runs a coroutine or generator in a step that is current only while it runs.
DRIVERS: dict[CallStyle, Callable[..., Any]] = {
    CallStyle.COROUTINE: _drive_coroutine,
    CallStyle.GENERATOR: _drive_generator,
    CallStyle.ASYNC_GENERATOR: _drive_async_generator,
}


class _InStep(Generator[Any, Any, Any]):
    """A generator whose code runs in a step."""

    def __init__(
        self, inner: Generator[Any, Any, Any], step: StepContext | None
    ) -> None:
        self._inner = inner
        self._step = step

    def send(self, value: Any) -> Any:
        with CurrentStep(self._step):
            return self._inner.send(value)

    def throw(self, *details: Any) -> Any:
        with CurrentStep(self._step):
            return self._inner.throw(*details)

    def close(self) -> None:
        with CurrentStep(self._step):
            self._inner.close()


class CarriedFunction(wrapt.FunctionWrapper):  # type: ignore[type-arg]  # as wrapt 1 has none
    """A callable that runs in the step in which it was bound, wherever it is called."""

    def __init__(self, function: Any, carrier: Carrier) -> None:
        super().__init__(
            function,
            carried_wrapper(carrier, function, force=True),
            enabled=ENABLED_FLAG,  # type: ignore[arg-type]  # anything with a truth
        )
        self._self_carrier = carrier

    def __reduce_ex__(self, protocol: Any) -> Any:
        return CarriedFunction, (self.__wrapped__, self._self_carrier)

    def __dask_tokenize__(self) -> Any:
        return self.__wrapped__

    def __copy__(self) -> CarriedFunction:
        return self

    def __deepcopy__(self, _memo: Any) -> CarriedFunction:
        return self


class CarriedCall:
    """The cheap form for pools: calls a function in the step that submitted it."""

    __slots__ = ("carrier", "function")

    def __init__(self, function: Callable[..., Any], carrier: Carrier) -> None:
        self.function = function
        self.carrier = carrier

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function in the carried step."""
        with CurrentStep(self.carrier.scope()):
            return self.function(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return CarriedCall, (self.function, self.carrier)

    @property
    def __name__(self) -> str:
        """The name under which a pool shows the work."""
        return str(getattr(self.function, "__name__", type(self.function).__name__))
