"""Call plans: what a call of a function records, evaluated before and after it.

A plan holds the compiled declarations of one function: each finds its values in those
of the call, and writes their edges.
"""

# Longer than 400 lines: a plan and the declarations in it are evaluated together.

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import itemgetter
from time import time_ns
from typing import TYPE_CHECKING, Any, Final

from .. import threads
from ..errors import SourceError, attempt, warn_rarely
from ..model.kinds import TEXT_KINDS
from ..model.refs import Ref
from ..recording.context import CURRENT, DisabledScope, StepContext
from ..recording.edges import local_path, masked_place
from ..recording.fact_json import derived_from
from ..recording.json_text import compact, step_name
from ..runtime import runtime
from .cards import own_node_meta, relation_meta
from .coercion import ArtifactRef, flatten, info_kind, to_artifact_ref
from .signatures import Signature
from .snapshot import named_version, version_text
from .sources import AUTO, Getter, ParameterGetter

#: Numbers the edges that are recorded each time.
REPEATS: Final = threads.counter()
TOO_LARGE: Final = 2**63
#: When this many values in a row cannot be recorded and none could, the rest of
#: the list is skipped: a list of a million wrong values must not cost seconds.
MAX_FAILURES: Final = 16

Values = tuple[Any, ...]

if TYPE_CHECKING:
    from ..recording.recorder import Recorder
    from .declaration import Declaration

    #: What evaluating a declaration needs of a call: recorder, step, texts so far,
    #: values.
    CallContext = tuple[Recorder, StepContext, list[str], Values]

#: An input that fed an output: its kind and its identity in the journal.
Origin = tuple[str, int | str]


class RecordingContext:
    """One recording: the step it happens in, and the texts written so far."""

    __slots__ = (
        "card",
        "derived",
        "is_early",
        "node",
        "recorder",
        "scope",
        "texts",
        "version",
    )

    def __init__(
        self,
        recorder: Recorder,
        scope: StepContext,
        texts: list[str],
        version: Any = None,
        *,
        is_early: bool = False,
    ) -> None:
        self.recorder = recorder
        self.scope = scope
        self.texts = texts
        self.version = version
        #: Cards that know the call; None: those of the declaration.
        self.card: Any = None
        self.node: Any = None
        self.derived = ""
        #: Whether an output may still be written after it is declared.
        self.is_early = is_early


class CompiledDeclaration:
    """One direction of a declaration, ready to record the values of calls.

    Args:
        declaration: The declaration.
        where: The declaration and its function, for messages.
        get: Returns the value from a call's values; None for a value that is passed
            to `record_value` directly, and for the task's own session.
        is_input: The direction (work in place has one of these for each).
        when: Returns whether to record at all.
        version: Returns the version.
        derived: Returns what an output is derived from.
        card: Returns the card, where it takes more than the artifact.
        node: The same of the task's own node.
    """

    __slots__ = (
        "_prefixes",
        "card",
        "declaration",
        "derived",
        "edge_prefix",
        "get",
        "index",
        "is_input",
        "is_plain_id",
        "node",
        "version",
        "when",
        "where",
    )

    def __init__(
        self,
        declaration: Declaration,
        where: str,
        get: Getter | None = None,
        *,
        is_input: bool,
        when: Getter | None = None,
        version: Getter | None = None,
        derived: Getter | None = None,
        card: Getter | None = None,
        node: Getter | None = None,
    ) -> None:
        self.declaration = declaration
        self.card = card
        self.node = node
        self.where = where
        self.get = get
        self.is_input = is_input
        self.when = when
        self.version = version
        self.derived = derived
        kind = declaration.kind
        self._prefixes = _EdgePrefixes(
            is_input, declaration.is_update, declaration.model_weight
        )
        # Most values are ids: ids of this kind need no closer look.
        is_plain = (
            kind not in (None, "folder")
            and (when is version is derived is None)
            and declaration.version is None
            and declaration.card is declaration.node is None
            and get is not None
        )
        self.is_plain_id = is_plain and not declaration.repeat
        self.edge_prefix = self._prefixes[kind or "", False]
        #: The position of the id among a call's values, where the source is a name.
        self.index: int | None = None
        if isinstance(get, ParameterGetter):
            self.get = itemgetter(get.index)
            self.index = get.index if is_plain else None

    def record(self, call: CallContext) -> None:
        """Evaluate the sources with a call's values and record the edges."""
        recorder, scope, texts, values = call
        if self.is_plain_id:
            value = self.get(values)  # type: ignore[misc]  # a plain id has a getter
            if type(value) is int and 0 < value < TOO_LARGE:
                recorder.append_edge(
                    texts, scope, self.edge_prefix, value, self.is_input
                )
                return
        elif self.when is not None and not self.when(values):
            return
        else:
            value = None if self.get is None else self.get(values)
        if value is not None or self.get is None:
            context = RecordingContext(recorder, scope, texts)
            context.version = None if self.version is None else self.version(values)
            context.card = None if self.card is None else self.card(values)
            context.node = None if self.node is None else self.node(values)
            if self.derived is not None:
                named = self.derived(values)
                context.derived = derivation_member(recorder, scope, named, self.where)
            if self.get is None:
                self.record_own_session(context)
            else:
                self.record_value(context, value)

    def record_value(self, context: RecordingContext, value: Any) -> None:
        """Record what a source returned; each of many values fails alone.

        Args:
            context: The recording it belongs to.
            value: A value, many, or None for nothing.
        """
        recorded = failed = 0

        def record(single: Any) -> None:
            nonlocal recorded
            self._record_one(context, single)
            recorded += 1

        def fail(error: Exception) -> None:
            nonlocal failed
            failed += 1
            context.recorder.count_failure(self.where, error)

        for item in flatten(value):
            attempt(record, item, fail)
            if failed >= MAX_FAILURES and not recorded:
                break

    def record_own_session(self, context: RecordingContext) -> None:
        """Record that the task's own session is what was produced."""
        task = context.scope.task
        known = task.task_id if task.task_id is not None else task.key
        artifact = ArtifactRef("app", known, task.name or "app")
        context.recorder.append_edge(
            context.texts,
            context.scope,
            self._prefixes["app", False],
            known,
            False,
            self._identity_members(context, artifact),
            ',"module":true',
            context.derived,
        )

    def count_failure(self, error: Exception) -> None:
        """Count and log a failure of this declaration alone."""
        runtime().recorder.count_failure(self.where, error)

    def _record_one(self, context: RecordingContext, value: Any) -> None:
        artifact = to_artifact_ref(value, self.declaration.kind)
        context.recorder.append_artifact(
            context,
            artifact,
            self._prefixes[artifact.kind, artifact.is_model],
            self._identity_members(context, artifact),
            is_input=self.is_input,
        )

    def _identity_members(
        self, context: RecordingContext, artifact: ArtifactRef
    ) -> str:
        """Return the members that make it another fact: version, card, repetition."""
        text = ""
        if artifact.kind == "project":
            # The version that an update names is the one before the body.
            if self.is_input or not self.declaration.is_update:
                text = version_text(context.version, artifact, context.recorder.mask)
        elif context.version is not None:
            text = named_version(context.version, context.recorder.mask)
        if self.declaration.card is not None or self.declaration.node is not None:
            text += self._card_member(context, artifact)
        if self.declaration.repeat:
            text += f',"repeat":{REPEATS()}'
        return text

    def _card_member(self, context: RecordingContext, artifact: ArtifactRef) -> str:
        """Return the member `meta`; a card that fails costs that card alone."""
        recorder = context.recorder
        meta: dict[str, Any] = {}
        for what, card, make in (
            ("card", context.card or self.declaration.card, relation_meta),
            ("node", context.node or self.declaration.node, own_node_meta),
        ):
            if card is not None:
                fail = partial(recorder.count_failure, f"{self.where} ({what})")
                made = attempt(partial(make, target=artifact), card, fail)
                meta.update(made or {})
        return f',"meta":{compact(recorder.mask.within(meta))}' if meta else ""


class _EdgePrefixes(dict[tuple[str, bool], str]):
    """The members for direction, kind and flags, made once for each."""

    def __init__(self, is_input: bool, updates: bool, model_weight: bool) -> None:
        super().__init__()
        self._start = f'"dir":"{"input" if is_input else "output"}"'
        self._end = ',"updates":true' if updates else ""
        self._model_weight = model_weight

    def __missing__(self, key: tuple[str, bool]) -> str:
        kind, is_model = key
        is_weight = kind == "file" and (is_model or self._model_weight)
        flag = ',"is_model":true' if is_weight else ""
        prefix = f'{self._start},"kind":"{kind}"{flag}{self._end}'
        return self.setdefault(key, prefix)


def resolve_derivations(
    recorder: Recorder, scope: StepContext, values: Iterable[Any]
) -> list[Origin]:
    """Resolve what an output was derived from.

    A bare id or path means the input which the task has recorded by that id, or by
    another name of the same place.

    Raises:
        SourceError: The task has no such input.
    """
    found: list[Origin] = []
    for value in flatten(list(values)):
        if isinstance(value, Ref) or info_kind(value) is not None:
            target = to_artifact_ref(value, None)
            found.append(_origin(recorder, scope, target))
            continue
        place = to_artifact_ref(value, "file")
        identity = _identity(recorder, place)
        named = recorder.inputs_named(scope.task, identity, _text(place))
        if not named:
            raise SourceError(
                f"derived_from: {identity!r} is no input of this task; name it by a "
                "ref such as lineage.project(1), or declare it as an input",
                subject=value,
            )
        found += named
    return found


def _origin(recorder: Recorder, scope: StepContext, target: ArtifactRef) -> Origin:
    """Return kind and id of what a ref names, as the task's input has them."""
    identity = _identity(recorder, target)
    if target.kind not in TEXT_KINDS:
        for known in recorder.inputs_named(scope.task, identity, _text(target)):
            if known[0] == target.kind:
                return known
    return target.kind, identity


def _text(target: ArtifactRef) -> str | None:
    return target.id if isinstance(target.id, str) else None


def _identity(recorder: Recorder, target: ArtifactRef) -> int | str:
    if not isinstance(target.id, str):
        return target.id
    path = None if target.kind in TEXT_KINDS else local_path(target.id)
    return masked_place(recorder, target.id, path)


def derivation_member(
    recorder: Recorder, scope: StepContext, values: Iterable[Any] | None, where: str
) -> str:
    """Return the member `derived_from` for what the user named.

    What cannot be understood costs this member, not the output's edge.
    """
    if values is None:
        return ""
    known = attempt(
        lambda named: resolve_derivations(recorder, scope, named),
        values,
        lambda error: recorder.count_failure(f"{where} (derived_from)", error),
    )
    return "" if known is None else derived_from(known)


#: A call as wrapt hands it over: instance, args, kwargs.
Arguments = tuple[Any, tuple[Any, ...], dict[str, Any]]
#: As wrapt calls it: wrapped, instance, args, kwargs.
Wrapper = Callable[[Callable[..., Any], Any, tuple[Any, ...], dict[str, Any]], Any]


#: A call or block under way: its step, which also keeps the call's values.
Opened = StepContext


def process_root(_: tuple[()] = ()) -> StepContext:
    """Return the body of the process's own task."""
    return runtime().recorder.process_root()


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
        elif current.task.has_ended():
            parent = runtime().recorder.process_root()
        else:
            parent = current
        scope = StepContext(parent.task, parent, self.step_name, current, self.is_block)
        scope.makes = bool(self.outputs)
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
        is_known = scope.is_emitted or scope.is_referenced or scope.changes
        if is_known or scope.task.recorder.looks:
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


def _nothing() -> Values:
    return ()


def _wants_result(declaration: Declaration) -> bool:
    """Whether a declaration looks at the result (asking too often is harmless)."""
    sources = (
        declaration.source,
        declaration.when,
        declaration.version,
        *(declaration.derived_from or ()),
    )
    return declaration.source is AUTO or any(
        callable(s) or (isinstance(s, str) and s.startswith("result")) for s in sources
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
