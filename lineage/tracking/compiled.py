"""Evaluators: one declaration compiled for one function, ready for its calls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..errors import DeclarationError, SourceError
from ..model.kinds import KINDS
from ..model.refs import Ref
from ..recording.context import StepContext
from ..recording.recorder import Recorder
from ..runtime import runtime
from .coercion import flatten, info_kind, is_digits, to_artifact_ref
from .declaration import Declaration
from .edge_builder import TOO_LARGE, RecordingContext, derived_text
from .signatures import Signature, annotation_names
from .snapshot import Snapshot
from .sources import (
    AUTO,
    RESULT,
    Getter,
    ParameterGetter,
    SourceScope,
    compile_source,
)

Values = tuple[Any, ...]

#: What an evaluator needs of a call: recorder, step, texts so far, values.
Telling = tuple[Recorder, StepContext, list[str], Values]


class CompiledDeclaration:
    """Evaluates one declaration's sources for a call, and tells what they gave.

    Args:
        spec: The declaration.
        where: The declaration and its function, for messages.
        get: Gives the value; None for the task's own session.
        is_input: The direction told (work in place has one evaluator for each).
        when: Gives whether to tell at all.
        version: Gives the version.
        derived: Gives what an output is derived from.
    """

    __slots__ = (
        "derived",
        "form",
        "get",
        "index",
        "is_input",
        "is_quick",
        "spec",
        "teller",
        "version",
        "when",
        "where",
    )

    def __init__(
        self,
        spec: Declaration,
        where: str,
        get: Getter | None,
        *,
        is_input: bool,
        when: Getter | None = None,
        version: Getter | None = None,
        derived: Getter | None = None,
    ) -> None:
        self.spec = spec
        self.where = where
        self.get = get
        self.when = when
        self.version = version
        self.derived = derived
        self.teller = spec.teller(is_input=is_input)
        # Most sources give an id, and then nothing else has to be asked.
        is_plain = when is None and version is None and derived is None
        self.is_quick = is_plain and get is not None and self.teller.is_quick
        self.form = self.teller.quick_form
        self.is_input = is_input
        #: Which of a call's values is the id, where a name is all that was declared.
        self.index = (
            get.index if self.is_quick and isinstance(get, ParameterGetter) else None
        )

    def tell(self, call: Telling) -> None:
        """Evaluate the sources with a call's values, and tell the recorder."""
        recorder, scope, texts, values = call
        if self.is_quick:
            value = self.get(values)  # type: ignore[misc]  # quick ones have it
            if type(value) is int and 0 < value < TOO_LARGE:
                recorder.edge(texts, scope, self.form, value, self.is_input)
                return
        elif self.when is not None and not self.when(values):
            return
        else:
            value = None if self.get is None else self.get(values)
        if value is not None or self.get is None:
            self._tell(call, value)

    def _tell(self, call: Telling, value: Any) -> None:
        recorder, scope, texts, values = call
        moment = RecordingContext(recorder, scope, texts)
        moment.version = None if self.version is None else self.version(values)
        if self.derived is not None:
            named = self.derived(values)
            moment.derived = derived_text(recorder, scope, named, self.where)
        if self.get is None:
            self.teller.tell_own(moment)
        else:
            self.teller.tell(moment, value, self.where)

    def failed(self, error: Exception) -> None:
        """Count and tell a failure of this declaration alone."""
        runtime().recorder.refuse(self.where, error)


def compile_spec(
    spec: Declaration, signature: Signature, siblings: list[Declaration]
) -> list[CompiledDeclaration]:
    """Compile a declaration for a function; work in place gives two evaluators.

    Args:
        spec: The declaration.
        signature: The function's.
        siblings: The function's other declarations, for `derived_from`.

    Raises:
        DeclarationError: It can never work.
    """
    where = f"{spec.label} of {signature.name}"
    made = []
    for is_input in (True, False) if spec.is_update else (spec.is_input,):
        is_over = not is_input or (spec.after and not spec.is_update)
        place = SourceScope(signature, spec.word, is_over)
        made.append(
            CompiledDeclaration(
                spec,
                where,
                None if spec.is_own_app else _value_getter(spec, place),
                is_input=is_input,
                when=_condition(spec.when, place),
                version=version_getter(spec.version, place),
                derived=None if is_input else _derived_getter(spec, place, siblings),
            )
        )
    return made


def _value_getter(spec: Declaration, place: SourceScope) -> Getter:
    if spec.source is not AUTO:
        check_constant(spec, place.signature.name)
        return compile_source(spec.source, place)
    if spec.is_input:
        return compile_source(_only_parameter(spec, place.signature), place)
    return compile_source(RESULT, place)


def check_constant(spec: Declaration, name: str) -> None:
    """Refuse a constant of the wrong kind while decorating.

    Raises:
        DeclarationError: It is of the wrong kind.
    """
    source = spec.source
    is_path = isinstance(source, str) and not is_digits(source)
    if source is None or source is AUTO or is_path or callable(source):
        return
    try:
        for value in flatten(source):
            to_artifact_ref(value, spec.kind)
    except SourceError as error:
        message = f"{spec.label} of {name}: {error}"
        raise DeclarationError(message, subject=source) from error


def _only_parameter(spec: Declaration, signature: Signature) -> str:
    """Find the one parameter that is named or annotated for the kind."""
    rows = [KINDS[spec.kind]] if spec.kind else list(KINDS.values())
    infos = {name for row in rows for name in row.info_names}
    names = {name for row in rows for name in row.parameter_names if spec.kind}
    found = [
        name
        for name, annotation in zip(
            signature.parameters, signature.annotations, strict=True
        )
        if name in names or annotation_names(annotation) & infos
    ]
    if len(found) == 1:
        return found[0]
    said = f"several fit: {', '.join(found)}" if found else "none fits"
    raise DeclarationError(
        f"{spec.word}() of {signature.name}: which parameter? {said}; parameters: "
        f"{', '.join(signature.parameters) or 'none'}; write {spec.word}('name')",
        subject=signature.function,
    )


def _condition(when: Any, place: SourceScope) -> Getter | None:
    if when is None or when is True:
        return None
    return compile_source(when, place)


def version_getter(version: Any, place: SourceScope) -> Getter | None:
    """Compile `version=`: a number, a snapshot, a VersionInfo or a source."""
    if version is None:
        return None
    if isinstance(version, Snapshot):
        return lambda _values: version
    return compile_source(version, place)


def _derived_getter(
    spec: Declaration, place: SourceScope, siblings: list[Declaration]
) -> Getter | None:
    if spec.derived_from is None:
        return None
    if isinstance(spec.derived_from, str):
        raise DeclarationError(
            f"{spec.label} of {place.signature.name}: derived_from takes a list: "
            f"derived_from=[{spec.derived_from!r}]",
            subject=spec,
        )
    getters = [
        getter
        for item in spec.derived_from
        for getter in _origin_getters(item, place, siblings)
    ]
    return lambda values: [origin for get in getters for origin in get(values)]


def _origin_getters(
    item: Any, place: SourceScope, siblings: list[Declaration]
) -> Iterable[Getter]:
    """Give what finds the inputs that one entry of `derived_from` names.

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


def _is_named(spec: Declaration, item: Any, signature: Signature) -> bool:
    if not isinstance(item, str):
        return False
    source = spec.source
    if source is AUTO:
        source = _only_parameter(spec, signature)
    if not isinstance(source, str):
        return False
    rest = source[len(item) :]
    return source.startswith(item) and rest[:1] in ("", ".", "[")


def _listed(get: Getter, kind: str | None) -> Getter:
    def origins(values: Values) -> list[Any]:
        found = []
        for value in flatten(get(values)):
            if kind is None or isinstance(value, Ref) or info_kind(value):
                found.append(value)
            else:
                found.append(Ref(kind, to_artifact_ref(value, kind).id))
        return found

    return origins
