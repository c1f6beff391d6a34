"""The recorder: turns what was declared into fact texts, each fact written once."""

# Longer than 400 lines: every fact of a process is written in one order, which this
# one class keeps.

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from time import time_ns
from typing import Final
from weakref import WeakValueDictionary

from .. import forksafe
from ..errors import guard, logger
from ..redaction import Masker
from ..settings import Settings
from .context import (
    CURRENT,
    ActiveTask,
    StepContext,
    forget,
)
from .derivation import append_repeated
from .edges import (
    MAX_SEEN,
    append_artifact,
    append_edge,
    write,
)
from .environment import EnvironmentLookup, deadline
from .fact_json import (
    described,
    end_of_step,
    end_of_task,
    ends_of_steps,
    error_text,
    last_error,
)
from .git_commit import GitCommitLookup
from .host_info import about_process, program_name
from .json_text import BETWEEN_FACTS, member, quote, shorten
from .masking import masker_of
from .measurements import command_line_params, params_fact
from .named_inputs import NamedInput, named_inputs
from .open_tasks import OpenTasks
from .output_looks import AppendEdge, OutputLooks, Place
from .ranks import shared_rank
from .task_names import remember_name
from .task_token import TaskToken, ambient_token, host_id

#: Tasks of other processes that are remembered.
MAX_JOINED: Final = 64

#: When the process began to be observed.
_STARTED_AT: Final = time_ns()

WriteOne = Callable[[str], bool]
WriteMany = Callable[[Sequence[str]], bool]
WriteJoined = Callable[[str, int], bool]


class TerminatedBySignal(KeyboardInterrupt):
    """The error of a task that SIGTERM stopped; never raised."""


class Recorder:
    """Writes the facts of this process.

    Args:
        write: Takes one fact's JSON text and keeps it; never raises.
        write_many: The same for several, in order.
        write_joined: The same for several that are one text, and their number.
        settings: The settings from the environment.
        open_tasks: Marks open tasks for other processes; None where facts stay in
            memory.
        masker: Takes secrets out of text; by default as the settings configure.
    """

    def __init__(
        self,
        write: WriteOne,
        write_many: WriteMany | None = None,
        write_joined: WriteJoined | None = None,
        *,
        settings: Settings | None = None,
        open_tasks: OpenTasks | None = None,
        masker: Masker | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.mask = masker or masker_of(self.settings)
        self.is_strict = self.settings.is_strict
        #: Values that were not recorded, by declaration: for `status`.
        self.not_recorded: dict[str, int] = {}
        #: Keeps the text of one fact; False when it is not kept.
        self.keep = write
        #: The same of several facts, in order.
        self.keep_many = write_many or self._write_each
        #: The same of facts that are one text, with `BETWEEN_FACTS` between them.
        self.keep_joined = write_joined or self._write_apart
        # Reentrant: a signal's handler may record while its thread is inside.
        self._lock = threading.RLock()
        #: Steps that ended, written with a later write: the task, what names the step,
        #: when it ended, and with which error.
        self.ends: deque[tuple[ActiveTask, str, int, str | None]] = deque()
        #: The process's own task, once there is one.
        self.process: ActiveTask | None = None
        #: The process's implicit task, while an entrypoint's task stands in for it.
        self._implicit: ActiveTask | None = None
        #: Tasks opened here by their keys, and those of other processes joined here.
        self._open: dict[str, ActiveTask] = {}
        self._joined: dict[str, ActiveTask] = {}
        self._open_tasks = open_tasks
        #: How many tasks this rank has opened.
        self._ordinal = 0
        self.commit = GitCommitLookup[ActiveTask]()
        #: Finds what the process runs in; None where that is not recorded.
        self.environment: EnvironmentLookup[ActiveTask] | None = None
        #: Outputs whose step is not over: files that may be written yet.
        self.looks = OutputLooks()
        #: Tasks that were recorded, by their key.
        self._tasks: WeakValueDictionary[str, ActiveTask] = WeakValueDictionary()
        forksafe.register(self)

    def before_fork(self) -> None:
        """Mark the open tasks, so that the child sees when the parent ends them."""
        if self._open_tasks is not None:
            for task in self._of_forks():
                self._mark(task, self._open_tasks)

    def reset_after_fork(self) -> None:
        """Reset in the child of a fork, where the parent's threads do not exist."""
        self._lock = threading.RLock()
        for task in self._of_forks():
            if task.is_marked and self._open_tasks is not None:
                task.sees_end = partial(self._open_tasks.has_ended, task.key)
        self.commit.reset_after_fork()
        if self.environment is not None:
            self.environment.reset_after_fork()
        self.looks.reset_after_fork()

    def _of_forks(self) -> list[ActiveTask]:
        """Return the tasks that the child of a fork goes on with."""
        tasks = dict(self._open)
        for task in (self.process, self._implicit):
            if task is not None and task.is_emitted and not task.is_ended:
                tasks[task.key] = task
        return list(tasks.values())

    # -- where a fact belongs ------------------------------------------------

    def process_root(self) -> StepContext:
        """Return the body of the process's own task.

        In a program that a task of another process has started, it is the step that
        started it, while that task is open.
        """
        process = self.process
        if process is not None and process.sees_end is not None and process.has_ended():
            # The parent of this fork opened it, and has ended it.
            self.process = None
            own = self.process_task()
            if not own.is_joined:
                own.parent = own.parent or process
        if self.process is not None:
            return self.process.root
        return self._started_by() or self.process_task().root

    def scope(self) -> StepContext | None:
        """Return the innermost step or task here; None inside `disabled()`."""
        current = CURRENT.get()
        if current is None:
            return self.process_root()
        if not isinstance(current, StepContext):
            return None
        return self.process_root() if current.task.has_ended() else current

    def process_task(self) -> ActiveTask:
        """Return the process's own task, opening it when there is none.

        A process that was started inside a task of another process records into
        that one while it is open.
        """
        started_by = None if self.process is not None else self._started_by()
        if started_by is not None:
            return started_by.task
        token = ambient_token()
        with self._lock:
            if self.process is None:
                name = self.settings.app_name
                task_id = self.settings.task_id
                task = self._new_task(name, task_id, is_implicit=True)
                task.root.at = _STARTED_AT  # Whatever came before its first fact.
                if token is not None:
                    task.parent = ActiveTask(key=token.key, recorder=self)
                # A signal's handler that recorded meanwhile has opened it already.
                self.process = self.process or task
            return self.process

    def open_task(
        self,
        name: str | None,
        *,
        task_id: int | None = None,
        for_process: bool = False,
    ) -> ActiveTask:
        """Open a task and record it.

        Args:
            name: What it is called.
            task_id: The platform's id, when the app knows it.
            for_process: Make it the process's task until it ends. An implicit task
                that has recorded nothing yet becomes it.
        """
        around = self._around()
        with self._lock:
            own_id = self.settings.task_id
            if task_id is None and (around is None or around.task.is_others(own_id)):
                task_id = own_id
            task = self._take_implicit(name, task_id) if for_process else None
            if task is None:
                parent = None if around is None else around.task
                task = self._new_task(name, task_id, parent)
            if around is not None and around.parent is not None:
                around.is_referenced = True
                task.parent_step = around.ensure_key()
            if for_process:
                self.process = task
            self._open[task.key] = task
            task.is_opened = True
            task.is_emitted = task.is_joined
        texts: list[str] = []
        self.append_task(task, time_ns(), texts)
        if texts:
            self.write(texts)
        return task

    def _new_task(
        self,
        name: str | None,
        task_id: int | None,
        parent: ActiveTask | None = None,
        *,
        is_implicit: bool = False,
    ) -> ActiveTask:
        """Make a task; the ranks of a training run make one, which rank 0 opens."""
        rank = None if self._open_tasks is None else shared_rank()
        is_rank_task = rank is not None and (parent is None or parent.is_joined)
        if rank is None or not is_rank_task:
            return ActiveTask(name, task_id=task_id, parent=parent, recorder=self)
        self._ordinal += not is_implicit
        key = rank.key(0 if is_implicit else self._ordinal)
        task = ActiveTask(name, task_id=task_id, parent=parent, recorder=self, key=key)
        if rank.number:
            task.join()
        return task

    def _around(self) -> StepContext | None:
        """Return the step or task in which a task is opened."""
        current = CURRENT.get()
        if isinstance(current, StepContext):
            return None if current.task.has_ended() else current
        return None if self.process is not None else self._started_by()

    def _started_by(self) -> StepContext | None:
        """Return the step that started this process, while its task is open."""
        token = ambient_token()
        return None if token is None or token.has_ended() else self.join(token)

    def _take_implicit(
        self, name: str | None, task_id: int | None
    ) -> ActiveTask | None:
        """Return the implicit task if the entrypoint's task may be the same one.

        On the platform they are one task, with one id.
        """
        process = self.process
        if process is None or process.name is not None or process.is_ended:
            return None
        is_rank = self._open_tasks is not None and shared_rank() is not None
        if task_id is None and (process.is_emitted or is_rank):
            self._implicit = process
            return None
        process.name = name
        return process

    # -- tasks of other processes --------------------------------------------

    def token(self, scope: StepContext) -> TaskToken:
        """Return what another process needs to record into a step's task."""
        task = scope.task
        step = ""
        if scope.parent is not None:
            scope.is_referenced = True
            step = scope.ensure_key().strip('"')
            scope.inherit_inputs()
            texts: list[str] = []
            if scope.repeated:
                append_repeated(texts, scope)
                self.write(texts)
        home = ""
        if self._open_tasks is not None:
            home = os.path.abspath(self.settings.home)
            self._mark(task, self._open_tasks)
        return TaskToken(
            task.key,
            task.task_id,
            step,
            bool(scope.inputs),
            task.name and self.mask(task.name),
            home,
            host_id() if home else "",
        )

    def _mark(self, task: ActiveTask, open_tasks: OpenTasks) -> None:
        if task.pid == os.getpid() and not task.is_marked:
            task.is_marked = True
            open_tasks.mark(task.key)

    def join(self, token: TaskToken) -> StepContext:
        """Return the step of a task that another process, or this one, opened."""
        with self._lock:
            task = self._open.get(token.key) or self._joined.get(token.key)
            if task is None:
                task = ActiveTask(
                    token.name, task_id=token.task_id, recorder=self, key=token.key
                )
                task.join(token.has_ended)
                self._joined[token.key] = task
                if len(self._joined) > MAX_JOINED:
                    del self._joined[next(iter(self._joined))]
        if not token.step:
            return task.root
        return task.step_of(token.step, has_inputs=token.has_inputs)

    def record_card(self, task: ActiveTask, card: str) -> None:
        """Record a card for a task's own node; the same card is recorded once."""
        if card == task.card:
            return
        task.card = card
        task.is_emitted = False
        texts: list[str] = []
        self.append_task(task, time_ns(), texts)
        self.write(texts)

    # -- facts ---------------------------------------------------------------

    append_artifact = append_artifact
    append_edge = append_edge
    write = write

    def forget(self, texts: Sequence[str]) -> None:
        """Make facts that were not kept ones that may be recorded again."""
        with guard("A fact that was not kept cannot be recorded again"):
            for text in texts:
                forget(text, self._tasks)

    def end_step(self, scope: StepContext, error: BaseException | None = None) -> None:
        """Queue a step-end fact, unless the step was never recorded."""
        if self.looks:
            self.look_at_outputs(scope=scope)
        if scope.is_emitted or scope.is_referenced or scope.changes:
            at = time_ns()
            message = None if error is None else error_text(error, self.mask)
            if scope.is_emitted or scope.is_referenced:
                self.ends.append((scope.task, scope.reference_json(at), at, message))
            else:
                # What it has used may be recorded later: see `append_repeated`.
                scope.end = (at, message)

    def end_task(self, task: ActiveTask, error: BaseException | None = None) -> None:
        """Record that a task ended, after everything that was recorded in it."""
        if self.looks:
            self.look_at_outputs(task=task)
        if task is self.process and task.task_id is None:
            # What follows belongs to the process, not to the task that has ended.
            self.process, self._implicit = self._implicit, None
        self._open.pop(task.key, None)
        if task.is_joined:
            return
        task.is_ended = True
        texts = self.take_step_ends()
        texts.append(end_of_task(task, time_ns(), error, self.mask))
        self.write(texts)
        if task.is_marked and self._open_tasks is not None:
            self._open_tasks.unmark(task.key)

    def declare_output(
        self,
        scope: StepContext,
        append: AppendEdge,
        *,
        kind: str,
        path: str | None,
        key: str,
        members: str,
    ) -> list[str]:
        """Return the facts of an output that is looked at again when its step ends."""
        with self._lock:
            return self.looks.declare(scope, Place(kind, path, key, members), append)

    def look_at_outputs(
        self, *, scope: StepContext | None = None, task: ActiveTask | None = None
    ) -> None:
        """Record the state of outputs whose step or task ends, or of all at a flush."""
        with guard("Outputs cannot be looked at"):
            with self._lock:
                texts = list(self.looks.look(scope=scope, task=task))
            if texts:
                self.write(texts)

    def inputs_named(
        self, task: ActiveTask, identity: int | str, text: str | None = None
    ) -> list[NamedInput]:
        """Return the inputs of a task that an id, or a name with its secrets, means."""
        return named_inputs(task, identity, text, self.settings.mask_key or "")

    def record_command_line(self, task: ActiveTask) -> None:
        """Record the options of the command line as the task's parameters."""
        if self._open_tasks is not None and not task.is_joined:
            params = command_line_params()
            self.write_of_task(task, params_fact(task, time_ns(), params, self.mask))

    def write_of_task(self, task: ActiveTask, text: str) -> None:
        """Write a fact about a task, after the task itself; empty text is none."""
        if not text:
            return
        texts: list[str] = []
        if not task.is_emitted:
            self.append_task(task, time_ns(), texts)
        self.write([*texts, text])

    def append_task(self, task: ActiveTask, at: int, texts: list[str]) -> None:
        """Add the text of a task to `texts`, unless it was recorded before."""
        with self._lock:
            if task.is_emitted:
                return
            task.is_emitted = True
            is_first, task.has_about = not task.has_about, True
        more = ""
        if task.card is not None:
            more = f',"node_meta":{task.card}'
            task.is_pending = True
        if is_first:
            more += about_process(self.mask, self.settings.user_login)
            if task.parent is not None:
                more += member("parent", task.parent.key)
            if task.parent_step:
                more += f',"parent_step":{task.parent_step}'
            self.commit.pending.append(task)
            if self.environment is not None:
                self.environment.pending.append(task)
        self._tasks[task.key] = task
        texts.append(self._task_text(task, at, more))

    def take_step_ends(self) -> list[str]:
        """Return the texts of the ends of steps that were not written yet."""
        texts: list[str] = []
        plain: dict[ActiveTask, list[tuple[str, int]]] = {}
        while self.ends:
            try:
                task, step, at, error = self.ends.popleft()
            except IndexError:  # another thread was faster
                break
            # A key alone, and no error: nearly all of them.
            if error is None and step[0] == '"':
                plain.setdefault(task, []).append((step, at))
            else:
                texts.append(end_of_step(task, step, at, error))
        for task, ends in plain.items():
            texts += ends_of_steps(task, ends)
        return texts

    # -- the flusher's part --------------------------------------------------

    def write_pending_step_ends(self) -> None:
        """Write the buffered step ends, and bound what tasks remember."""
        self.write(self.take_step_ends())
        joined = list(self._joined.values())
        for task in (*self._tasks.values(), *self._open.values(), *joined):
            task.forget_oldest(MAX_SEEN)
        for task in joined:
            task.has_ended()  # which its calls with ids alone do not ask

    def flush_pending(self, wait_s: float = 0.0) -> None:
        """Write what waited: step ends, and what is found in the background.

        Args:
            wait_s: How long to wait for `git` and the environment; the rest is
                written later.
        """
        with guard("What waited to be recorded cannot be written"):
            self.write_pending_step_ends()
            left_s = deadline(wait_s)
            found = dict(self.commit.answers(wait_s))
            if self.environment is not None:
                for task, members in self.environment.answers(left_s()):
                    found[task] = found.get(task, "") + members
            self.write(
                [self._task_text(task, time_ns(), more) for task, more in found.items()]
            )

    def finalize(self, wait_s: float) -> None:
        """Write what waited for the last time; nothing is waited for afterwards."""
        self.flush_pending(wait_s)
        self.commit.give_up()
        if self.environment is not None:
            self.environment.give_up()

    def close(self, wait_s: float = 0.0, error: BaseException | None = None) -> None:
        """Finalize, and end the process's task in the process that opened it.

        Args:
            wait_s: How long to wait for `git`.
            error: The exception that ends the process; otherwise the last unhandled.
        """
        self.finalize(wait_s)
        for task in (self.process, self._implicit):
            if task is None or task.is_ended or not task.is_emitted:
                continue
            with guard("The end of the task cannot be recorded"):
                if task.pid == os.getpid():
                    self.end_task(task, error or last_error())
                    self.process = task  # what is recorded at exit is still its own

    def stop(self, wait_s: float) -> None:
        """Finalize, and end as stopped: this task, those around it, the process's.

        Args:
            wait_s: How long to wait for `git`.
        """
        current = CURRENT.get()
        task = current.task if isinstance(current, StepContext) else None
        while task is not None:
            self._end_stopped(task)
            task = task.parent
        self._end_stopped(self.process_task())
        self.finalize(wait_s)

    def _end_stopped(self, task: ActiveTask) -> None:
        if task.is_emitted and not task.is_ended and task.pid == os.getpid():
            self.end_task(task, TerminatedBySignal("by SIGTERM"))

    # -- trouble -------------------------------------------------------------

    def count_failure(self, where: str, error: Exception) -> None:
        """Count something that could not be recorded; log it once, raise if strict."""
        with self._lock:
            count = self.not_recorded.get(where, 0)
            self.not_recorded[where] = count + 1
        if self.is_strict:
            raise error
        if count == 0:
            logger.warning("%s: not recorded: %s", where, self.mask(described(error)))

    # -- inside --------------------------------------------------------------

    def _write_each(self, texts: Sequence[str]) -> bool:
        kept = [self.keep(text) for text in texts]
        return all(kept)

    def _write_apart(self, text: str, _count: int) -> bool:
        return self.keep_many(text.split(BETWEEN_FACTS))

    def _task_text(self, task: ActiveTask, at: int, more: str) -> str:
        name = shorten(self.mask(task.name or program_name()), 1024)
        remember_name(task.key, name)
        return f'{{"f":"task",{task.head},"at":{at}e-9,"name":{quote(name)}{more}}}'
