"""Named steps, carrying the open task into a pool, and the process-wide switches."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar, cast

from ..delivery.report import DeliveryReport
from ..errors import DeclarationError
from ..recording.enabled import IS_DISABLED_BY_ENV, is_on
from ..recording.params import step_params
from ..runtime import runtime
from .call_plan import CallPlan
from .carrier import CarriedFunction, bound_carrier
from .declaration import Declarations
from .decorator import Block, F
from .environment import context_headers, context_variables
from .handle import TaskHandle, current_task
from .tracked import wrap

P = ParamSpec("P")
R = TypeVar("R")


class Step(Block):
    """The result of `lineage.step(…)`: a named step."""

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
    """Carry the task and step of this context into another thread or process.

    What is returned pickles with the task's key, so that it may be sent to a pool of
    processes too: `pool.submit(lineage.bind(work))`. Coroutine functions and
    generators keep the task while their own code runs.
    """
    if IS_DISABLED_BY_ENV:
        return function
    bound: Any = CarriedFunction(function, bound_carrier())
    return cast("Callable[P, R]", bound)


def environment() -> dict[str, str]:
    """Return this process's environment with the open task in it.

    A child that is started with it, as by
    `subprocess.run(…, env=lineage.environment())`, records into the open task; a task
    that it opens itself is a child of it. Tools that know W3C trace context or
    OpenLineage find the task there, too.
    """
    return {**os.environ, **context_variables()}


def headers() -> dict[str, str]:
    """Return the HTTP headers that carry the open task to another service.

    The other side joins by `lineage.join(request.headers)`, or by the middleware of
    `lineage.integrations.web`. Empty where no task is open.
    """
    return context_headers()


def configure(**options: Any) -> None:
    """Set where facts go, in place of the environment.

    Without options nothing changes. Facts recorded before are sent there too.

    Args:
        options: `api` (ours or the SDK's `Api`), `home` (the folder of the journal and
            the embedded instance), `exporter` (an object of
            your own that sends facts, see `lineage.exporters`),
            `settings` (instead of the environment).
    """
    if not IS_DISABLED_BY_ENV:
        runtime().configure(**options)


def enable() -> None:
    """Record from now on; no effect when the environment switched it off."""
    if not IS_DISABLED_BY_ENV:
        runtime().enable()


def disable() -> None:
    """Record nothing from now on, in the whole process, until `enable`."""
    if not IS_DISABLED_BY_ENV:
        runtime().disable()


def is_enabled() -> bool:
    """Whether facts are recorded now."""
    return is_on()


def flush(timeout_s: float | None = None) -> DeliveryReport:
    """Deliver what was recorded, and report the result.

    Args:
        timeout_s: How long to wait; left out, `LINEAGE_FLUSH_TIMEOUT_S`.

    Returns:
        A report that is true when everything is delivered.
    """
    if IS_DISABLED_BY_ENV:
        return DeliveryReport(delivered=0, waiting=0)
    return runtime().flush(timeout_s)
