"""A declaration: one object that is a decorator and a context manager.

Blocks are steps that are opened by `with`, sync and async.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from contextvars import ContextVar
from types import FrameType, TracebackType
from typing import Any, TypeVar, cast

from ..errors import DeclarationError, attempt
from ..recording.context import CURRENT, StepContext
from ..recording.enabled import IS_DISABLED_BY_ENV, is_on
from .call_plan import (
    CallPlan,
    CompiledDeclaration,
    Opened,
    handle_internal_error,
    log_failure,
    restore_context,
)
from .declaration import (
    Declaration,
    Declarations,
    make_declaration,
    version_getter,
)
from .signatures import Signature
from .sources import AUTO, Getter, SourceScope, compile_card, compile_source
from .tracked import wrap

#: What can be decorated; a decorator returns the same type as it was given.
F = TypeVar(
    "F",
    bound="Callable[..., Any] | classmethod[Any, Any, Any] | staticmethod[Any, Any]",
)


class Collected:
    """What is declared while `lineage check` imports a module."""

    def __init__(self) -> None:
        #: What cannot work, instead of an exception.
        self.errors: list[DeclarationError] = []
        #: The functions with declarations, also those that another decorator took.
        self.tracked: list[Any] = []


COLLECTED: ContextVar[Collected | None] = ContextVar("lineage_check", default=None)


class Block:
    """Something that can be entered: opens a step, and ends it on the way out.

    One object may be entered several times, also by several threads at once.
    """

    def __init__(self) -> None:
        self._under_way: list[tuple[CallPlan, Opened] | None] = []

    def _plan(self) -> CallPlan:
        raise NotImplementedError

    def _open(self) -> None:
        self._under_way.append(attempt(Block._opened, self, handle_internal_error))

    def _opened(self) -> tuple[CallPlan, Opened] | None:
        if not is_on():
            return None
        plan = self._plan()
        opened = plan.begin((None, (), {}))
        if opened is None:
            return None
        if plan.has_params and isinstance(opened, StepContext):
            opened.is_referenced = True  # its parameters are worth a fact
        CURRENT.set(opened)
        return plan, opened

    def _end(self, error: BaseException | None) -> None:
        under_way = self._last()
        if under_way is None:
            return
        plan, opened = under_way
        restore_context(opened)
        if error is None:
            attempt(plan.finish, (opened, None), handle_internal_error)
        else:
            attempt(plan.fail, (opened, error), log_failure)

    def _last(self) -> tuple[CallPlan, Opened] | None:
        """Take out the entry that belongs to this context, else the newest."""
        current = CURRENT.get()
        for index in range(len(self._under_way) - 1, -1, -1):
            entry = self._under_way[index]
            if entry is not None and entry[1] is current:
                return self._under_way.pop(index)
        return self._under_way.pop()

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        self._end(error)

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        self._end(error)


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
        collected = COLLECTED.get()
        if collected is not None:
            return _collect(function, self._declaration, collected)
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


def _collect(function: F, declaration: Declaration, collected: Collected) -> F:
    try:
        tracked: F = wrap(function, Declarations((declaration,)))
    except DeclarationError as error:
        error.subject = function
        collected.errors.append(error)
        return function
    collected.tracked.append(tracked)
    return tracked


def declare(word: str, source: Any, **options: Any) -> Decorator:
    """Make the declaration of one of the decorators.

    Without parentheses (`@uses_file`) it decorates at once, as `@uses_file()` would.
    """
    if callable(source) and is_bare(source, sys._getframe(2)):  # noqa: SLF001  the only way to see the syntax
        decorated: Any = Decorator(make_declaration(word, AUTO, **options))(source)
        return cast("Decorator", decorated)
    return Decorator(make_declaration(word, source, **options))


def is_bare(source: Any, frame: FrameType | None) -> bool:
    """Whether a function is being decorated by a declaration without parentheses.

    While decorators run, the line that is executed lies between the function's first
    decorator and its body, and its name is not bound yet.

    Args:
        source: What the declaration was given.
        frame: Where it was called.
    """
    if not inspect.isfunction(source) or frame is None or source.__name__ == "<lambda>":
        return False
    code = source.__code__
    if code.co_filename != frame.f_code.co_filename:
        return False
    first = code.co_firstlineno
    body = [line for _, _, line in code.co_lines() if line and line > first]
    is_decorating = first <= frame.f_lineno <= (min(body) if body else first)
    return is_decorating and frame.f_locals.get(source.__name__) is not source


def block_plan(declaration: Declaration) -> CallPlan:
    """Compile a declaration for a block, where text is the value itself.

    Raises:
        DeclarationError: It can never work there.
    """
    signature = Signature(block_plan, f"with {declaration.word}", (), (), tuple)
    where = f"with {declaration.label}"
    place = SourceScope(signature, declaration.word, False)
    made = [
        CompiledDeclaration(
            declaration,
            where,
            None
            if declaration.is_own_app
            else _literal(declaration.source, signature, declaration),
            is_input=is_input,
            when=None
            if declaration.when is None
            else _literal(declaration.when, signature, declaration),
            version=_version(declaration.version, place),
            card=compile_card(declaration.card, place),
            node=compile_card(declaration.node, place),
            derived=_derived(declaration, signature) if not is_input else None,
        )
        for is_input in (
            (True, False) if declaration.is_update else (declaration.is_input,)
        )
    ]
    is_late = declaration.after and not declaration.is_update
    early = [e for e in made if e.is_input and not is_late]
    return CallPlan(
        f"with {declaration.word}", early, [e for e in made if e not in early]
    )


def _version(version: Any, place: SourceScope) -> Getter | None:
    if isinstance(version, str):  # Text is the value itself here.
        return lambda _values: version
    return version_getter(version, place)


def _literal(source: Any, signature: Signature, declaration: Declaration) -> Getter:
    if source is AUTO:
        raise DeclarationError(
            f"with {declaration.word}(): there is no function to look at; "
            f"write the value: with {declaration.word}(…)",
            subject=declaration,
        )
    if isinstance(source, str) or not callable(source):
        return lambda _values: source
    return compile_source(source, SourceScope(signature, declaration.word, False))


def _derived(declaration: Declaration, signature: Signature) -> Getter | None:
    named = declaration.derived_from
    if named is None:
        return None
    getters = [_literal(item, signature, declaration) for item in named]
    return lambda values: [get(values) for get in getters]
