"""Wrappers: what a call of a decorated function does, by its call style."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

from ..errors import DeclarationError, attempt
from ..recording.context import CURRENT
from .call_plan import (
    Arguments,
    CallPlan,
    Wrapper,
    handle_internal_error,
    log_failure,
    restore_context,
)
from .generators import END, SteppedAsyncGenerator, SteppedGenerator, Thrown
from .signatures import CallStyle, named_after


def wrap_sync(plan: CallPlan) -> Wrapper:
    """Wrap what returns its result and is no plain function."""

    def call(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        opened = attempt(plan.begin, (instance, args, kwargs), handle_internal_error)
        if opened is None:
            return wrapped(*args, **kwargs)
        CURRENT.set(opened)
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            restore_context(opened)
            attempt(plan.fail, (opened, error), log_failure)
            raise
        restore_context(opened)
        attempt(plan.finish, (opened, result), handle_internal_error)
        return result

    return call


def wrap_coroutine(plan: CallPlan) -> Wrapper:
    """Wrap a coroutine function."""

    async def drive(wrapped: Any, call: Arguments) -> Any:
        _, args, kwargs = call
        opened = attempt(plan.begin, call, handle_internal_error)
        if opened is None:
            return await wrapped(*args, **kwargs)
        CURRENT.set(opened)
        try:
            result = await wrapped(*args, **kwargs)
        except BaseException as error:
            restore_context(opened)
            attempt(plan.fail, (opened, error), log_failure)
            raise
        restore_context(opened)
        attempt(plan.finish, (opened, result), handle_internal_error)
        return result

    def call(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        if not plan.accepts(instance, args, kwargs):
            return wrapped(*args, **kwargs)
        return named_after(drive(wrapped, (instance, args, kwargs)), wrapped)

    return call


def wrap_generator(plan: CallPlan) -> Wrapper:
    """Wrap a generator function: nothing of ours is current while it is suspended."""

    def call(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        inner = wrapped(*args, **kwargs)
        driven = _drive(plan, inner, (instance, args, kwargs))
        return named_after(driven, wrapped)

    return call


def _drive(
    plan: CallPlan, inner: Generator[Any, Any, Any], call: Arguments
) -> Generator[Any, Any, Any]:
    opened = attempt(plan.begin, call, handle_internal_error)
    if opened is None:
        return (yield from inner)
    return (yield from SteppedGenerator(plan, inner, opened))


def wrap_async_generator(plan: CallPlan) -> Wrapper:
    """Wrap an async generator function, by the rules of `wrap_generator`."""

    def call(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        inner = wrapped(*args, **kwargs)
        driven = _drive_async(plan, inner, (instance, args, kwargs))
        return named_after(driven, wrapped)

    return call


async def _drive_async(
    plan: CallPlan, inner: AsyncGenerator[Any, Any], call: Arguments
) -> AsyncGenerator[Any, Any]:
    opened = attempt(plan.begin, call, handle_internal_error)
    stepped = SteppedAsyncGenerator(plan, inner, opened)
    resume: Any = inner.asend(None)
    while True:
        item = await stepped.advance(resume)
        if item is END:
            return
        thrown = Thrown()
        given = None
        with thrown:
            given = yield item
        if isinstance(thrown.error, GeneratorExit):
            await stepped.close()
            raise thrown.error
        if thrown.error is not None:
            resume = inner.athrow(thrown.error)
        else:
            resume = inner.asend(given)


#: Makes the wrapper of a plan for a call style.
WRAPPERS: dict[CallStyle, Callable[[CallPlan], Wrapper]] = {
    CallStyle.SYNC: wrap_sync,
    CallStyle.COROUTINE: wrap_coroutine,
    CallStyle.GENERATOR: wrap_generator,
    CallStyle.ASYNC_GENERATOR: wrap_async_generator,
}


def within_task(
    wrapper: Wrapper,
    task: Callable[[], Any],
    style: CallStyle,
    name: str,
) -> Wrapper:
    """Make each call open a task around everything else."""
    if style is CallStyle.SYNC:

        def call(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
            with task():
                return wrapper(wrapped, instance, args, kwargs)

        return call
    if style is CallStyle.COROUTINE:

        async def drive(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
            async with task():
                return await wrapper(wrapped, instance, args, kwargs)

        return drive
    raise DeclarationError(
        f"{name} is a generator, which may never come to an end, so it cannot be a "
        "task; write `with lineage.task(...)` inside it"
    )
