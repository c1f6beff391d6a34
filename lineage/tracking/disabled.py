"""`lineage.disabled()`: a block inside which nothing is recorded."""

from __future__ import annotations

from typing import Any, cast

from ..recording.context import CURRENT, DisabledScope
from ..recording.enabled import IS_DISABLED_BY_ENV
from .call_plan import CallPlan, Opened, Wrapper
from .declaration import Declarations
from .decorator import Block, F
from .signatures import call_style
from .tracked import OwnBindingFunction
from .wrapper import WRAPPERS


class _NoopPlan(CallPlan):
    """A plan that records nothing, and lets nothing inside it be recorded."""

    def __init__(self) -> None:
        super().__init__("disabled", (), ())

    def begin(self, *_: Any) -> Opened | None:
        return cast("Opened", DisabledScope(CURRENT.get()))

    def accepts(self, *_: Any) -> bool:
        return True

    def finish(self, *_: Any) -> None:
        pass

    def abandon(self, *_: Any) -> None:
        pass

    def fail(self, *_: Any) -> None:
        pass


_NOOP = _NoopPlan()


class _DisabledFunction(OwnBindingFunction):
    """A function in whose calls nothing is recorded; merges with no declaration."""

    @classmethod
    def make_wrapper(cls, function: Any, _declarations: Declarations) -> Wrapper:
        """Return what calls the function with recording switched off."""
        return WRAPPERS[call_style(getattr(function, "__func__", function))](_NOOP)


class Disabled(Block):
    """The result of `lineage.disabled()`: a block and a decorator."""

    def __call__(self, function: F) -> F:
        """Record nothing in the calls of a function."""
        if IS_DISABLED_BY_ENV:
            return function
        declarations = Declarations()
        wrapper = _DisabledFunction.make_wrapper(function, declarations)
        disabled: Any = _DisabledFunction(function, wrapper, declarations)
        wrapped: F = disabled
        return wrapped

    def __enter__(self) -> None:
        self._open()

    async def __aenter__(self) -> None:
        self._open()

    def _plan(self) -> CallPlan:
        return _NOOP


def disabled() -> Disabled:
    """Record nothing inside a block, or in the calls of a function.

    It holds for this context: other threads go on recording.
    """
    return Disabled()
