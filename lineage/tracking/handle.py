"""The task's handle: record at once, anywhere, with the value in hand."""

from __future__ import annotations

from typing import Any

from ..errors import attempt
from ..recording.context import CURRENT, ActiveTask, StepContext
from ..recording.enabled import is_on
from ..runtime import runtime
from .call_plan import handle_internal_error
from .cards import node_text
from .compiled import CompiledDeclaration, RecordingContext, derivation_member
from .declaration import Declaration, make_declaration
from .handle_methods import TaskHandleMethods


class TaskHandle(TaskHandleMethods):
    """A task that is under way.

    Its methods record at once and give back what they were given. Where recording
    is switched off they only give back.
    """

    __slots__ = ("_task",)

    def __init__(self, task: ActiveTask | None = None) -> None:
        self._task = task

    @property
    def key(self) -> str | None:
        """The task's own key; None where nothing is recorded."""
        return None if self._task is None else self._task.key

    @property
    def id(self) -> int | None:
        """The platform's id of the task, where the app or the environment told it."""
        return None if self._task is None else self._task.task_id

    @property
    def name(self) -> str | None:
        """What the task is called."""
        return None if self._task is None else self._task.name

    def show(self, card: Any) -> None:
        """Give the task's own node a card: settings, a preset or a callable.

        A callable is given this handle.
        """
        if self._task is not None and is_on():
            attempt(self._show, card, handle_internal_error)

    def __repr__(self) -> str:
        return f"<task {self.name or self.key or 'not recorded'}>"

    def _show(self, card: Any) -> None:
        task = self._task
        if task is not None:
            text = node_text(card, self, task.recorder.mask)
            task.recorder.record_card(task, text)

    def _record_value(self, word: str, source: Any, **options: Any) -> None:
        if self._task is not None and is_on():
            attempt(
                self._record,
                make_declaration(word, source, **options),
                handle_internal_error,
            )

    def _record(self, declaration: Declaration) -> None:
        scope = self._scope()
        if scope is None:
            return
        recorder = scope.task.recorder
        texts: list[str] = []
        context = RecordingContext(recorder, scope, texts, declaration.version)
        where = f"task.{declaration.word}()"
        directions = (True, False) if declaration.is_update else (declaration.is_input,)
        try:
            for is_input in directions:
                compiled = CompiledDeclaration(declaration, where, is_input=is_input)
                if declaration.is_own_app:
                    compiled.record_own_session(context)
                    continue
                if not is_input:
                    context.derived = derivation_member(
                        recorder, scope, declaration.derived_from, where
                    )
                compiled.record_value(context, declaration.source)
        finally:
            recorder.write(texts)

    def _scope(self) -> StepContext | None:
        """Give the current step, if it is one of this task; None where muted."""
        current = CURRENT.get()
        if self._task is None or not (
            current is None or isinstance(current, StepContext)
        ):
            return None
        if current is not None and current.task is self._task:
            return current
        return self._task.root


def current_task() -> TaskHandle:
    """Give the handle of the task that this code belongs to.

    That is the task opened around it in this context, else the process's own.
    """
    if not is_on():
        return TaskHandle()
    scope = runtime().recorder.scope()
    return TaskHandle(None if scope is None else scope.task)
