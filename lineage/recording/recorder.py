"""The recorder: turns what was declared into fact texts, each fact told once."""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from time import time_ns
from typing import Final

from ..errors import guard, logger
from ..settings import Settings
from .context import CURRENT, MOST_NAMED, ActiveTask, StepContext, note_input
from .fact_json import (
    derived_from,
    end_of_run,
    end_of_step,
    ends_of_steps,
    kind_of,
    last_error,
    one_line,
    with_card,
)
from .git_commit import GitCommitLookup
from .host_info import about_process, program_name
from .json_text import member, quote, shorten
from .masking import Masker

#: Step ends wait for company, by rights the flusher's, which settles them in each
#: round; only where it does not keep up does a recording call write them.
_MOST_PENDING: Final = 4096
#: Identities of one form that a run remembers; a process that runs for months
#: forgets the oldest half rather than grow.
_MOST_SEEN: Final = 400_000

WriteOne = Callable[[str], bool]
WriteMany = Callable[[Sequence[str]], bool]


#: A fork's child must not wait for a lock that a thread of its parent held.
_recorders: Final[weakref.WeakSet[Recorder]] = weakref.WeakSet()


class Recorder:
    """Writes the facts of this process.

    Args:
        write: Takes one fact's JSON text and keeps it; never raises.
        write_many: The same for several, in order.
        settings: What the environment said.
        masker: Takes secrets out of text; by default what the settings ask for.
    """

    def __init__(
        self,
        write: WriteOne,
        write_many: WriteMany | None = None,
        *,
        settings: Settings | None = None,
        masker: Masker | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.mask = masker or Masker.of(self.settings)
        self.is_strict = self.settings.is_strict
        #: Values that were not recorded, by declaration: for `status`.
        self.not_recorded: dict[str, int] = {}
        #: Whether the last wait for delivery was not in vain.
        self.is_delivered = True
        self._write = write
        self._write_many = write_many or self._one_by_one
        # Reentrant: a signal's handler may record while its thread is inside.
        self._lock = threading.RLock()
        #: Steps that ended, written with a later write: the task, what names the step,
        #: when it ended, and with which error.
        self.ends: deque[tuple[ActiveTask, str, int, str | None]] = deque()
        #: The process's own task, once there is one.
        self.process: ActiveTask | None = None
        self.commit = GitCommitLookup[ActiveTask]()
        _recorders.add(self)

    def begin_anew(self) -> None:
        """In the child of a fork: nothing of the parent's threads is waited for."""
        self._lock = threading.RLock()
        self.commit.reset_after_fork()

    # -- where a fact belongs ------------------------------------------------

    def process_root(self) -> StepContext:
        """Give the body of the process's own task."""
        return (self.process or self.process_run()).root

    def scope(self) -> StepContext | None:
        """Give the innermost step or task of this context; None where muted."""
        current = CURRENT.get()
        if current is None:
            return self.process_root()
        return current if isinstance(current, StepContext) else None

    def process_run(self) -> ActiveTask:
        """Give the process's own task, opening it when there is none."""
        with self._lock:
            if self.process is None:
                name = self.settings.app_name
                task_id = self.settings.task_id
                run = ActiveTask(name, task_id=task_id, recorder=self)
                # A signal's handler that recorded meanwhile has opened it already.
                self.process = self.process or run
            return self.process

    def open_run(
        self,
        name: str | None,
        *,
        task_id: int | None = None,
        card: str | None = None,
        for_process: bool = False,
    ) -> ActiveTask:
        """Open a task and tell it.

        Args:
            name: What it is called.
            task_id: The platform's id, when the app knows it.
            card: The card of its own node, as JSON text.
            for_process: Make it the process's task, taking over the one that was
                opened implicitly.
        """
        current = CURRENT.get()
        around = current.run if isinstance(current, StepContext) else None
        with self._lock:
            process = self.process
            implicit = process is not None and process.name is None
            if around is None and task_id is None:
                task_id = self.settings.task_id
            if for_process and implicit and process is not None:
                run = process
                run.name = name
            else:
                run = ActiveTask(name, task_id=task_id, parent=around, recorder=self)
            if for_process:
                self.process = run
            run.is_told = False
        if card is not None:
            run.card = card
        texts: list[str] = []
        self._tell_run(run, time_ns(), texts)
        self.put(texts)
        return run

    def show_card(self, run: ActiveTask, card: str) -> None:
        """Give a task's own node a card; the same card is told once."""
        if card == run.card:
            return
        run.card = card
        run.is_told = False
        texts: list[str] = []
        self._tell_run(run, time_ns(), texts)
        self.put(texts)

    # -- facts ---------------------------------------------------------------

    def edge(  # noqa: C901, PLR0912  one straight way; each call of a helper is felt
        self,
        texts: list[str],
        scope: StepContext,
        form: str,
        identity: int | str,
        is_input: bool,
        extras: str = "",
        more: str = "",
        derived: str = "",
    ) -> bool:
        """Add the text of one edge to `texts`, unless its task told it before.

        Args:
            texts: Where to add it; `put` writes them.
            scope: The step in which it happened.
            form: The members that tell direction and kind.
            identity: The thing's id; text must be masked already.
            is_input: Whether it is an input.
            extras: More members, part of what makes it the same fact.
            more: Members that are not, as a display name.
            derived: The member `derived_from` of an output that names its inputs.
        """
        run = scope.run
        at = time_ns()
        if not scope.at:
            scope.at = at
        seen = run.seen[form]
        # `setdefault` is one step for all threads: whose time is kept, tells it.
        is_new = seen.setdefault((identity, extras) if extras else identity, at) is at
        shown = identity if type(identity) is int else quote(str(identity))
        if is_input:
            parent = scope.parent
            if not is_new:
                body = f'{form},"id":{shown}{extras}{more}'
                note_input(scope, (form, identity), body)
                return False
            if parent is None or parent.parent is not None or scope.own is not None:
                note_input(scope, (form, identity), None)
            elif scope.inputs is None:
                scope.inputs = [(form, identity)]
            elif len(scope.inputs) <= MOST_NAMED:
                scope.inputs.append((form, identity))
        elif not is_new:
            return False
        elif not derived:
            if scope.inputs and not scope.repeated and scope.own is None:
                derived = f',"scope":{scope.key or scope.ensure_key()}'
            else:
                derived = self._sources(texts, scope, at)
        if run.is_pending:
            self._tell_run(run, at, texts)
            extras = with_card(run, extras)
            run.is_pending = False
        if len(seen) > _MOST_SEEN:
            _forget_half(seen)
        texts.append(
            f'{run.edge_head}{at}e-9,{form},"id":{shown}{extras}{more}'
            f"{scope.told or scope.member(at)}{derived}}}"
        )
        return True

    def put(self, texts: list[str]) -> None:
        """Write texts, and the step ends that waited for company when they are many."""
        if len(self.ends) > _MOST_PENDING:
            self._write_many([*self._taken_ends(), *texts])
        elif len(texts) == 1:
            self._write(texts[0])
        else:
            self._write_many(texts)

    def end_step(self, scope: StepContext, error: BaseException | None = None) -> None:
        """Remember that a step ended; told only if anybody heard of the step."""
        if scope.is_told or scope.is_mentioned:
            at, told = time_ns(), None if error is None else one_line(error)
            self.ends.append((scope.run, scope.info(at), at, told))

    def end_run(self, run: ActiveTask, error: BaseException | None = None) -> None:
        """Tell that a task ended, after everything that was recorded in it."""
        run.is_ended = True
        texts = self._taken_ends()
        texts.append(end_of_run(run, time_ns(), error, self.mask))
        self.put(texts)

    def input_kinds(self, run: ActiveTask, identity: int | str) -> list[str]:
        """Give the kinds under which the task was told to use a thing of this id."""
        return [
            kind_of(form)
            for form, seen in list(run.seen.items())
            if form.startswith('"dir":"input"') and _holds(seen, identity)
        ]

    # -- the flusher's part --------------------------------------------------

    def write_waiting(self) -> None:
        """Write the step ends that wait for company."""
        self.put(self._taken_ends())

    def settle(self, wait_s: float = 0.0) -> None:
        """Write what waited: step ends, and what only `git` knows of the tasks.

        Args:
            wait_s: How long to wait for `git`; what it has not told comes later.
        """
        with guard("What waited to be recorded cannot be written"):
            self.write_waiting()
            self.put(
                [
                    self._task_text(run, time_ns(), code)
                    for run, code in self.commit.answers(wait_s)
                ]
            )

    def settle_at_end(self, wait_s: float) -> None:
        """Settle for the last time."""
        self.settle(wait_s)
        self.commit.give_up()

    def close(self, wait_s: float = 0.0) -> None:
        """Settle, and end the process's task in the process that opened it."""
        self.settle_at_end(wait_s)
        run = self.process
        if run is None or run.is_ended or not run.is_told:
            return
        with guard("The end of the task cannot be recorded"):
            if run.pid == os.getpid():
                self.end_run(run, last_error())

    # -- trouble -------------------------------------------------------------

    def refuse(self, where: str, error: Exception) -> None:
        """Count something that could not be recorded; tell it once, raise if strict."""
        with self._lock:
            count = self.not_recorded.get(where, 0)
            self.not_recorded[where] = count + 1
        if self.is_strict:
            raise error
        if count == 0:
            logger.warning(
                "%s: not recorded: %s", where, self.mask(one_line(error, plain=True))
            )

    # -- inside --------------------------------------------------------------

    def _one_by_one(self, texts: Sequence[str]) -> bool:
        kept = [self._write(text) for text in texts]
        return all(kept)

    def _sources(self, texts: list[str], scope: StepContext, at: int) -> str:
        """Say which inputs an output of this step derives from."""
        source: StepContext | None = scope
        while source is not None and source.inputs is None:
            source = source.parent
        if source is None:
            return ""
        around = source.inputs_around()
        if around:
            named = dict.fromkeys([*around, *(source.inputs or ())])
            if len(named) <= MOST_NAMED:
                return derived_from((kind_of(form), known) for form, known in named)
            source = source.outermost_block()
        inputs, repeated = source.inputs, source.repeated
        if inputs is not None and repeated:
            if len(inputs) <= MOST_NAMED:
                return derived_from((kind_of(form), known) for form, known in inputs)
            self._tell_again(texts, source, at)
        if source is not scope and not source.is_told:
            # What it was told inside of must be known before it is referred to.
            texts[:0] = self._taken_ends()
            source.is_mentioned = True
        return f',"scope":{source.ensure_key()}'

    def _tell_again(self, texts: list[str], source: StepContext, at: int) -> None:
        repeated = source.repeated or {}
        for thing, body in repeated.items():
            if body:
                head = f"{source.run.edge_head}{at}e-9,"
                texts.append(f"{head}{body}{source.member(at)}}}")
                repeated[thing] = ""

    def _tell_run(self, run: ActiveTask, at: int, texts: list[str]) -> None:
        with self._lock:
            if run.is_told:
                return
            run.is_told = True
            is_first, run.has_about = not run.has_about, True
        more = ""
        if run.card is not None:
            more = f',"node_meta":{run.card}'
            run.is_pending = True
        if is_first:
            more += about_process(self.mask, self.settings.user_login)
            if run.parent is not None:
                more += member("parent", run.parent.key)
            self.commit.pending.append(run)
        texts.append(self._task_text(run, at, more))

    def _task_text(self, run: ActiveTask, at: int, more: str) -> str:
        name = quote(shorten(self.mask(run.name or program_name()), 1024))
        return f'{{"f":"task",{run.head},"at":{at}e-9,"name":{name}{more}}}'

    def _taken_ends(self) -> list[str]:
        texts: list[str] = []
        plain: dict[ActiveTask, list[tuple[str, int]]] = {}
        while self.ends:
            try:
                run, step, at, error = self.ends.popleft()
            except IndexError:  # another thread was faster
                break
            # A key alone, and no error: what nearly all of them say.
            if error is None and step[0] == '"':
                plain.setdefault(run, []).append((step, at))
            else:
                texts.append(end_of_step(run, step, at, error, self.mask))
        for run, ends in plain.items():
            texts += ends_of_steps(run, ends)
        return texts


def _after_fork() -> None:
    for recorder in list(_recorders):
        recorder.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _holds(seen: dict[object, int], identity: int | str) -> bool:
    if identity in seen:
        return True
    return any(isinstance(k, tuple) and k[0] == identity for k in list(seen))


def _forget_half(seen: dict[object, int]) -> None:
    for key in list(seen)[: _MOST_SEEN // 2]:
        seen.pop(key, None)
