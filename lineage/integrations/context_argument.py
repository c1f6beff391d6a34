"""An argument that carries the task of a remote call to where it is carried out."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any, Final

from ..tracking.carrier import DRIVERS
from ..tracking.environment import join_text
from ..tracking.signatures import CallStyle

ARGUMENT: Final = "_lineage_context"


def with_argument(function: Any, style: CallStyle) -> Any:
    """Return a function that takes the task of a call as an argument of ours.

    It is pickled by value, and names nothing else of this module.

    Args:
        function: What to call, without the argument.
        style: How the function is called; the new one is called in the same way.
    """

    def call(*args: Any, _lineage_context: str | None = None, **kwargs: Any) -> Any:
        with join_text(_lineage_context):
            return function(*args, **kwargs)

    async def awaited(
        *args: Any, _lineage_context: str | None = None, **kwargs: Any
    ) -> Any:
        with join_text(_lineage_context):
            return await function(*args, **kwargs)

    def generate(*args: Any, _lineage_context: str | None = None, **kwargs: Any) -> Any:
        scope = join_text(_lineage_context).scope
        return (yield from DRIVERS[style](function(*args, **kwargs), scope))

    async def generate_async(
        *args: Any, _lineage_context: str | None = None, **kwargs: Any
    ) -> Any:
        scope = join_text(_lineage_context).scope
        async with aclosing(DRIVERS[style](function(*args, **kwargs), scope)) as items:
            async for item in items:
                yield item

    return {
        CallStyle.SYNC: call,
        CallStyle.COROUTINE: awaited,
        CallStyle.GENERATOR: generate,
        CallStyle.ASYNC_GENERATOR: generate_async,
    }[style]
