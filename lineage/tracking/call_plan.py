"""Call plans: all declarations of one function, compiled, evaluated by each call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import time_ns
from typing import Any

from ..errors import attempt, warn_rarely
from ..recording.context import CURRENT, DisabledScope, StepContext, step_name
from ..runtime import runtime
from .compiled import CompiledDeclaration, Values, compile_declaration
from .declaration import Declaration
from .signatures import Signature
from .sources import AUTO

#: A call as wrapt hands it over: instance, args, kwargs.
Arguments = tuple[Any, tuple[Any, ...], dict[str, Any]]


#: A call or block under way: its step, which also keeps the call's values.
Opened = StepContext


def process_root() -> StepContext:
    """Return the body of the process's own task."""
    recorder = runtime().recorder
    return (recorder.process or recorder.process_task()).root


class CallPlan:
    """What to evaluate before and after each call of a function.

    Args:
        name: The step's name.
        inputs: Evaluated before the body.
        outputs: Evaluated after it, late inputs first.
        signature: The function's; None for a block, which has no parameters.
        params: The step's own parameters, as a JSON object.
    """

    __slots__ = (
        "_bind",
        "has_params",
        "inputs",
        "is_block",
        "on_error",
        "outputs",
        "step_name",
        "wants_result",
    )

    def __init__(
        self,
        name: str,
        inputs: Sequence[CompiledDeclaration],
        outputs: Sequence[CompiledDeclaration],
        signature: Signature | None = None,
        params: str = "",
    ) -> None:
        #: As JSON text.
        self.step_name = step_name(name, params)
        self.has_params = bool(params)
        self._bind: Callable[..., Values] = signature.bind if signature else _nothing
        #: Whether it is the block of a declaration, which joins those around it.
        self.is_block = signature is None and bool(inputs or outputs)
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.on_error = tuple(e for e in outputs if e.declaration.on_error)
        self.wants_result = any(_wants_result(e.declaration) for e in outputs)

    def begin(self, call: Arguments) -> Opened | None:
        """Bind a call and record its inputs; None when it is not to be recorded.

        A call that the function's own signature refuses records nothing.
        """
        instance, args, kwargs = call
        try:
            if instance is None:
                values = self._bind(*args, **kwargs)
            else:
                values = self._bind(instance, *args, **kwargs)
        except TypeError:
            return None  # the function itself is about to raise
        opened = self.open(values)
        if opened is not None:
            opened.values = values
        return opened

    def open(self, values: Values) -> Opened | None:
        """Open the step of a call and record its inputs; None inside `disabled()`."""
        current = CURRENT.get()
        if current is None:
            parent = process_root()
        elif isinstance(current, DisabledScope):
            return None
        elif current.task.is_ended:
            parent = runtime().recorder.process_root()
        else:
            parent = current
        scope = StepContext(parent.task, parent, self.step_name, current, self.is_block)
        if self.inputs:
            _record(self.inputs, scope, values)
        if not scope.at:
            scope.at = time_ns()
        return scope

    def accepts(self, instance: Any, args: Any, kwargs: Any) -> bool:
        """Whether the function's own signature accepts a call."""
        try:
            self._bind(*(() if instance is None else (instance,)), *args, **kwargs)
        except TypeError:
            return False
        return True

    def finish(self, end: tuple[StepContext, Any]) -> None:
        """Record the outputs of a call that succeeded."""
        scope, result = end
        if self.outputs:
            values = (*scope.values, result, None)
            _record(self.outputs, scope, values)
        scope.values = ()
        if scope.is_emitted or scope.is_referenced or scope.task.recorder.looks:
            scope.task.recorder.end_step(scope)

    def abandon(self, scope: StepContext) -> None:
        """End the step of a generator that was closed before its end."""
        scope.values = ()
        scope.task.recorder.end_step(scope)

    def fail(self, end: tuple[StepContext, BaseException]) -> None:
        """Record the `on_error` outputs of a call that raised."""
        scope, error = end
        if self.on_error:
            values = (*scope.values, None, error)
            _record(self.on_error, scope, values)
        scope.values = ()
        scope.task.recorder.end_step(scope, error)


def compile_plan(
    items: Sequence[Declaration], signature: Signature, name: str
) -> CallPlan:
    """Compile a function's declarations.

    Raises:
        DeclarationError: One of them can never work.
    """
    listed = list(items)
    made = [e for s in listed for e in compile_declaration(s, signature, listed)]
    late = [e for e in made if e.is_input and _is_late(e.declaration)]
    return CallPlan(
        name,
        [e for e in made if e.is_input and not _is_late(e.declaration)],
        [*late, *(e for e in made if not e.is_input)],
        signature,
    )


def _is_late(declaration: Declaration) -> bool:
    return declaration.after and not declaration.is_update


def _nothing() -> Values:
    return ()


def _wants_result(declaration: Declaration) -> bool:
    """Whether a declaration looks at the result (asking too often is harmless)."""
    asked = (
        declaration.source,
        declaration.when,
        declaration.version,
        *(declaration.derived_from or ()),
    )
    return declaration.source is AUTO or any(
        callable(s) or (isinstance(s, str) and s.startswith("result")) for s in asked
    )


def _record(
    evaluated: tuple[CompiledDeclaration, ...], scope: StepContext, values: Values
) -> None:
    texts: list[str] = []
    recorder = scope.task.recorder
    try:
        for compiled in evaluated:
            call = (recorder, scope, texts, values)
            attempt(compiled.record, call, compiled.count_failure)
    finally:
        if texts:
            recorder.write(texts)


def restore_context(opened: Opened) -> None:
    """Restore the context that was current before the call.

    Restores only what it set itself: a coroutine that is thrown away may be closed
    in a context that never knew of it.
    """
    if CURRENT.get() is opened:
        CURRENT.set(opened.previous)


def handle_internal_error(error: Exception) -> None:
    """Handle a failure of lineage's own work: logged rarely, raised in strict mode."""
    if runtime().recorder.is_strict:
        raise error
    log_failure(error)


def log_failure(error: Exception) -> None:
    """Log an internal failure while the caller's own exception propagates."""
    warn_rarely("tracking", "Recording failed: %s", error, exc_info=error)
