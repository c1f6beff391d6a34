"""Tasks: `@lineage.app` and `with lineage.task(...)`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, overload

from ..errors import attempt, guard
from ..recording.context import CURRENT, ActiveTask, DisabledScope, StepContext
from ..recording.enabled import IS_DISABLED_BY_ENV, is_on
from ..runtime import runtime
from .call_plan import handle_internal_error
from .cards import Card
from .declaration import Declarations
from .decorator import F
from .handle import TaskHandle
from .propagation import carry_to_children
from .start_hooks import install
from .tracked import wrap


class _Opened(NamedTuple):
    task: ActiveTask
    previous: Any
    is_outermost: bool
    restore: Callable[[], None] | None
    """Takes back what child processes were given."""


class TaskBlock:
    """What `lineage.task(…)` and `lineage.app(…)` return: a decorator and a block.

    Args:
        name: What the task is called.
        id: The platform's id, when the app knows it; else from the environment.
        card: The card of the task's own node.
        for_process: Whether it is the process's task, also for other threads.
    """

    def __init__(
        self,
        name: str | None,
        id: int | None,
        card: Card | None,
        *,
        for_process: bool,
    ) -> None:
        self._name = name
        self._id = id
        self._card = card
        self._for_process = for_process
        self._under_way: list[_Opened | None] = []

    def __reduce__(self) -> tuple[Any, ...]:
        return make_block, (self._name, self._id, self._card, self._for_process)

    def __call__(self, function: F) -> F:
        """Make each call of a function a task.

        Raises:
            DeclarationError: The function is a generator, or no function.
        """
        if IS_DISABLED_BY_ENV:
            return function
        tracked: F = wrap(function, Declarations(task=self._again))
        return tracked

    def __enter__(self) -> TaskHandle:
        opened = (
            attempt(TaskBlock._open, self, handle_internal_error) if is_on() else None
        )
        self._under_way.append(opened)
        return TaskHandle(None if opened is None else opened.task)

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        opened = self._end(error)
        if opened is not None and opened.is_outermost:
            self._flush()

    async def __aenter__(self) -> TaskHandle:
        return self.__enter__()

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        opened = self._end(error)
        if opened is None or not opened.is_outermost:
            return
        if self._for_process:
            import asyncio  # which an app without a loop need not load

            await asyncio.to_thread(self._flush)
        else:
            self._flush()

    def _again(self) -> TaskBlock:
        return TaskBlock(
            self._name, self._id, self._card, for_process=self._for_process
        )

    def _open(self) -> _Opened | None:
        current = CURRENT.get()
        if isinstance(current, DisabledScope):
            return None
        recorder = runtime().recorder
        is_outermost = not isinstance(current, StepContext)
        task = recorder.open_task(
            self._name,
            task_id=self._id,
            for_process=self._for_process and is_outermost,
        )
        CURRENT.set(task.root)
        if self._for_process and is_outermost:
            recorder.record_command_line(task)
        install()
        is_main = threading.current_thread() is threading.main_thread()
        restore = None
        if is_main and (self._for_process or not _is_in_loop()):
            restore = carry_to_children(task.root)
        if self._card is not None:
            handle = TaskHandle(task)
            handle.show(self._card)
        return _Opened(task, current, is_outermost, restore)

    def _end(self, error: BaseException | None) -> _Opened | None:
        current = CURRENT.get()
        opened = self._taken(current)
        if opened is None:
            return None
        if current is opened.task.root:
            CURRENT.set(opened.previous)
        if opened.restore is not None:
            opened.restore()
        with guard("The end of the task cannot be recorded"):
            opened.task.recorder.end_task(opened.task, error)
        return opened

    def _taken(self, current: Any) -> _Opened | None:
        for index in range(len(self._under_way) - 1, -1, -1):
            entry = self._under_way[index]
            if entry is not None and entry.task.root is current:
                return self._under_way.pop(index)
        return self._under_way.pop()

    def _flush(self) -> None:
        """Deliver what was recorded; other threads and event loops are not held up."""
        is_main = threading.current_thread() is threading.main_thread()
        with guard("What was recorded cannot be delivered now"):
            runtime().wait_at_task_end(
                for_process=self._for_process,
                may_wait=is_main and not _is_in_loop(),
            )


def make_block(
    name: str | None, id: int | None, card: Card | None, for_process: bool
) -> TaskBlock:
    """Make a block from what it was made of, in another process."""
    return TaskBlock(name, id, card, for_process=for_process)


def _is_in_loop() -> bool:
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def task(
    name: str | None = None, *, id: int | None = None, card: Card | None = None
) -> TaskBlock:
    """Open a task for a block, or for each call of a function.

    Inside it, whatever this context records belongs to it; other threads do not see
    it unless `lineage.bind` carries it there. What was recorded is delivered when
    the outermost task ends.

    Args:
        name: What the task is called; left out, the program's name.
        id: The platform's id of the task; left out, the environment's, unless a task
            around it has that id.
        card: The card of the task's own node.
    """
    return TaskBlock(name, id, card, for_process=False)


@overload
def app(function: F, /) -> F: ...


@overload
def app(
    *, name: str | None = None, id: int | None = None, card: Card | None = None
) -> TaskBlock: ...


def app(
    function: F | None = None,
    /,
    *,
    name: str | None = None,
    id: int | None = None,
    card: Card | None = None,
) -> F | TaskBlock:
    """Make a function the app's entrypoint: it is the process's task.

    All threads of the process record to it, unless their context has a task of its
    own. When it ends, what was recorded is delivered, within
    `LINEAGE_FLUSH_TIMEOUT_S`.

    Args:
        function: The entrypoint, when written without parentheses.
        name: What the task is called; left out, the program's name.
        id: The platform's id of the task; left out, the environment's.
        card: The card of the task's own node.

    Raises:
        DeclarationError: When it decorates a generator, or what is no function.
    """
    block = TaskBlock(name, id, card, for_process=True)
    return block if function is None else block(function)
