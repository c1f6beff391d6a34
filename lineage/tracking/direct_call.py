"""One function for each decorated function: its parameters, its edges, one write.

What a call of a plain function does is written as source text and compiled once, when
the function is decorated: its own parameters are bound by Python's own call, and where
each declaration takes an id, the texts of the edges are constants but for id, time and
key of the step. Whatever is not so plain goes the general way of `CallPlan`.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Sequence
from time import time_ns
from typing import Any, Final

from ..errors import attempt
from ..recording.context import CURRENT, KEYS, MAX_PENDING_ENDS, PlainStep, note_input
from ..recording.fact_json import GENERATED
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
    "lineage_note": note_input,
    "lineage_time": time_ns,
    "lineage_repeat": REPEATS,
    "lineage_handle": handle_internal_error,
    "lineage_log": log_failure,
    "lineage_type": type,
    "lineage_int": int,
}

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
        lineage_step.inputs = lineage_step.repeated = lineage_step.block_inputs = None
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
            lineage_seen[{id}] = None
            if lineage_parent.parent is None:
                lineage_step.inputs = [lineage_ref]
                lineage_step.is_emitted = True
                lineage_count = lineage_number()
                lineage_step.key = lineage_key = (
                    f'"{{lineage_keys.prefix}}{{lineage_count}}"'
                )
                if not lineage_count % {most_ends}:
                    lineage_task.recorder.write_pending_step_ends()
                lineage_text = {first}
            else:
                lineage_note(lineage_step, lineage_ref, None)
                lineage_member = lineage_step.step_member(lineage_at)
                lineage_text = {later}
            if not lineage_task.recorder.keep(lineage_text):
                lineage_task.recorder.forget([lineage_text])
        elif lineage_parent.parent is None:
            lineage_step.inputs = [lineage_ref]
            lineage_step.repeated = {{lineage_ref: None}}
        else:
            lineage_note(lineage_step, lineage_ref, {body})
"""

#: Several inputs: what comes before each of them.
_INPUTS: Final = """\
        lineage_texts = []
        lineage_head = f'{{lineage_task.edge_head}}{{lineage_at}}e-9,'
        if lineage_parent.parent is None:
            lineage_step.inputs = []
            lineage_take = lineage_step.inputs.append
        else:
            lineage_take = None
{inputs}"""

_NEXT_INPUT: Final = """\
        lineage_seen = lineage_task.seen[{seen!r}]
        if {is_new}:
            lineage_seen[{id}] = None
            if lineage_take is not None:
                lineage_take(({prefix!r}, {id}))
            else:
                lineage_note(lineage_step, ({prefix!r}, {id}), None)
            lineage_member = (
                lineage_step.step_ref or lineage_step.step_member(lineage_at)
            )
            lineage_texts.append({next})
        else:
            lineage_note(lineage_step, ({prefix!r}, {id}), {body})
"""

_OUTPUT: Final = """\
        lineage_seen = lineage_task.seen[{seen!r}]
        if {is_new}:
            lineage_seen[{id}] = None
            lineage_texts.append({next})
"""

_IS_REPEATED: Final = "lineage_seen.setdefault({id}) is None"
#: How it is known that an id was not recorded before: see `Seen.claim`.
_IS_NEW: Final = (
    "{id} not in lineage_seen.older "
    "and lineage_seen.setdefault({id}, lineage_at) is lineage_at"
)

_WRITE: Final = """\
        if lineage_texts:
            lineage_task.recorder.write(lineage_texts)
"""

_END: Final = """\
    if lineage_step.is_emitted:
        lineage_task = lineage_step.task
        lineage_ends = lineage_task.recorder.ends
        lineage_ends.append((lineage_task, lineage_step.key, lineage_time(), None))
    elif lineage_step.is_referenced:
        lineage_attempt(lineage_finish, (lineage_step, lineage_result), lineage_handle)
    return lineage_result
"""

_FINISH: Final = """\
    lineage_step.values = ({values})
    lineage_attempt(lineage_finish, (lineage_step, lineage_result), lineage_handle)
    return lineage_result
"""

#: Outputs whose ids are there, of a step that has recorded its inputs.
_PLAIN_FINISH: Final = """\
    lineage_task = lineage_step.task
    if (
        lineage_step.inputs and lineage_step.is_emitted and not lineage_step.repeated
        and not lineage_task.is_pending{if_ids}
    ):
        lineage_at = lineage_time()
        lineage_texts = []
        lineage_head = f'{{lineage_task.edge_head}}{{lineage_at}}e-9,'
        lineage_member = lineage_step.step_ref or lineage_step.step_member(lineage_at)
        lineage_member += f',"scope":{{lineage_step.key}}'
{outputs}    else:
        lineage_step.values = ({values})
        lineage_attempt(lineage_finish, (lineage_step, lineage_result), lineage_handle)
        return lineage_result
"""


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
        (text,) = _texts(_INPUT, inputs, names, plan)
    else:
        texts = "".join(_texts(_NEXT_INPUT, inputs, names, plan))
        text = _INPUTS.format(inputs=texts + _WRITE) if texts else ""
    return {"unless_ids": _unless_ids(names), "inputs": text}


def _finish(signature: Signature, plan: CallPlan, values: str) -> str:
    """Return the text of what follows the call."""
    outputs = plan.outputs
    if not outputs:
        return _END
    known = [*signature.parameters, "lineage_result"]
    is_plain = (
        _are_plain(outputs, len(known))
        and not any(e.is_input or e.declaration.repeat for e in outputs)
        and bool(plan.inputs)
    )
    if not is_plain:
        return _FINISH.format(values=values)
    names = [known[_index(e)] for e in outputs]
    made = "".join(_texts(_OUTPUT, outputs, names, plan))
    checks = "".join(f" and {_is_id(name)}" for name in dict.fromkeys(names))
    return _PLAIN_FINISH.format(
        if_ids=checks, outputs=made + _WRITE, values=values
    ) + _END  # fmt: skip


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


def _texts(
    template: str,
    compiled: Sequence[CompiledDeclaration],
    names: list[str],
    plan: CallPlan,
) -> Iterator[str]:
    for one, name in zip(compiled, names, strict=True):
        repeats = one.declaration.repeat
        body = f'{one.edge_prefix},"id":{{{name}}}'
        if repeats:
            body += ',"repeat":{lineage_repeat()}'
        head, key = "{lineage_task.edge_head}{lineage_at}e-9,", "{lineage_key}"
        step = f',"step":{{{{"key":{key},"name":{_escaped(plan.step_name)}}}}}'
        yield template.format(
            # What is recorded each time is remembered apart, and never the same.
            seen=one.edge_prefix + (',"repeat":true' if repeats else ""),
            is_new=(_IS_REPEATED if repeats else _IS_NEW).format(id=name),
            prefix=one.edge_prefix,
            id=name,
            body=_f_string(body),
            most_ends=MAX_PENDING_ENDS,
            first=_f_string(f"{head}{body}{step}}}}}"),
            later=_f_string(f"{head}{body}{{lineage_member}}}}}}"),
            next=_f_string(f"{{lineage_head}}{body}{{lineage_member}}}}}}"),
        )


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _f_string(text: str) -> str:
    """Return the source of an f-string; what it inserts are expressions by name."""
    return f"f{text!r}"
