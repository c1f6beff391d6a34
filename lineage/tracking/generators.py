"""Generators: drives a generator so that its step is current only while it tasks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from types import TracebackType
from typing import Any, Final

from ..errors import attempt, warn_rarely
from ..recording.context import CURRENT
from .call_plan import CallPlan, Opened, handle_internal_error, log_failure

#: What a generator yielded is kept for its outputs up to this many items: one that
#: never ends must not fill the memory.
MAX_ITEMS: Final = 100_000

#: Says that an async generator is exhausted.
END: Final = object()


class _Items:
    """What a generator yielded, for outputs whose source is its result."""

    __slots__ = ("_is_wanted", "_kept")

    def __init__(self, is_wanted: bool) -> None:
        self._is_wanted = is_wanted
        self._kept: list[Any] = []

    def keep(self, item: Any) -> None:
        if not self._is_wanted:
            return
        self._kept.append(item)
        if len(self._kept) > MAX_ITEMS:
            self._kept.clear()
            self._is_wanted = False
            warn_rarely(
                "generator items",
                "A generator yielded more than %d items: they are not recorded as its "
                "result; record them one by one inside it",
                MAX_ITEMS,
            )

    def result(self, returned: Any) -> Any:
        """Return the generator's result: what it returned, else all it yielded."""
        return self._kept if returned is None else returned


class SteppedGenerator(Generator[Any, Any, Any]):
    """A generator whose step is the current one while its own code tasks."""

    def __init__(
        self, plan: CallPlan, inner: Generator[Any, Any, Any], opened: Opened
    ) -> None:
        self._plan = plan
        self._inner = inner
        self._opened = opened
        self._items = _Items(plan.wants_result)

    def send(self, value: Any) -> Any:
        """Resume it with a value."""
        return self._advance(self._inner.send, value)

    def throw(self, *details: Any) -> Any:
        """Resume it with an exception."""
        return self._advance(self._inner.throw, *details)

    def close(self) -> None:
        """Close it before its end: its outputs are not recorded."""
        with CurrentStep(self._opened):
            self._inner.close()
        attempt(self._plan.abandon, self._opened, handle_internal_error)

    def _advance(self, resume: Callable[..., Any], *details: Any) -> Any:
        try:
            with CurrentStep(self._opened):
                item = resume(*details)
        except StopIteration as stop:
            result = self._items.result(stop.value)
            attempt(self._plan.finish, (self._opened, result), handle_internal_error)
            raise
        except BaseException as error:
            attempt(self._plan.fail, (self._opened, error), log_failure)
            raise
        self._items.keep(item)
        return item


class SteppedAsyncGenerator:
    """The same for an async generator; without `opened` it only passes through."""

    def __init__(
        self, plan: CallPlan, inner: AsyncGenerator[Any, Any], opened: Opened | None
    ) -> None:
        self._plan = plan
        self._inner = inner
        self._opened = opened
        self._items = _Items(plan.wants_result and opened is not None)

    async def advance(self, resume: Any) -> Any:
        """Run it up to its next item; `END` when there is none."""
        try:
            with CurrentStep(self._opened):
                item = await resume
        except StopAsyncIteration:
            self._finish()
            return END
        except BaseException as error:
            if self._opened is not None:
                attempt(self._plan.fail, (self._opened, error), log_failure)
            raise
        self._items.keep(item)
        return item

    async def close(self) -> None:
        """Close it before its end: its outputs are not recorded."""
        with CurrentStep(self._opened):
            await self._inner.aclose()
        if self._opened is not None:
            attempt(self._plan.abandon, self._opened, handle_internal_error)

    def _finish(self) -> None:
        if self._opened is not None:
            result = self._items.result(None)
            attempt(self._plan.finish, (self._opened, result), handle_internal_error)


class CurrentStep:
    """Makes a step current inside a block, and what was so around it afterwards."""

    __slots__ = ("_opened", "_previous")

    def __init__(self, opened: Opened | None) -> None:
        self._opened = opened

    def __enter__(self) -> None:
        if self._opened is not None:
            self._previous = CURRENT.get()
            CURRENT.set(self._opened)

    def __exit__(self, *_: object) -> None:
        if self._opened is not None and CURRENT.get() is self._opened:
            CURRENT.set(self._previous)


class Thrown:
    """Takes whatever a consumer throws in at a yield, to hand it to the body."""

    error: BaseException | None = None

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _tb: TracebackType | None,
    ) -> bool:
        self.error = error
        return True
