"""Compiled declarations: evaluate a declaration for a call and write its edges."""

# Longer than 400 lines: evaluating a declaration, building its edges and compiling
# its sources are one idea.

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from ..errors import DeclarationError, SourceError, attempt
from ..model.kinds import KINDS
from ..model.refs import Ref
from ..recording.context import StepContext
from ..recording.fact_json import derived_from
from ..recording.json_text import compact
from ..runtime import runtime
from .cards import own_node_meta, relation_meta
from .coercion import ArtifactRef, flatten, info_kind, to_artifact_ref
from .declaration import Declaration
from .signatures import Signature, annotation_names
from .snapshot import Snapshot, VersionId, named_version, version_text
from .sources import (
    AUTO,
    RESULT,
    Getter,
    ParameterGetter,
    SourceScope,
    compile_card,
    compile_source,
)
from .value_paths import is_digits

#: Numbers the edges that are recorded each time.
REPEATS: Final = itertools.count(1)
TOO_LARGE: Final = 2**63
#: When this many values in a row cannot be recorded and none could, the rest of
#: the list is skipped: a list of a million wrong values must not cost seconds.
MAX_FAILURES: Final = 16

Values = tuple[Any, ...]

if TYPE_CHECKING:
    from ..recording.recorder import Recorder

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
            text = version_text(context.version, artifact)
        elif context.version is not None:
            text = named_version(context.version, context.recorder.mask)
        if self.declaration.card is not None or self.declaration.node is not None:
            text += self._card_member(context, artifact)
        if self.declaration.repeat:
            text += f',"repeat":{next(REPEATS)}'
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

    A bare id or path means the input of that id which the task has recorded.

    Raises:
        SourceError: The task has no such input.
    """
    found: list[Origin] = []
    for value in flatten(list(values)):
        if isinstance(value, Ref) or info_kind(value) is not None:
            target = to_artifact_ref(value, None)
            found.append((target.kind, _identity(recorder, target)))
            continue
        place = to_artifact_ref(value, "file")
        identity = _identity(recorder, place)
        kinds = recorder.input_kinds(scope.task, identity)
        if not kinds:
            raise SourceError(
                f"derived_from: {identity!r} is no input of this task; name it by a "
                "ref such as lineage.project(1), or declare it as an input",
                subject=value,
            )
        found += [(kind, identity) for kind in kinds]
    return found


def _identity(recorder: Recorder, target: ArtifactRef) -> int | str:
    return recorder.mask(target.id) if isinstance(target.id, str) else target.id


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


def compile_declaration(
    declaration: Declaration, signature: Signature, siblings: list[Declaration]
) -> list[CompiledDeclaration]:
    """Compile a declaration for a function; an update compiles to two.

    Args:
        declaration: The declaration.
        signature: The function's.
        siblings: The function's other declarations, for `derived_from`.

    Raises:
        DeclarationError: It can never work.
    """
    where = f"{declaration.label} of {signature.name}"
    made = []
    for is_input in (True, False) if declaration.is_update else (declaration.is_input,):
        is_over = not is_input or (declaration.after and not declaration.is_update)
        place = SourceScope(signature, declaration.word, is_over)
        made.append(
            CompiledDeclaration(
                declaration,
                where,
                None if declaration.is_own_app else _value_getter(declaration, place),
                is_input=is_input,
                when=_condition(declaration.when, place),
                version=version_getter(declaration.version, place),
                card=compile_card(declaration.card, place),
                node=compile_card(declaration.node, place),
                derived=None
                if is_input
                else _derived_getter(declaration, place, siblings),
            )
        )
    return made


def _value_getter(declaration: Declaration, place: SourceScope) -> Getter:
    if declaration.source is not AUTO:
        check_constant(declaration, place.signature.name)
        return compile_source(declaration.source, place)
    if declaration.is_input:
        return compile_source(_infer_parameter(declaration, place.signature), place)
    return compile_source(RESULT, place)


def check_constant(declaration: Declaration, name: str) -> None:
    """Refuse a constant of the wrong kind when the function is decorated.

    Raises:
        DeclarationError: It is of the wrong kind.
    """
    source = declaration.source
    is_path = isinstance(source, str) and not is_digits(source)
    if source is None or source is AUTO or is_path or callable(source):
        return
    try:
        for value in flatten(source):
            to_artifact_ref(value, declaration.kind)
    except SourceError as error:
        message = f"{declaration.label} of {name}: {error}"
        raise DeclarationError(message, subject=source) from error


def _infer_parameter(declaration: Declaration, signature: Signature) -> str:
    """Find the one parameter that is named or annotated for the kind."""
    rows = [KINDS[declaration.kind]] if declaration.kind else list(KINDS.values())
    infos = {name for row in rows for name in row.info_names}
    names = {name for row in rows for name in row.parameter_names if declaration.kind}
    found = [
        name
        for name, annotation in zip(
            signature.parameters, signature.annotations, strict=True
        )
        if name in names or annotation_names(annotation) & infos
    ]
    if len(found) == 1:
        return found[0]
    reason = f"several fit: {', '.join(found)}" if found else "none fits"
    raise DeclarationError(
        f"{declaration.word}() of {signature.name}: which parameter? {reason}; "
        f"parameters: {', '.join(signature.parameters) or 'none'}; "
        f"write {declaration.word}('name')",
        subject=signature.function,
    )


def _condition(when: Any, place: SourceScope) -> Getter | None:
    if when is None or when is True:
        return None
    return compile_source(when, place)


def version_getter(version: Any, place: SourceScope) -> Getter | None:
    """Compile `version=`: a number, a snapshot, a VersionInfo, a dict or a source."""
    if version is None:
        return None
    if isinstance(version, VersionId):
        find_id = compile_source(version.id, place)
        return lambda values: VersionId(find_id(values))
    if isinstance(version, Snapshot):
        return lambda _values: version
    return compile_source(version, place)


def _derived_getter(
    declaration: Declaration, place: SourceScope, siblings: list[Declaration]
) -> Getter | None:
    if declaration.derived_from is None:
        return None
    if isinstance(declaration.derived_from, str):
        raise DeclarationError(
            f"{declaration.label} of {place.signature.name}: derived_from "
            f"takes a list: derived_from=[{declaration.derived_from!r}]",
            subject=declaration,
        )
    getters = [
        getter
        for item in declaration.derived_from
        for getter in _origin_getters(item, place, siblings)
    ]
    return lambda values: [origin for get in getters for origin in get(values)]


def _origin_getters(
    item: Any, place: SourceScope, siblings: list[Declaration]
) -> Iterable[Getter]:
    """Return what finds the inputs that one entry of `derived_from` names.

    Text names the declared inputs of the same function: by the source as written,
    by the parameter at which it begins, or else it is a source of its own.
    """
    named = [s for s in siblings if s.is_input and _is_named(s, item, place.signature)]
    if not named:
        return [_listed(compile_source(item, place), None)]
    return [
        _listed(_value_getter(s, SourceScope(place.signature, s.word, True)), s.kind)
        for s in named
    ]


def _is_named(declaration: Declaration, item: Any, signature: Signature) -> bool:
    if not isinstance(item, str):
        return False
    source = declaration.source
    if source is AUTO:
        source = _infer_parameter(declaration, signature)
    if not isinstance(source, str):
        return False
    rest = source[len(item) :]
    return source.startswith(item) and rest[:1] in ("", ".", "[")


def _listed(get: Getter, kind: str | None) -> Getter:
    def resolve(values: Values) -> list[Any]:
        found = []
        for value in flatten(get(values)):
            if kind is None or isinstance(value, Ref) or info_kind(value):
                found.append(value)
            else:
                found.append(Ref(kind, to_artifact_ref(value, kind).id))
        return found

    return resolve
