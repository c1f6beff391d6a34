"""Blocks: steps that are opened by `with`, sync and async."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from ..errors import DeclarationError, attempt
from ..recording.context import CURRENT, StepContext
from ..recording.enabled import is_on
from .call_plan import (
    CallPlan,
    Opened,
    handle_internal_error,
    log_failure,
    restore_context,
)
from .compiled import CompiledDeclaration, version_getter
from .declaration import Declaration
from .signatures import Signature
from .sources import AUTO, Getter, SourceScope, compile_card, compile_source


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
