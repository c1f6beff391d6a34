"""Where a fact is recorded: the task of this process and the step in it."""

# Longer than 400 lines: a task, its steps and what it has recorded are one state.

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from time import time_ns
from typing import Any, Final

from .. import forksafe, threads
from .json_text import member

#: Step ends are buffered and normally written by the flusher; a recording call
#: writes them only when the buffer overflows.
MAX_PENDING_ENDS: Final = 4096
#: A step remembers which inputs it has up to this number; above it, how many.
MAX_NAMED: Final = 16
#: Outputs, and inputs with a text for identity, of which a task remembers more than
#: that they were recorded.
MAX_OUTPUTS: Final = 10_000
#: The member of an edge that its task has recorded before, for another step or with
#: other inputs.
AGAIN: Final = ',"again":true'


class StepKeys:
    """Makes the keys of this process's steps.

    A fork's child goes on with its parent's tasks, and must not go on with its numbers:
    it gets a prefix of its own.
    """

    def __init__(self) -> None:
        self.number = threads.counter()
        self.reset_after_fork()

    def reset_after_fork(self) -> None:
        """Renew the prefix."""
        self.prefix = os.urandom(3).hex() + "-"

    def new(self) -> str:
        """Return the key of another step, as JSON text."""
        return f'"{self.prefix}{self.number()}"'


KEYS: Final = forksafe.register(StepKeys())

#: An input of a step: its edge prefix, its identity, and the members that make it
#: another fact, where it has some.
InputRef = tuple[Any, ...]
#: An input that the task has recorded before and the step has not: in which step, when
#: and by what members it was declared. The members are empty once it is recorded.
Repeated = list[Any]
#: When an edge was recorded last. Of an output of a direct function: that, when its
#: step began, and how often the inputs of the task's body had changed.
SeenAt = Any


#: When a step has declared an input last; below zero if only what lies inside it has.
#: Where that has declared another state since: the step itself, and the other.
DeclaredAt = int | tuple[int, int]


def when_own(declared_at: DeclaredAt) -> int:
    """Return when a step has declared an input itself; 0 if it has not."""
    own_at = declared_at[0] if isinstance(declared_at, tuple) else declared_at
    return max(own_at, 0)


def when_last(declared_at: DeclaredAt) -> int:
    """Return when a step, or what lies inside it, has declared an input last."""
    return declared_at[1] if isinstance(declared_at, tuple) else abs(declared_at)


class Seen(dict["object", "SeenAt"]):
    """What a task has recorded by one edge prefix; `older` is the older half of it.

    A process that runs for months forgets the older half rather than grow.
    """

    __slots__ = ("names", "older")

    def __init__(self, older: Seen | None = None) -> None:
        super().__init__()
        self.older: dict[object, SeenAt] = {} if older is None else older
        #: An index of its own part, made where somebody looks for a name.
        self.names: Any = None

    def claim(self, key: object, at: int) -> bool:
        """Whether the caller is the first to record this; `at` is its own object.

        `setdefault` is one step for all threads: the one whose time is stored records.
        """
        return key not in self.older and self.setdefault(key, at) is at

    def at(self, key: object) -> int:
        """Return when it was recorded last; 0 where it was not."""
        found = self.get(key) or self.older.get(key) or 0
        return found[0] if type(found) is tuple else found

    def forget(self, key: object) -> bool:
        """Forget one entry, so that it may be recorded again; False where it is not."""
        missing = object()
        self.names = None
        return self.pop(key, missing) is not missing or (
            self.older.pop(key, missing) is not missing
        )


class Making:
    """How a task has produced something."""

    __slots__ = ("at", "before", "begun_at", "inputs", "other_at")

    def __init__(
        self,
        at: int,
        inputs: frozenset[InputRef] | None,
        begun_at: int = 0,
        before: Making | None = None,
        other_at: int = 0,
    ) -> None:
        """Describe it.

        Args:
            at: When.
            inputs: All that went into it; None for a direct function, whose inputs
                were all new.
            begun_at: When the step of a direct function began.
            before: How it was produced before; of that one, this is not kept.
            other_at: When it was last produced of other inputs.
        """
        self.at, self.inputs, self.begun_at = at, inputs, begun_at
        self.before, self.other_at = before, other_at


class Unrecorded:
    """An output that was not recorded, since another step had made it of the same."""

    __slots__ = ("at", "derived", "members", "scope", "source")

    def __init__(
        self,
        scope: StepContext,
        source: StepContext,
        at: int,
        members: str,
        derived: str,
    ) -> None:
        self.scope, self.source, self.at = scope, source, at
        self.members, self.derived = members, derived


class RecordedSources:
    """What an output was recorded to come from last."""

    __slots__ = ("begun_at", "is_mixed", "unrecorded", "value")

    def __init__(self, value: object, begun_at: int, is_mixed: bool) -> None:
        self.value = value
        #: When the step began that has made it.
        self.begun_at = begun_at
        #: Whether that step, or one around it, had made it of other inputs before.
        self.is_mixed = is_mixed
        #: Who made the same of the same since.
        self.unrecorded: Unrecorded | None = None


class ActiveTask:
    """A task of this process: what identifies it, and what was recorded of it."""

    __slots__ = (
        "__weakref__",
        "card",
        "changed",
        "edge_head",
        "folders",
        "has_about",
        "head",
        "is_emitted",
        "is_ended",
        "is_joined",
        "is_marked",
        "is_opened",
        "is_pending",
        "key",
        "made",
        "name",
        "of_body",
        "parent",
        "parent_step",
        "pid",
        "produced",
        "recorder",
        "root",
        "seen",
        "sees_end",
        "task_id",
        "uses_again",
    )

    def __init__(
        self,
        name: str | None = None,
        *,
        task_id: int | None = None,
        parent: ActiveTask | None = None,
        recorder: Any = None,
        key: str | None = None,
    ) -> None:
        self.key = key or os.urandom(8).hex()
        self.name, self.task_id, self.parent = name, task_id, parent
        #: The recorder that opened it, and records what happens in it.
        self.recorder = recorder
        #: The JSON members that each of its facts begins with.
        self.head = f'"task":"{self.key}"' + member("task_id", task_id)
        #: The beginning of each of its edges, up to the time.
        self.edge_head = f'{{"f":"edge",{self.head},"at":'
        self.pid = os.getpid()
        #: Whether it has ended, and whether another process opened it: then its end is
        #: not ours to record.
        self.is_ended = self.is_joined = False
        #: Whether the app opened it, else it is the process's implicit task; and
        #: whether its home marks it as open, for other processes.
        self.is_opened = self.is_marked = False
        #: The step of the parent in which it was opened, as JSON text.
        self.parent_step = ""
        #: Whether the task itself was recorded, and whether with host, user, command.
        self.is_emitted = self.has_about = False
        #: Whether the next edge has more to do: record the task, carry its card.
        self.is_pending = True
        #: Looks whether a task of another process has ended; None for one of this.
        self.sees_end: Callable[[], bool] | None = None
        self.root = StepContext(self, None, "")
        self.root.at = time_ns()
        #: Identities recorded, by edge prefix.
        self.seen: dict[str, Seen] = defaultdict(Seen)
        #: Outputs by kind and id, or by text. Those of direct functions are in `seen`.
        self.produced: dict[object, Making] = {}
        self.folders: dict[str, Making] = {}
        #: Outputs, with what they were recorded to come from last.
        self.made: dict[object, RecordedSources] = {}
        #: Inputs used right in the body, and when.
        self.of_body: dict[InputRef, int] = {}
        #: How often the task used another state of its own output.
        self.uses_again = 0
        #: Another object whenever a repeated call may have more to record.
        self.changed: object = object()
        #: The card of the task's own node, as JSON text.
        self.card: str | None = None

    def forget_oldest(self, most: int) -> None:
        """Forget the older half of what was recorded where the newer one is full.

        Args:
            most: How much is remembered by one edge prefix.
        """
        for prefix, seen in list(self.seen.items()):
            if len(seen) > most // 2:
                # What another thread adds to the old one is not lost: no copy is made.
                self.seen[prefix] = Seen(seen)
                seen.older = {}

    def has_ended(self) -> bool:
        """Whether it has ended, here or in the process that opened it."""
        if self.sees_end is not None and not self.is_ended:
            self.is_ended = self.sees_end()
        return self.is_ended

    def join(self, sees_end: Callable[[], bool] | None = None) -> None:
        """Mark it as opened by another process, which records it and its end.

        Args:
            sees_end: Looks whether it has ended there; None where that cannot be seen.
        """
        self.sees_end = sees_end
        self.is_joined = self.is_emitted = self.has_about = True
        self.is_pending = False
        self.pid = 0

    def is_others(self, task_id: int | None) -> bool:
        """Whether another process opened it, and with another id of the platform's.

        A process that it starts in its own environment has the same id there.
        """
        return self.is_joined and self.task_id != task_id

    def step_of(self, key: str, *, has_inputs: bool) -> StepContext:
        """Return a step that another process began, by its key."""
        step = StepContext(self, self.root, "")
        step.key = f'"{key}"'
        step.is_emitted = True
        step.step_ref = f',"step":{step.key}'
        # Its inputs are named by its key alone.
        step.inputs = {("", ""): 0} if has_inputs else None
        return step

    def count_inputs(self) -> int:
        """Return how many inputs are remembered."""
        return sum(
            len(seen) + len(seen.older)
            for prefix, seen in list(self.seen.items())
            if prefix.startswith('"dir":"input"')
        )


class StepContext:
    """A step of a task, or (the root) the task's own body.

    It is written to the journal inside its first fact: a step in which nothing was
    recorded never appears.
    """

    __slots__ = (
        "at",
        "block_inputs",
        "changes",
        "end",
        "inputs",
        "is_emitted",
        "is_referenced",
        "key",
        "makes",
        "name",
        "parent",
        "previous",
        "repeated",
        "step_ref",
        "task",
        "values",
    )

    def __init__(
        self,
        task: ActiveTask,
        parent: StepContext | None,
        name: str,
        previous: Any = None,
        is_block: bool = False,
    ) -> None:
        """Make a step.

        Args:
            task: The task it belongs to.
            parent: The step around it; None for the task's body.
            name: Its name as a JSON string, with the members that follow it.
            previous: What was current around it.
            is_block: Whether it is the block of a declaration.
        """
        self.task = task
        self.parent = parent
        self.name = name
        self.previous = previous
        #: When it began, in nanoseconds: with its first input, where that is known.
        self.at = 0
        #: Its key as JSON text; it gets one when first needed.
        self.key = ""
        self.is_emitted = parent is None
        self.is_referenced = False
        #: What further facts recorded in it carry: the member `step`.
        self.step_ref = ""
        #: Inputs declared in it, and when.
        self.inputs: dict[InputRef, DeclaredAt] | None = None
        #: Those of them that the task had recorded before, and not yet for this step:
        #: None for a bare id of its own.
        self.repeated: dict[InputRef, Repeated | None] | None = None
        #: Whether outputs are declared for it.
        self.makes = False
        #: How often an input was added to it, or to what lies in it.
        self.changes = 0
        #: When it ended, and of what error, if nothing of it was recorded until then.
        self.end: tuple[int, str | None] | None = None
        #: The block of a declaration (`with uses_…`): inputs recorded right in it, with
        #: the members to record them by. Its outputs derive from those of the blocks
        #: around it, too: `with a, b:` is one block to whoever writes it.
        self.block_inputs: dict[InputRef, str] | None = {} if is_block else None
        #: The values of the call that it stands for.
        self.values: tuple[Any, ...] = ()

    def inherit_inputs(self) -> bool:
        """Make the inputs of the blocks of declarations right around this one its own.

        It repeats them: they are recorded for it as well once something is made of
        them, or it is handed to another process.

        Returns:
            Whether it has them all; they may be too many.
        """
        outer = self.parent if self.block_inputs is not None else None
        own, has_all = self.inputs or {}, True
        while outer is not None and outer.block_inputs is not None:
            if len(outer.block_inputs) > MAX_NAMED:
                has_all = False
            for ref, text in outer.block_inputs.items():
                if ref not in own:
                    at = own[ref] = self.at or outer.at
                    self.repeated = self.repeated or {}
                    self.repeated.setdefault(ref, [self, at, text])
            outer = outer.parent
        self.inputs = own or None
        return has_all

    def outermost_block(self) -> StepContext:
        """Return the outermost of the blocks of declarations right around this one."""
        scope = self
        while scope.parent is not None and scope.parent.block_inputs is not None:
            scope = scope.parent
        return scope

    @property
    def is_root(self) -> bool:
        """Whether it is the task's body."""
        return self.parent is None

    def lineage(self) -> Iterator[StepContext]:
        """Return itself and the steps around it, without the task's body."""
        scope = self
        while scope.parent is not None:
            yield scope
            scope = scope.parent

    def ensure_key(self) -> str:
        """Return the step's key as JSON text, making it when first needed."""
        if not self.key:
            self.key = KEYS.new()
        return self.key

    def reference_json(self, at: int) -> str:
        """Return what names the step in a fact of the time `at`: all of it, or its key.

        A step that began with the fact itself needs no time of its own.
        """
        if self.is_emitted:
            return self.key
        self.is_emitted = True
        key, parent, inside = self.ensure_key(), self.parent, ""
        if parent is not None and parent.parent is not None:
            parent.is_referenced = True
            inside = f',"parent":{parent.ensure_key()}'
        if self.at != at:
            inside += f',"at":{self.at}e-9'
        return f'{{"key":{key},"name":{self.name}{inside}}}'

    def step_member(self, at: int) -> str:
        """Return the member `step` of a fact; the task's body has none."""
        parent = self.parent
        if parent is None:
            return ""
        if self.is_emitted:
            self.step_ref = f',"step":{self.key}'
            return self.step_ref
        if parent.parent is not None or self.at != at or self.key:
            return f',"step":{self.reference_json(at)}'
        # `reference_json`, written out for most steps.
        self.is_emitted = True
        self.key = key = KEYS.new()
        return f',"step":{{"key":{key},"name":{self.name}}}'

    def note_in_block(self, ref: InputRef, text: str) -> None:
        """Remember an input that was recorded right in it, if it is a block."""
        block = self.block_inputs
        if block is not None and len(block) <= MAX_NAMED:
            block.setdefault(ref, text)

    def add_input(self, ref: InputRef, at: int) -> None:
        """Remember an input that is recorded for it, here and in the steps around it.

        Args:
            ref: Its edge prefix and identity.
            at: When it was declared.
        """
        if self.parent is None:
            known = self.task.of_body
            if len(known) > MAX_OUTPUTS:
                known.clear()
            self.changes += 1
            known[ref] = at
            self.task.changed = object()
        step = self
        while step.parent is not None:
            step.note_input(ref, at, is_own=step is self)
            step = step.parent

    def note_input(self, ref: InputRef, at: int, *, is_own: bool) -> None:
        """Remember when an input was declared in it, or in what lies inside it."""
        declared_at: DeclaredAt = at if is_own else -at
        inputs = self.inputs
        if inputs is None:
            self.inputs = {ref: declared_at}
        elif ref in inputs:
            own_at = 0 if is_own else when_own(inputs[ref])
            inputs[ref] = (own_at, at) if own_at else declared_at
        elif len(inputs) <= MAX_NAMED:
            inputs[ref] = declared_at
        self.changes += 1


class PlainStep(StepContext):
    """A step that is made empty: whoever makes it sets every field."""

    __slots__ = ()
    __init__ = object.__init__


class _NoTask:
    """The task of a disabled block: nothing is recorded in it."""

    is_ended = True


class DisabledScope:
    """The inside of `lineage.disabled()`; a step that is never recorded."""

    __slots__ = ("is_emitted", "is_referenced", "previous", "values")

    task = _NoTask()

    def __init__(self, previous: Any) -> None:
        self.previous = previous
        self.is_emitted = self.is_referenced = False


#: The innermost step, task or disabled block of this context; None: the process's task.
CURRENT: Final[ContextVar[StepContext | DisabledScope | None]] = ContextVar(
    "lineage_scope", default=None
)


#: Where the members of an edge end that make it another fact.
_NEXT_MEMBER: Final = re.compile(r',"(?:name|again|step|scope|derived_from)":|}$')


def forget(text: str, tasks: Mapping[str, ActiveTask]) -> None:
    """Allow a fact that the journal did not keep to be recorded again.

    Args:
        text: The fact, as the recorder wrote it.
        tasks: The tasks of this process by their keys.
    """
    kind, task = text[6 : text.find('"', 6)], tasks.get(_member(text, '"task":"'))
    if task is None:
        return
    task.changed = object()
    if kind == "task":
        task.is_emitted = task.has_about = False
        task.is_pending = True
        return
    scope = CURRENT.get()
    if isinstance(scope, StepContext) and ',"step":{' in text:
        for step in scope.lineage():
            if step.key and f'"key":{step.key}' in text:
                step.is_emitted, step.step_ref = False, ""
    if kind == "edge":
        _, _, rest = text.partition("e-9,")
        prefix, _, rest = rest.partition(',"id":')
        identity, end = json.JSONDecoder().raw_decode(rest)
        members = rest[end:]
        seen = task.seen[prefix]
        # The members that are part of what was recorded end where others begin.
        for found in _NEXT_MEMBER.finditer(members):
            part = members[: found.start()]
            if seen.forget((identity, part) if part else identity):
                return


def _member(text: str, name: str) -> str:
    start = text.find(name) + len(name)
    return text[start : text.find('"', start)]
