"""One function for each decorated function: its parameters, its edges, one write.

What a call of a plain function does is written as source text and compiled once, when
the function is decorated: its own parameters are bound by Python's own call, and where
each declaration takes an id, the texts of the edges are constants but for id, time and
key of the step. Whatever is not so plain goes the general way of `CallPlan`.
"""

# Longer than 400 lines: what a generated function does is read as one text.

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Sequence
from time import time_ns
from typing import Any, Final

from ..errors import attempt
from ..recording.context import (
    AGAIN,
    CURRENT,
    KEYS,
    MAX_PENDING_ENDS,
    PlainStep,
    Seen,
    StepContext,
)
from ..recording.derivation import (
    append_repeated_around,
    has_other_sources,
    made_by,
    note_output,
    note_repeated_use,
)
from ..recording.fact_json import GENERATED, kind_of
from ..recording.json_text import BETWEEN_FACTS
from ..runtime import HOLDER
from .call_plan import (
    REPEATS,
    TOO_LARGE,
    CallPlan,
    CompiledDeclaration,
    Wrapper,
    handle_internal_error,
    log_failure,
    process_root,
    restore_context,
)
from .signatures import Signature, arguments_text, parameters_text

#: Names of ours in a generated function; no parameter may be called so.
_OWN: Final = "lineage_"
#: More declarations of a function than this go the general way.
_MOST_EDGES: Final = 8

_GENERAL: Final = """\
def {name}({parameters}):
    lineage_step = lineage_attempt(lineage_open, ({values}), lineage_handle)
    if lineage_step is None:
        return lineage_wrapped({arguments})
{call}{finish}"""

_PLAIN: Final = """\
def {name}({parameters}):
    lineage_before = lineage_current()
    lineage_parent = lineage_before
    if lineage_parent is None:
        lineage_now = lineage_holder.runtime
        lineage_process = None if lineage_now is None else lineage_now.recorder.process
        if lineage_process is None:
            lineage_parent = lineage_attempt(lineage_process_root, (), lineage_handle)
            if lineage_parent is None:
                return lineage_wrapped({arguments})
        else:
            lineage_parent = lineage_process.root
    lineage_task = lineage_parent.task
    if lineage_task.is_ended or lineage_task.is_pending{unless_ids}:
        lineage_step = lineage_attempt(lineage_open, ({values}), lineage_handle)
        if lineage_step is None:
            return lineage_wrapped({arguments})
    else:
        # `StepContext.__init__`, whose call is felt.
        lineage_step = lineage_Step()
        lineage_step.task = lineage_task
        lineage_step.parent = lineage_parent
        lineage_step.name = {step_name!r}
        lineage_step.previous = lineage_before
        lineage_step.key = lineage_step.step_ref = ""
        lineage_step.is_emitted = lineage_step.is_referenced = False
        lineage_step.inputs = lineage_step.repeated = None
        lineage_step.block_inputs = lineage_step.end = None
        lineage_step.changes, lineage_step.makes = 0, {makes}
        lineage_step.values = ()
        lineage_at = lineage_step.at = lineage_time()
{inputs}{call}{finish}"""

_CALL: Final = """\
    lineage_set(lineage_step)
    try:
        lineage_result = lineage_wrapped({arguments})
    except BaseException as lineage_error:
        lineage_restore(lineage_step)
        lineage_step.values = ({values})
        lineage_attempt(lineage_fail, (lineage_step, lineage_error), lineage_log)
        raise
    if lineage_current() is lineage_step:
        lineage_set(lineage_step.previous)
"""

#: The only input: most functions have one.
_INPUT: Final = """\
        lineage_seen = lineage_task.seen[{seen!r}]
        lineage_ref = ({prefix!r}, {id})
        if {is_new}:
            if lineage_parent.parent is None:
                lineage_step.inputs = {{lineage_ref: lineage_at}}
                lineage_step.is_emitted = True
                lineage_count = lineage_number()
                lineage_step.key = lineage_key = (
                    f'"{{lineage_keys.prefix}}{{lineage_count}}"'
                )
                if not lineage_count % {most_ends}:
                    lineage_task.recorder.write_pending_step_ends()
                lineage_text = {first}
            else:
                lineage_step.add_input(lineage_ref, lineage_at)
                lineage_member = lineage_step.step_member(lineage_at)
                lineage_text = {later}
            if not lineage_task.recorder.keep(lineage_text):
                lineage_task.recorder.forget([lineage_text])
        elif lineage_parent.parent is None and {is_known}:
            lineage_step.inputs = {{lineage_ref: lineage_at}}
            lineage_step.repeated = {{lineage_ref: None}}
        else:
            lineage_edges = ((lineage_seen, {prefix!r}, {id}, {body}, False),)
            lineage_inputs(lineage_step, lineage_edges, lineage_uses, {key})
"""

#: Several inputs. Most calls name ids that are all new, or that are all known.
_INPUTS: Final = """\
        lineage_known = lineage_task.seen
{claims}        if {all_new}:
{shown}            lineage_head = f'{{lineage_task.edge_head}}{{lineage_at}}e-9,'
            if lineage_parent.parent is None:
                lineage_step.inputs = {{{refs}}}
                lineage_step.is_emitted = True
                lineage_count = lineage_number()
                lineage_step.key = lineage_key = (
                    f'"{{lineage_keys.prefix}}{{lineage_count}}"'
                )
                if not lineage_count % {most_ends}:
                    lineage_task.recorder.write_pending_step_ends()
                lineage_member = {first_member}
            else:
                for lineage_ref in {{{refs}}}:
                    lineage_step.add_input(lineage_ref, lineage_at)
                lineage_member = lineage_step.step_member(lineage_at)
                lineage_key = lineage_step.key
            lineage_text = {texts}
            if not lineage_task.recorder.{keep}:
                lineage_task.recorder.forget(lineage_text.split({between!r}))
        elif lineage_parent.parent is None and not ({any_new}) and {is_known}:
            lineage_step.inputs = {{{refs}}}
            lineage_step.repeated = lineage_none(lineage_step.inputs)
        else:
            lineage_inputs(lineage_step, ({edges}), lineage_uses, {key})
"""

_OUTPUTS: Final = """\
        lineage_known = lineage_task.seen
        lineage_root = lineage_task.root
        lineage_claim = (lineage_at, lineage_step.at, lineage_root.changes)
{claims}        if {all_new} and not lineage_root.repeated:
{shown}            lineage_head = f'{{lineage_task.edge_head}}{{lineage_at}}e-9,'
            lineage_key = lineage_step.key
            lineage_member = f',"step":{{lineage_key}},"scope":{{lineage_key}}'
            lineage_text = {texts}
            lineage_task.changed = lineage_claim
            if not lineage_task.recorder.{keep}:
                lineage_task.recorder.forget(lineage_text.split({between!r}))
        else:
            lineage_outputs(lineage_step, lineage_at, ({edges}))
"""

_CLAIM: Final = """\
        {seen} = lineage_known[{prefix!r}]
        {new} = {is_new}
"""

#: An id that several declarations take is written in decimal digits once.
_SHOWN: Final = """\
            {shown} = f'{{{name}}}'
"""

_IS_REPEATED: Final = "{seen}.setdefault({id}) is None"
#: How it is known that an id was not recorded before: see `Seen.claim`.
_IS_NEW: Final = "{id} not in {seen}.older and {seen}.setdefault({id}, {at}) is {at}"

#: The task did not change since the call recorded nothing, or has produced none of it.
_IS_KNOWN: Final = """(
            lineage_uses.get({ids}) is (lineage_changed := lineage_task.changed)
            or not ({made})
            and lineage_remember(lineage_uses, {ids}, lineage_changed)
        )"""

_END: Final = """\
    if lineage_step.is_emitted:
        lineage_task = lineage_step.task
        lineage_ends = lineage_task.recorder.ends
        lineage_ends.append((lineage_task, lineage_step.key, lineage_time(), None))
    elif lineage_step.is_referenced or lineage_step.changes:
        lineage_attempt(lineage_finish, (lineage_step, lineage_result), lineage_handle)
    return lineage_result
"""

_FINISH: Final = """\
    lineage_step.values = ({values})
    lineage_attempt(lineage_finish, (lineage_step, lineage_result), lineage_handle)
    return lineage_result
"""

#: Outputs whose ids are there. A step right in the task's body, with the inputs that it
#: declares and no others (`changes`), has recorded them, or they are all known: then
#: its outputs most often are, too.
_PLAIN_FINISH: Final = """\
    lineage_task = lineage_step.task
    lineage_changed = lineage_task.changed
    if (
        lineage_step.changes or not lineage_step.inputs
        or lineage_task.is_pending{unless_ids}
    ):
        lineage_step.values = ({values})
        lineage_attempt(lineage_finish, (lineage_step, lineage_result), lineage_handle)
        return lineage_result
    elif lineage_step.is_emitted and not lineage_step.repeated:
        lineage_at = lineage_time()
{outputs}    elif (
        lineage_made.get({key}) is not lineage_changed
        or lineage_step.is_emitted or lineage_step.is_referenced
        or lineage_task.recorder.looks
    ):
        lineage_step.values = ({values})
        lineage_attempt(lineage_finish, (lineage_step, lineage_result), lineage_handle)
        if not lineage_step.is_emitted:
            lineage_remember(lineage_made, {key}, lineage_changed)
        return lineage_result
"""

#: One edge of several: where its id is remembered, its prefix, its id, its members,
#: and whether it is new.
_OneOfSeveral = tuple[Seen, str, int, str, bool]

#: By the ids of a call: what `ActiveTask.changed` was when it recorded nothing.
_Unchanged = dict[object, object]
#: More calls of a function than this are not remembered.
_MOST_CALLS: Final = 1024


def _remember(calls: _Unchanged, ids: object, changed: object) -> bool:
    """Remember a call that records nothing as long as its task does not change."""
    if len(calls) >= _MOST_CALLS:
        calls.clear()
    calls[ids] = changed
    return True


def _record_inputs(
    step: StepContext, edges: Iterable[_OneOfSeveral], calls: _Unchanged, ids: object
) -> None:
    """Record the inputs of a step of which some were recorded before."""
    changed = step.task.changed
    head, texts = f"{step.task.edge_head}{step.at}e-9,", []
    for _, prefix, identity, body, is_new in edges:
        ref = (prefix, identity)
        if is_new:
            step.add_input(ref, step.at)
        elif not note_repeated_use(step, ref, body, step.at):
            continue
        again = "" if is_new else AGAIN
        member = step.step_ref or step.step_member(step.at)
        texts.append(f"{head}{body}{again}{member}}}")
    if texts:
        step.task.recorder.write(texts)
    else:
        _remember(calls, ids, changed)


def _record_outputs(step: StepContext, at: int, edges: Iterable[_OneOfSeveral]) -> None:
    """Record the outputs of a step of which some were recorded before."""
    head, texts = f"{step.task.edge_head}{at}e-9,", list[str]()
    for seen, prefix, identity, body, is_new in edges:
        source = (step, step, prefix, identity, "", "", at)
        if not has_other_sources(*source, is_new=is_new):
            continue
        append_repeated_around(texts, step)
        again = "" if is_new else AGAIN
        if is_new:
            seen[identity] = at  # There is more in the step than its own inputs.
        note_output(step, prefix, identity, at, is_new=is_new)
        texts.append(f'{head}{body}{again},"step":{step.key},"scope":{step.key}}}')
    if texts:
        step.task.recorder.write(texts)


#: What generated functions use, by their names in the texts below.
_USED: Final[dict[str, Any]] = {
    "lineage_attempt": attempt,
    "lineage_current": CURRENT.get,
    "lineage_set": CURRENT.set,
    "lineage_process_root": process_root,
    "lineage_holder": HOLDER,
    "lineage_restore": restore_context,
    "lineage_Step": PlainStep,
    "lineage_keys": KEYS,
    "lineage_number": KEYS.number,
    "lineage_inputs": _record_inputs,
    "lineage_outputs": _record_outputs,
    "lineage_remember": _remember,
    "lineage_time": time_ns,
    "lineage_repeat": REPEATS,
    "lineage_handle": handle_internal_error,
    "lineage_log": log_failure,
    "lineage_none": dict.fromkeys,
    "lineage_type": type,
    "lineage_int": int,
}


def direct_wrapper(
    function: Callable[..., Any], signature: Signature, plan: CallPlan
) -> Wrapper | None:
    """Generate what a call of a decorated function does; None for what is no function.

    The generated function calls the decorated one itself.

    Args:
        function: The function itself.
        signature: Its parameters.
        plan: Its declarations, compiled.
    """
    if not _shows_its_parameters(function):
        return None
    used = dict(_USED)
    parameters = parameters_text(signature.details, used)
    values = "".join(f"{name}," for name in signature.parameters)
    arguments = arguments_text(signature.details)
    parts = _plain_parts(signature, plan)
    source = (_GENERAL if parts is None else _PLAIN).format(
        name="lineage_call",
        parameters=parameters,
        values=values,
        arguments=arguments,
        call=_CALL.format(arguments=arguments, values=values),
        finish=_finish(signature, plan, values),
        step_name=plan.step_name,
        **(parts or {}),
    )
    used["lineage_wrapped"] = function
    used["lineage_uses"], used["lineage_made"] = {}, {}
    used["lineage_open"] = plan.open
    used["lineage_finish"] = plan.finish
    used["lineage_fail"] = plan.fail
    made = _compiled(source, function, used)

    def call(_wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        if instance is None:
            return made(*args, **kwargs)
        return made(instance, *args, **kwargs)

    call.direct = made  # type: ignore[attr-defined]  # `TrackedFunction` calls it
    return call


def _compiled(
    source: str, function: Callable[..., Any], used: dict[str, Any]
) -> Callable[..., Any]:
    place = f"{GENERATED}call of {function.__name__}>"
    exec(compile(source, place, "exec"), used)  # noqa: S102  identifiers, reprs and the texts above
    made: Callable[..., Any] = used["lineage_call"]
    # A wrong call is refused in the function's own name.
    made.__name__, made.__qualname__ = function.__name__, function.__qualname__
    return made


def _shows_its_parameters(function: Any) -> bool:
    """Whether what `inspect` shows is what a call of it takes."""
    if type(function) is not types.FunctionType:
        return False
    if "__wrapped__" in vars(function) or "__signature__" in vars(function):
        return False
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + 2]
    return not any(name.startswith(_OWN) for name in names)


def _plain_parts(signature: Signature, plan: CallPlan) -> dict[str, str] | None:
    """Return the texts for inputs that are all plain ids; None for other inputs."""
    inputs = plan.inputs
    if plan.is_block or not _are_plain(inputs, len(signature.parameters)):
        return None
    names = [signature.parameters[_index(e)] for e in inputs]
    if len(inputs) == 1:
        text = _only_input(inputs[0], names[0], plan)
    else:
        text = _several(_INPUTS, inputs, names, plan) if inputs else ""
    makes = str(bool(plan.outputs))
    return {"unless_ids": _unless_ids(names), "inputs": text, "makes": makes}


def _finish(signature: Signature, plan: CallPlan, values: str) -> str:
    """Return the text of what follows the call."""
    outputs = plan.outputs
    if not outputs:
        return _END
    known = [*signature.parameters, "lineage_result"]
    is_plain = (
        _are_plain(outputs, len(known))
        and not any(e.is_input for e in outputs)
        and not any(e.declaration.repeat for e in (*plan.inputs, *outputs))
        and bool(plan.inputs)
    )
    if not is_plain:
        return _FINISH.format(values=values)
    names = [known[_index(e)] for e in outputs]
    made = _several(_OUTPUTS, outputs, names, plan)
    inputs = [signature.parameters[_index(e)] for e in plan.inputs]
    plain = _PLAIN_FINISH.format(
        unless_ids=_unless_ids([*inputs, *names]),
        key=_key([*inputs, *names]),
        outputs=made,
        values=values,
    )
    return plain + _END


def _key(names: Iterable[str]) -> str:
    """Return the text of what a call is remembered by: the ids that it names."""
    return f"({', '.join(dict.fromkeys(names))},)"


def _index(compiled: CompiledDeclaration) -> int:
    return -1 if compiled.index is None else compiled.index


def _are_plain(compiled: Sequence[CompiledDeclaration], known: int) -> bool:
    """Whether each takes one id by its name, and none what another one takes."""
    prefixes = {one.edge_prefix for one in compiled}
    is_each_plain = all(0 <= _index(one) < known for one in compiled)
    return is_each_plain and len(compiled) == len(prefixes) <= _MOST_EDGES


def _is_id(name: str) -> str:
    return f"lineage_type({name}) is lineage_int and 0 < {name} < {TOO_LARGE}"


def _unless_ids(names: list[str]) -> str:
    return "".join(f" or not ({_is_id(name)})" for name in dict.fromkeys(names))


def _only_input(one: CompiledDeclaration, name: str, plan: CallPlan) -> str:
    head = "{lineage_task.edge_head}{lineage_at}e-9,"
    body = _body(one, name)
    return _INPUT.format(
        seen=_seen(one),
        is_new=_is_new(one, name, "lineage_seen", "lineage_at"),
        is_known=_is_known([one], [name], plan),
        key=name,
        prefix=one.edge_prefix,
        id=name,
        body=_f_string(body),
        most_ends=MAX_PENDING_ENDS,
        first=_f_string(f"{head}{body}{_whole_step(plan)}}}}}"),
        later=_f_string(f"{head}{body}{{lineage_member}}}}}}"),
    )


def _several(
    template: str,
    compiled: Sequence[CompiledDeclaration],
    names: list[str],
    plan: CallPlan,
) -> str:
    """Return the text for the inputs, or the outputs, of a function."""
    claims, edges, texts, refs = "", "", [], ""
    at = "lineage_at" if template is _INPUTS else "lineage_claim"
    shared = sorted({name for name in names if names.count(name) > 1})
    shown = {name: f"lineage_shown{number}" for number, name in enumerate(shared)}
    for number, (one, name) in enumerate(zip(compiled, names, strict=True)):
        seen, new = f"lineage_seen{number}", f"lineage_new{number}"
        claims += _CLAIM.format(
            seen=seen, new=new, prefix=_seen(one), is_new=_is_new(one, name, seen, at)
        )
        body = _body(one, name)
        refs += f"({one.edge_prefix!r}, {name}): lineage_at, "
        edges += f"({seen}, {one.edge_prefix!r}, {name}, {_f_string(body)}, {new}), "
        is_later = template is _INPUTS and number
        step = ',"step":{lineage_key}' if is_later else "{lineage_member}"
        body = _body(one, shown.get(name, name))
        texts.append(f"{{lineage_head}}{body}{step}}}}}")
    count, flags = len(texts), [f"lineage_new{n}" for n in range(len(texts))]
    keep = f"keep_joined(lineage_text, {count})" if count > 1 else "keep(lineage_text)"
    return template.format(
        claims=claims,
        all_new=" and ".join(flags),
        any_new=" or ".join(flags),
        is_known=_is_known(compiled, names, plan),
        key=_key(names),
        shown="".join(_SHOWN.format(shown=shown[name], name=name) for name in shown),
        refs=refs,
        edges=edges,
        texts=_f_string(BETWEEN_FACTS.join(texts)),
        first_member=_f_string(_whole_step(plan)),
        keep=keep,
        between=BETWEEN_FACTS,
        most_ends=MAX_PENDING_ENDS,
    )


def _seen(one: CompiledDeclaration) -> str:
    """Return what an edge is remembered by: what repeats apart, and never the same."""
    return one.edge_prefix + (',"repeat":true' if one.declaration.repeat else "")


def _is_new(one: CompiledDeclaration, name: str, seen: str, at: str) -> str:
    form = _IS_REPEATED if one.declaration.repeat else _IS_NEW
    return form.format(id=name, seen=seen, at=at)


def _is_known(
    compiled: Sequence[CompiledDeclaration], names: list[str], plan: CallPlan
) -> str:
    """Return when inputs that were recorded before are not recorded again."""
    if plan.outputs:
        return "True"  # They are recorded with what is made of them.
    made = {
        f"{name} in lineage_task.seen[{prefix!r}]"
        for one, name in zip(compiled, names, strict=True)
        for prefix in made_by(kind_of(one.edge_prefix))
    }
    made |= {
        f"({kind_of(one.edge_prefix)!r}, {name}) in lineage_task.produced"
        for one, name in zip(compiled, names, strict=True)
    }
    ids = names[0] if len(names) == 1 else _key(names)
    return _IS_KNOWN.format(ids=ids, made=" or ".join(sorted(made)))


def _body(one: CompiledDeclaration, name: str) -> str:
    """Return the members of an edge as part of an f-string, without its step."""
    repeat = ',"repeat":{lineage_repeat()}' if one.declaration.repeat else ""
    return f'{one.edge_prefix},"id":{{{name}}}{repeat}'


def _whole_step(plan: CallPlan) -> str:
    name = _escaped(plan.step_name)
    return f',"step":{{{{"key":{{lineage_key}},"name":{name}}}}}'


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _f_string(text: str) -> str:
    """Return the source of an f-string; what it inserts are expressions by name."""
    return f"f{text!r}"
