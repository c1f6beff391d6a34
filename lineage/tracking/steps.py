"""Contexts: named steps, silence, and carrying a task into a pool."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from ..errors import DeclarationError
from ..recording.context import CURRENT
from ..recording.enabled import IS_DISABLED_BY_ENV
from ..recording.params import step_params
from ..runtime import runtime
from .call_plan import CallPlan
from .context_manager import Block
from .decorator import F
from .handle import TaskHandle, current_task
from .wrapper import Declarations, wrap

P = ParamSpec("P")
R = TypeVar("R")


class Step(Block):
    """What `lineage.step(…)` gives: names what happens inside it."""

    def __init__(self, name: str, params: Mapping[str, object]) -> None:
        super().__init__()
        self._name = name
        self._params = params

    def __call__(self, function: F) -> F:
        """Name the step that each call of a function is.

        Raises:
            DeclarationError: It was given parameters, which belong to a block.
        """
        if self._params:
            raise DeclarationError(
                f"lineage.step({self._name!r}, {next(iter(self._params))}=…) is for "
                f"`with`: write the block inside the function, where the values are "
                f"known, or decorate with lineage.step({self._name!r})",
                subject=self,
            )
        if IS_DISABLED_BY_ENV:
            return function
        tracked: F = wrap(function, Declarations(step=self._name))
        return tracked

    def __enter__(self) -> TaskHandle:
        self._open()
        return current_task()

    async def __aenter__(self) -> TaskHandle:
        return self.__enter__()

    def _plan(self) -> CallPlan:
        mask = runtime().recorder.mask
        params = step_params(self._params, mask) if self._params else ""
        return CallPlan(mask(self._name), (), (), params=params)


def step(name: str, /, **params: object) -> Step:
    """Name a step of the task: a block, or the calls of a function.

    An output recorded in a step derives from the inputs of that step.

    Args:
        name: What it is called.
        params: What a block works with, shown with it: numbers, booleans, None and
            text as they are, anything else by its `repr`; at most 32 of them, each
            of at most 200 characters.
    """
    return Step(name, params)


def bind(function: Callable[P, R]) -> Callable[P, R]:
    """Carry the task and step of this context into another thread.

    Threads and pools do not inherit contexts, so work that is handed to one falls to
    the process's own task; `pool.submit(lineage.bind(work))` keeps this one.
    """
    if IS_DISABLED_BY_ENV:
        return function
    scope = CURRENT.get()
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def bound_coroutine(*args: P.args, **kwargs: P.kwargs) -> Any:
            previous = CURRENT.get()
            CURRENT.set(scope)
            try:
                return await function(*args, **kwargs)
            finally:
                CURRENT.set(previous)

        return bound_coroutine  # type: ignore[return-value]  # R is the coroutine

    @functools.wraps(function)
    def bound(*args: P.args, **kwargs: P.kwargs) -> R:
        previous = CURRENT.get()
        CURRENT.set(scope)
        try:
            return function(*args, **kwargs)
        finally:
            CURRENT.set(previous)

    return bound
