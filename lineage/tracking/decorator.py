"""A declaration: one object that is a decorator and a context manager."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from ..errors import DeclarationError
from ..recording.enabled import IS_DISABLED_BY_ENV
from .call_plan import CallPlan
from .context_manager import Block, block_plan
from .declaration import Declaration, make_declaration
from .order import is_bare
from .sources import AUTO
from .tracked import wrap
from .wrapper import Declarations

#: What can be decorated; a decorator returns the same type as it was given.
F = TypeVar(
    "F",
    bound="Callable[..., Any] | classmethod[Any, Any, Any] | staticmethod[Any, Any]",
)

#: While `lineage check` imports a module: what cannot work, instead of an exception.
COLLECTED_ERRORS: ContextVar[list[DeclarationError] | None] = ContextVar(
    "lineage_check", default=None
)


class Decorator(Block):
    """What `uses_project(…)` and its siblings give.

    Written above a function it decorates it; entered by `with` or `async with` it
    records for the block.
    """

    def __init__(self, declaration: Declaration) -> None:
        super().__init__()
        self._declaration = declaration

    def __call__(self, function: F) -> F:
        """Decorate a function.

        Raises:
            DeclarationError: The declaration can never work on it.
        """
        found = COLLECTED_ERRORS.get()
        if found is not None:
            return _collected(function, self._declaration, found)
        if IS_DISABLED_BY_ENV:
            return function
        tracked: F = wrap(function, Declarations((self._declaration,)))
        return tracked

    def __enter__(self) -> Decorator:
        self._open()
        return self

    async def __aenter__(self) -> Decorator:
        self._open()
        return self

    def __repr__(self) -> str:
        return self._declaration.label

    def _plan(self) -> CallPlan:
        return block_plan(self._declaration)


def _collected(
    function: F, declaration: Declaration, found: list[DeclarationError]
) -> F:
    try:
        tracked: F = wrap(function, Declarations((declaration,)))
    except DeclarationError as error:
        error.subject = function
        found.append(error)
        return function
    return tracked


def declare(word: str, source: Any, **options: Any) -> Decorator:
    """Make the declaration of one of the decorators.

    Without parentheses (`@uses_file`) it decorates at once, as `@uses_file()` would.
    """
    if callable(source) and is_bare(source, sys._getframe(2)):  # noqa: SLF001  the only way to see the syntax
        decorated: Any = Decorator(make_declaration(word, AUTO, **options))(source)
        return cast("Decorator", decorated)
    return Decorator(make_declaration(word, source, **options))
