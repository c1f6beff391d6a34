"""Wrappers: what a call of a decorated function does, by its call style."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass
from typing import Any

from ..errors import DeclarationError, attempt
from ..recording.context import CURRENT
from .call_plan import (
    Arguments,
    CallPlan,
    compile_plan,
    handle_internal_error,
    log_failure,
    restore_context,
)
from .declaration import Declaration
from .direct_call import generate
from .generators import END, SteppedAsyncGenerator, SteppedGenerator, Thrown
from .signatures import (
    CallStyle,
    call_style,
    display_name,
    named_after,
    read_signature,
)

#: As wrapt calls it: wrapped, instance, args, kwargs.
Wrapper = Callable[[Callable[..., Any], Any, tuple[Any, ...], dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Declarations:
    """Everything that was written above one function."""

    items: tuple[Declaration, ...] = ()
    step: str | None = None
    """The step's name, when set by `lineage.step`."""
    task: Callable[[], Any] | None = None
    """Makes the task that each call opens."""

    def over(self, inner: Declarations) -> Declarations:
        """Put these declarations above others."""
        return Declarations(
            self.items + inner.items, self.step or inner.step, self.task or inner.task
        )


def compile_wrapper(function: Any, declarations: Declarations) -> Wrapper:
    """Compile declarations for a function, into what wrapt calls.

    Raises:
        DeclarationError: They can never work there.
    """
    inner = function.__func__ if is_method_object(function) else function
    if isinstance(inner, type) or not callable(inner):
        raise DeclarationError(_not_a_function(inner, declarations), subject=inner)
    signature = read_signature(inner)
    name = declarations.step or display_name(inner)
    plan = compile_plan(declarations.items, signature, name)
    style = call_style(inner)
    made = generate(inner, signature, plan) if style is CallStyle.SYNC else None
    wrapper = _WRAPPERS[style](plan) if made is None else direct(made)
    if declarations.task is not None:
        wrapper = _within_task(wrapper, declarations.task, style, signature.name)
    return wrapper


def is_method_object(target: Any) -> bool:
    """Whether it is a `staticmethod` or `classmethod` object."""
    return type(target) in (staticmethod, classmethod)


def _not_a_function(inner: Any, declarations: Declarations) -> str:
    word = declarations.items[0].word if declarations.items else "lineage"
    if isinstance(inner, type):
        return f"{word}: {inner.__qualname__} is a class; declare on one of its methods"
    return (
        f"{word}: {type(inner).__name__} {inner!r} is no function; a declaration is "
        f"written with parentheses: @{word}()"
    )


def wrapper_for(function: Any) -> Callable[[CallPlan], Wrapper]:
    """Choose the wrapper for a function by its call style."""
    return _WRAPPERS[call_style(function)]


def direct(function: Callable[..., Any]) -> Wrapper:
    """Make the wrapper of a generated function, which calls the wrapped one itself."""

    def call(_wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        if instance is None:
            return function(*args, **kwargs)
        return function(instance, *args, **kwargs)

    call.direct = function  # type: ignore[attr-defined]  # `TrackedFunction` calls it
    return call


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


_WRAPPERS: dict[CallStyle, Callable[[CallPlan], Wrapper]] = {
    CallStyle.SYNC: wrap_sync,
    CallStyle.COROUTINE: wrap_coroutine,
    CallStyle.GENERATOR: wrap_generator,
    CallStyle.ASYNC_GENERATOR: wrap_async_generator,
}


def _within_task(
    wrapper: Wrapper,
    task: Callable[[], Any],
    style: CallStyle,
    name: str,
) -> Wrapper:
    """Let each call open a task around everything else."""
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
