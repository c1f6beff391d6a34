"""What an output comes from, as far as its recorder has to know it.

An edge that a task has recorded is recorded again where it says more: an output where
it comes from other inputs, an input where its task has produced it since. What a step
uses that another step of its task has recorded is recorded for it as well, once
something is made of it.
"""

# Longer than 400 lines: what an output comes from is compared with what it came from.

from __future__ import annotations

from functools import cache
from typing import Any, Final

from .context import (
    AGAIN,
    MAX_NAMED,
    MAX_OUTPUTS,
    ActiveTask,
    InputRef,
    Making,
    RecordedSources,
    Repeated,
    StepContext,
    Unrecorded,
    when_last,
    when_own,
)
from .fact_json import kind_of

#: What is remembered of an output that was not recorded.
_NOT_MADE: Final = RecordedSources("", 0, False)


@cache
def made_by(kind: str) -> tuple[str, str]:
    """Return the prefixes of the outputs of a kind."""
    plain = f'"dir":"output","kind":"{kind}"'
    return plain, f'{plain},"updates":true'


def source_of(scope: StepContext) -> StepContext:
    """Return the step whose inputs an output has: the nearest one with some.

    The last of the blocks of one line has those of the others as well; where these are
    many, the outermost one stands for all.
    """
    source = scope
    while source.inputs is None and source.parent is not None:
        source = source.parent
    if source.block_inputs is not None and not source.inherit_inputs():
        return source.outermost_block()
    return source


def has_other_sources(
    scope: StepContext,
    source: StepContext,
    prefix: str,
    identity: int | str,
    members: str,
    derived: str,
    at: int,
    *,
    is_new: bool,
) -> bool | Unrecorded:
    """Remember what an output comes from; return whether to record it.

    An artifact with a number is recorded once for each set of inputs that it was made
    of. A path is replaced each time, so it is compared with what it was recorded to
    come from last. If this step, or one around it, had made it of other inputs as well,
    its state comes from all of these, and what another step makes is another state.

    Args:
        scope: The step that made it.
        source: The step whose inputs it has.
        prefix: The members for direction and kind.
        identity: The artifact's id.
        members: What else makes it the same output.
        derived: Its named sources.
        at: When it was made.
        is_new: Whether the task has not recorded it before.

    Returns:
        False: it is recorded already. True: record it. An output: record that one
        first; this step, or one around or inside it, has made it, and it was left out.
    """
    # A step without inputs has only those right in the steps around it.
    is_own = source is scope
    task, sources = source.task, _sources_key(source, prefix, identity, is_own=is_own)
    key: object = (prefix, identity, members + derived, is_own, sources)
    value: object = None
    if type(identity) is str:
        key, value = (prefix, identity), key
    if is_new and len(sources) > 1 and not any(sources[:-1]):
        # Made of itself alone, or of what its task used: that is compared when it is
        # made again.
        return True
    made, step = task.made, scope.at
    last = made.get(key, _NOT_MADE)
    is_same_step = step == last.begun_at
    is_inside = not is_same_step and _is_inside(scope, last.begun_at)
    if not is_new:
        if last.value == value and (is_same_step or not (last.is_mixed or is_inside)):
            if value is not None and not is_same_step:
                last.unrecorded = Unrecorded(scope, source, at, members, derived)
            return False
        if type(identity) is int and _is_of_same_call(task, prefix, identity, sources):
            made[key] = RecordedSources(value, step, False)
            return False
    if len(made) > MAX_OUTPUTS:
        made.clear()
    before = last.unrecorded
    if before is not None and _is_around(before.scope, scope):
        made[key] = RecordedSources(value, step, is_mixed=True)
        return before
    is_mixed = (is_same_step or is_inside) and (last.is_mixed or last.value != value)
    made[key] = RecordedSources(value, step, is_mixed)
    return True


def _is_around(one: StepContext, other: StepContext) -> bool:
    """Whether two steps are one, or one lies in the other."""
    return one is other or _is_inside(one, other.at) or _is_inside(other, one.at)


def _is_inside(scope: StepContext, begun_at: int) -> bool:
    """Whether a step lies in one that began at a time; 0 is none."""
    step = scope.parent if begun_at else None
    while step is not None:
        if step.at == begun_at:
            return True
        step = step.parent
    return False


def _sources_key(
    source: StepContext, prefix: str, identity: int | str, *, is_own: bool
) -> tuple[tuple[Any, ...], ...]:
    """Return a key that is equal for outputs that come from the same inputs.

    An input counts with the time when its state was new. Two states would be new each
    time, and do not count: what the same inputs have made of each other, and the
    artifact's own state before. That a path was made of itself does count: a number
    keeps whatever it was made of before, a path does not.
    """
    task, kind = source.task, kind_of(prefix)

    def is_itself(ref: InputRef) -> bool:
        return ref[1] == identity and kind_of(ref[0]) == kind

    part: list[tuple[Any, ...]]
    parts: list[tuple[Any, ...]] = []
    all_of_it = _inputs_of(source) if is_own else frozenset()
    step = source
    while step.parent is not None:
        inputs = step.inputs
        if inputs is None:
            pass
        elif len(inputs) > MAX_NAMED:
            parts.append((step.at, step.changes))
        else:
            # What lies inside a step around the one that made it is none of its inputs.
            is_source = step is source
            when = when_last if is_source and is_own else when_own
            part = [
                (
                    ref,
                    _new_at(task, ref, when(at), all_of_it),
                    is_own or when_own(at) > 0,
                )
                for ref, at in inputs.items()
                if (is_source or when_own(at)) and not is_itself(ref)
            ]
            if type(identity) is str and any(map(is_itself, inputs)):
                part.append((identity,))
            if part or is_source:
                parts.append(tuple(part))
        step = step.parent
    if parts:
        return (*parts, (step.changes,))
    return ((step.changes, task.count_inputs(), task.uses_again),)


def _inputs_of(source: StepContext) -> frozenset[InputRef]:
    """Return the inputs of a step, and those right in the steps around it."""
    found = set(source.inputs or ())
    step = source.parent
    while step is not None and step.parent is not None:
        around = step.inputs or {}
        found.update(ref for ref, at in around.items() if when_own(at))
        step = step.parent
    return frozenset(found)


def _new_at(
    task: ActiveTask,
    ref: InputRef,
    declared_at: int,
    inputs: frozenset[InputRef],
) -> int:
    """Return when the state of an input was new.

    Args:
        task: The task.
        ref: The input.
        declared_at: When it was declared.
        inputs: All that go into what is made. What the same made does not count.
    """
    at = used_at(task, ref)
    made = _making_of(task, ref)
    if made is not None and made.at > declared_at:
        # The step itself, or what lies inside it, has produced it since.
        made = made.before
    if made is None or made.at <= at:
        return at
    is_same = bool(inputs) and all(
        one == ref or _is_as_old(task, one, at, inputs) for one in inputs
    )
    if is_same and made.inputs is None:
        is_same = all(used_at(task, one) == made.begun_at for one in inputs)
    elif is_same:
        is_same = made.inputs == inputs
    return max(at, made.other_at) if is_same else made.at


def _is_as_old(
    task: ActiveTask, ref: InputRef, at: int, inputs: frozenset[InputRef]
) -> bool:
    """Whether nothing but the same inputs has made another state of one of them."""
    made = _making_of(task, ref)
    return made is None or made.at <= at or made.inputs == inputs


def _is_of_same_call(
    task: ActiveTask, prefix: str, identity: int, sources: tuple[tuple[Any, ...], ...]
) -> bool:
    """Whether a call of a direct function made an output of the same inputs."""
    seen = task.seen[prefix]
    found = seen.get(identity) or seen.older.get(identity)
    if type(found) is not tuple or len(sources) != 2 or not sources[0]:
        return False
    if sources[1][0] != found[2] or type(sources[0][0]) is int:
        return False
    return all(at == found[1] for _, at, _ in sources[0])


def used_at(task: ActiveTask, ref: InputRef) -> int:
    """Return when a recorded input was new; 0 where that is not known."""
    seen = task.seen.get(ref[0])
    if seen is None:
        return 0
    return seen.at(ref[1] if len(ref) == 2 else ref[1:])


def note_repeated_use(scope: StepContext, ref: InputRef, text: str, at: int) -> bool:
    """Note an input that the task has recorded before; return whether to do so again.

    Args:
        scope: Where it was declared.
        ref: Its edge prefix and identity.
        text: The members to record it by.
        at: When it was declared.
    """
    if scope.makes or not is_another_state(scope, ref, at):
        _note_repeated(scope, ref, text, at)
        return False
    scope.add_input(ref, at)
    return True


def _note_repeated(scope: StepContext, ref: InputRef, text: str, at: int) -> None:
    """Remember an input to be recorded for its step, and those around it."""
    made = _making_of(scope.task, ref)
    changed_at = max(used_at(scope.task, ref), 0 if made is None else made.at)
    repeated: Repeated = [scope, at, text]
    if scope.parent is None:
        _repeat_in_body(scope, ref, repeated, changed_at)
    step = scope
    while step.parent is not None:
        is_own = step is scope
        known = step.inputs.get(ref, 0) if step.inputs else 0
        last = when_own(known) if is_own else when_last(known)
        if not last or changed_at > last:
            step.note_input(ref, at, is_own=is_own)
            _repeat(step, ref, repeated)
        step = step.parent


def _repeat_in_body(
    root: StepContext, ref: InputRef, repeated: Repeated, changed_at: int
) -> None:
    """Remember an input of the task's body, which a step may have had before."""
    known = root.task.of_body
    if changed_at <= known.get(ref, -1):
        return
    root.add_input(ref, repeated[1])
    _repeat(root, ref, repeated)


def _repeat(step: StepContext, ref: InputRef, repeated: Repeated) -> None:
    """Keep an input to be recorded for a step, beside an older state of it."""
    waiting = step.repeated
    if waiting is None:
        waiting = step.repeated = {}
    waiting[(*ref, repeated[1]) if ref in waiting else ref] = repeated


def is_another_state(scope: StepContext, ref: InputRef, at: int) -> bool:
    """Whether the task has produced another state of an input since its last use.

    A step that makes something does not ask: it records what it has used together with
    what it makes.
    """
    task = scope.task
    made = _making_of(task, ref)
    if made is None or made.at <= used_at(task, ref):
        return False
    task.seen[ref[0]][ref[1] if len(ref) == 2 else ref[1:]] = at
    task.uses_again += 1
    task.changed = object()
    return True


def _making_of(task: ActiveTask, ref: InputRef) -> Making | None:
    """Return how a task last produced an input; None if it did not.

    Who produces a folder may have written what is in it.
    """
    prefix, identity = ref[:2]
    produced = task.produced
    if isinstance(identity, str):
        if not produced:
            return None
        last = produced.get(identity)
        if task.folders:
            slash = identity.rfind("/")
            while slash > 0:
                around = task.folders.get(identity[:slash])
                if around is not None and (last is None or last.at < around.at):
                    last = around
                slash = identity.rfind("/", 0, slash)
        return last
    kind = kind_of(prefix)
    last = produced.get((kind, identity)) if produced else None
    if last is not None:
        return last
    for form in made_by(kind):
        seen = task.seen.get(form)
        found = seen and (seen.get(identity) or seen.older.get(identity))
        if type(found) is tuple:
            return Making(found[0], None, found[1])
        if found:
            return Making(found, frozenset())
    return None


def note_output(
    source: StepContext, prefix: str, identity: int | str, at: int, *, is_new: bool
) -> None:
    """Keep when something was produced and of which inputs, and how it was before."""
    task = source.task
    task.changed = object()
    produced = task.produced
    if len(produced) > MAX_OUTPUTS:
        produced.clear()
        task.folders.clear()
    key = identity if isinstance(identity, str) else (kind_of(prefix), identity)
    before = produced.get(key)
    if before is None and not is_new:
        before = _making_of(task, (prefix, identity))
    inputs, other_at = _inputs_of(source), 0
    if before is not None:
        other_at = before.other_at if before.inputs == inputs else before.at
        before = Making(
            before.at, before.inputs, before.begun_at, other_at=before.other_at
        )
    making = produced[key] = Making(at, inputs, 0, before, other_at)
    if isinstance(identity, str) and '"folder"' in prefix:
        task.folders[identity.rstrip("/")] = making


def append_repeated(texts: list[str], step: StepContext) -> None:
    """Record for a step the inputs that its task had recorded before."""
    waiting, step.repeated = step.repeated, None
    for ref, known in (waiting or {}).items():
        if known is None:
            where, at, body = step, step.at, f'{ref[0]},"id":{ref[1]}'
        else:
            where, at, body = known
            known[2] = ""
        if body:
            head = f"{step.task.edge_head}{at}e-9,"
            texts.append(f"{head}{body}{AGAIN}{where.step_member(at)}}}")
            _record_ends(where, at)


def _record_ends(step: StepContext, at: int) -> None:
    """Record the end of a step, and of those around it, that ended unrecorded."""
    for ended in step.lineage():
        if ended.end is not None:
            (end_at, message), ended.end = ended.end, None
            reference = ended.reference_json(at)
            step.task.recorder.ends.append((step.task, reference, end_at, message))


def append_repeated_around(texts: list[str], source: StepContext) -> None:
    """Do so for the step whose inputs an output has, and for those around it."""
    step: StepContext | None = source
    while step is not None:
        if step.repeated:
            append_repeated(texts, step)
        step = step.parent
