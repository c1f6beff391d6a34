"""The task's handle: record at once, anywhere, with the value in hand."""

# Longer than 400 lines: one typed method for each public declaration.
from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from ..errors import attempt
from ..recording.context import CURRENT, ActiveTask, StepContext
from ..recording.enabled import is_on
from ..runtime import runtime
from .call_plan import (
    CompiledDeclaration,
    RecordingContext,
    derivation_member,
    handle_internal_error,
)
from .cards import Card, node_text
from .declaration import Declaration, make_declaration
from .sources import AUTO

T = TypeVar("T")


class TaskHandle:
    """A task that is under way.

    Its methods record at once and return the value that they were given. Where
    recording is switched off they only return it. They take the value itself, not the
    name of a parameter; their options mean what they mean for the decorators of the
    same names (`lineage.uses_project`, `lineage.produces_project`). A value that cannot
    be recorded is logged; it raises only with `LINEAGE_STRICT=true`.
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
        """The platform's id of the task, from the app or the environment, or None."""
        return None if self._task is None else self._task.task_id

    @property
    def name(self) -> str | None:
        """What the task is called; None where it has no name or is not recorded."""
        return None if self._task is None else self._task.name

    def show(self, card: Any) -> None:
        """Set how the task's own node is shown.

        Args:
            card: Settings, a preset, or a callable that is given this handle.
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
        context = RecordingContext(
            recorder, scope, texts, declaration.version, is_early=True
        )
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
        """Return the current step, if it is this task's; None inside `disabled()`."""
        current = CURRENT.get()
        if self._task is None or not (
            current is None or isinstance(current, StepContext)
        ):
            return None
        if self._task.has_ended():
            return runtime().recorder.process_root()
        if current is None and self._task.is_joined:
            current = runtime().recorder.process_root()
        if current is not None and current.task is self._task:
            return current
        return self._task.root

    def uses_project(
        self,
        source: T,
        *,
        version: Any = None,
        version_id: Any = None,
        repeat: bool = False,
        card: Card | None = None,
        node: Card | None = None,
    ) -> T:
        """Record that the task uses a project."""
        self._record_value(
            "uses_project",
            source,
            version=version,
            version_id=version_id,
            repeat=repeat,
            card=card,
            node=node,
        )
        return source

    def uses_dataset(
        self,
        source: T,
        *,
        version: Any = None,
        repeat: bool = False,
        card: Card | None = None,
        node: Card | None = None,
    ) -> T:
        """Record that the task uses a dataset."""
        self._record_value(
            "uses_dataset",
            source,
            version=version,
            repeat=repeat,
            card=card,
            node=node,
        )
        return source

    def uses_file(
        self,
        source: T,
        *,
        model_weight: bool = False,
        version: Any = None,
        repeat: bool = False,
        card: Card | None = None,
        node: Card | None = None,
    ) -> T:
        """Record that the task uses a file of Team Files or of this machine."""
        self._record_value(
            "uses_file",
            source,
            model_weight=model_weight,
            version=version,
            repeat=repeat,
            card=card,
            node=node,
        )
        return source

    def uses_folder(
        self,
        source: T,
        *,
        version: Any = None,
        repeat: bool = False,
        card: Card | None = None,
        node: Card | None = None,
    ) -> T:
        """Record that the task uses a folder."""
        self._record_value(
            "uses_folder",
            source,
            version=version,
            repeat=repeat,
            card=card,
            node=node,
        )
        return source

    def uses_job(
        self,
        source: T,
        *,
        repeat: bool = False,
        card: Card | None = None,
        node: Card | None = None,
    ) -> T:
        """Record that the task uses a labeling job."""
        self._record_value(
            "uses_job",
            source,
            repeat=repeat,
            card=card,
            node=node,
        )
        return source

    def uses_task(
        self,
        source: T,
        *,
        repeat: bool = False,
        card: Card | None = None,
        node: Card | None = None,
    ) -> T:
        """Record that the task uses another task (an app task)."""
        self._record_value(
            "uses_task",
            source,
            repeat=repeat,
            card=card,
            node=node,
        )
        return source

    def produces_project(
        self,
        source: T,
        *,
        version: Any = None,
        version_id: Any = None,
        derived_from: Iterable[Any] | None = None,
        repeat: bool = False,
        card: Card | None = None,
        node: Card | None = None,
    ) -> T:
        """Record that the task produces a project."""
        self._record_value(
            "produces_project",
            source,
            version=version,
            version_id=version_id,
            derived_from=derived_from,
            repeat=repeat,
            card=card,
            node=node,
        )
        return source

    def produces_dataset(
        self,
        source: T,
        *,
        version: Any = None,
        derived_from: Iterable[Any] | None = None,
        repeat: bool = False,
        card: Card | None = None,
        node: Card | None = None,
    ) -> T:
        """Record that the task produces a dataset."""
        self._record_value(
            "produces_dataset",
            source,
            version=version,
            derived_from=derived_from,
            repeat=repeat,
            card=card,
            node=node,
        )
        return source

    def produces_file(
        self,
        source: T,
        *,
        model_weight: bool = False,
        version: Any = None,
        derived_from: Iterable[Any] | None = None,
        repeat: bool = False,
        card: Card | None = None,
        node: Card | None = None,
    ) -> T:
        """Record that the task produces a file of Team Files or of this machine."""
        self._record_value(
            "produces_file",
            source,
            model_weight=model_weight,
            version=version,
            derived_from=derived_from,
            repeat=repeat,
            card=card,
            node=node,
        )
        return source

    def produces_folder(
        self,
        source: T,
        *,
        version: Any = None,
        derived_from: Iterable[Any] | None = None,
        repeat: bool = False,
        card: Card | None = None,
        node: Card | None = None,
    ) -> T:
        """Record that the task produces a folder."""
        self._record_value(
            "produces_folder",
            source,
            version=version,
            derived_from=derived_from,
            repeat=repeat,
            card=card,
            node=node,
        )
        return source

    def produces_job(
        self,
        source: T,
        *,
        derived_from: Iterable[Any] | None = None,
        repeat: bool = False,
        card: Card | None = None,
        node: Card | None = None,
    ) -> T:
        """Record that the task produces a labeling job."""
        self._record_value(
            "produces_job",
            source,
            derived_from=derived_from,
            repeat=repeat,
            card=card,
            node=node,
        )
        return source

    def produces_task(
        self,
        source: T,
        *,
        derived_from: Iterable[Any] | None = None,
        repeat: bool = False,
        card: Card | None = None,
        node: Card | None = None,
    ) -> T:
        """Record that the task produces another task (an app task)."""
        self._record_value(
            "produces_task",
            source,
            derived_from=derived_from,
            repeat=repeat,
            card=card,
            node=node,
        )
        return source

    def produces_app(
        self,
        source: Any = AUTO,
        *,
        derived_from: Iterable[Any] | None = None,
        repeat: bool = False,
        card: Card | None = None,
        node: Card | None = None,
    ) -> Any:
        """Record that the task serves an app session; left out, its own.

        Without an argument it returns None.
        """
        self._record_value(
            "produces_app",
            source,
            derived_from=derived_from,
            repeat=repeat,
            card=card,
            node=node,
        )
        return source if source is not AUTO else None

    def uses(
        self,
        source: T,
        *,
        version: Any = None,
        repeat: bool = False,
        card: Card | None = None,
        node: Card | None = None,
    ) -> T:
        """Record that the task uses an artifact of any kind."""
        self._record_value(
            "uses",
            source,
            version=version,
            repeat=repeat,
            card=card,
            node=node,
        )
        return source

    def produces(
        self,
        source: T,
        *,
        version: Any = None,
        derived_from: Iterable[Any] | None = None,
        repeat: bool = False,
        card: Card | None = None,
        node: Card | None = None,
    ) -> T:
        """Record that the task produces an artifact of any kind."""
        self._record_value(
            "produces",
            source,
            version=version,
            derived_from=derived_from,
            repeat=repeat,
            card=card,
            node=node,
        )
        return source

    def updates_project(
        self,
        source: T,
        *,
        version: Any = None,
        version_id: Any = None,
        derived_from: Iterable[Any] | None = None,
        repeat: bool = False,
        card: Card | None = None,
        node: Card | None = None,
    ) -> T:
        """Record that the task changes a project in place."""
        self._record_value(
            "updates_project",
            source,
            version=version,
            version_id=version_id,
            derived_from=derived_from,
            repeat=repeat,
            card=card,
            node=node,
        )
        return source


def current_task() -> TaskHandle:
    """Return the handle of the task that this code belongs to.

    That is the task opened around it in this context, else the process's own. Where
    nothing is recorded, the handle's methods only return what they are given.
    """
    if not is_on():
        return TaskHandle()
    scope = runtime().recorder.scope()
    return TaskHandle(None if scope is None else scope.task)
