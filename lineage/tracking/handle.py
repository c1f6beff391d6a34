"""The task's handle: record at once, anywhere, with the value in hand."""

from __future__ import annotations

from typing import Any

from ..errors import attempt
from ..recording.context import CURRENT, ActiveTask, StepContext
from ..recording.enabled import is_on
from ..recording.recorder import Recorder
from ..runtime import runtime
from .call_plan import broken
from .cards import node_text
from .declaration import Declaration, spec_of
from .edge_builder import EdgeBuilder, RecordingContext, derived_text
from .handle_methods import TaskHandleMethods
from .sources import AUTO


class TaskHandle(TaskHandleMethods):
    """A task that is under way.

    Its methods record at once and give back what they were given. Where recording
    is switched off they only give back.
    """

    __slots__ = ("_run",)

    def __init__(self, run: ActiveTask | None = None) -> None:
        self._run = run

    @property
    def key(self) -> str | None:
        """The run's own key; None where nothing is recorded."""
        return None if self._run is None else self._run.key

    @property
    def id(self) -> int | None:
        """The platform's id of the task, where the app or the environment told it."""
        return None if self._run is None else self._run.task_id

    @property
    def name(self) -> str | None:
        """What the task is called."""
        return None if self._run is None else self._run.name

    def show(self, card: Any) -> None:
        """Give the task's own node a card: settings, a preset or a callable.

        A callable is given this handle.
        """
        if self._run is not None and is_on():
            attempt(self._show, card, broken)

    def __repr__(self) -> str:
        return f"<task {self.name or self.key or 'not recorded'}>"

    def _show(self, card: Any) -> None:
        run = self._run
        if run is not None:
            text = node_text(card, self, run.recorder.mask)
            run.recorder.show_card(run, text)

    def _tell(self, word: str, source: Any, **options: Any) -> None:
        if self._run is not None and is_on():
            attempt(self._record, spec_of(word, source, **options), broken)

    def _record(self, spec: Declaration) -> None:
        scope = self._scope()
        if scope is None:
            return
        recorder = scope.run.recorder
        texts: list[str] = []
        moment = RecordingContext(recorder, scope, texts, spec.version)
        where = f"task.{spec.word}()"
        try:
            for is_input in (True, False) if spec.is_update else (spec.is_input,):
                _tell(spec, spec.teller(is_input=is_input), moment, where)
        finally:
            recorder.put(texts)

    def _scope(self) -> StepContext | None:
        """Give the current step, if it is one of this task; None where muted."""
        current = CURRENT.get()
        if self._run is None or not (
            current is None or isinstance(current, StepContext)
        ):
            return None
        if current is not None and current.run is self._run:
            return current
        return self._run.root


def _tell(
    spec: Declaration, teller: EdgeBuilder, moment: RecordingContext, where: str
) -> None:
    if spec.kind == "app" and spec.source is AUTO:
        teller.tell_own(moment)
        return
    recorder: Recorder = moment.recorder
    if not teller.is_input:
        named = spec.derived_from
        moment.derived = derived_text(recorder, moment.scope, named, where)
    teller.tell(moment, spec.source, where)


def current_task() -> TaskHandle:
    """Give the handle of the task that this code belongs to.

    That is the task opened around it in this context, else the process's own.
    """
    if not is_on():
        return TaskHandle()
    scope = runtime().recorder.scope()
    return TaskHandle(None if scope is None else scope.run)
