"""Declarations: what users wrote above a function, compiled for its signature."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import DeclarationError, SourceError
from ..model.kinds import KINDS
from ..model.refs import Ref
from .call_plan import CallPlan, CompiledDeclaration, Values
from .coercion import flatten, info_kind, to_artifact_ref
from .signatures import Signature, annotation_names
from .snapshot import Snapshot, VersionId
from .sources import (
    AUTO,
    RESULT,
    Getter,
    SourceScope,
    compile_card,
    compile_source,
    describe,
    is_digits,
)


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declaration with its options, as the user wrote it."""

    word: str
    """`uses_project`, as messages name it."""
    kind: str | None
    """The declared kind; None: taken from the value."""
    is_input: bool
    source: Any = AUTO
    is_update: bool = False
    """Whether it is work in place: an input, and an output that replaces it."""
    version: Any = None
    when: Any = None
    after: bool = False
    on_error: bool = False
    repeat: bool = False
    card: Any = None
    node: Any = None
    """The card of the task's own node."""
    model_weight: bool = False
    derived_from: Iterable[Any] | None = None

    @property
    def label(self) -> str:
        """The declaration as messages show it."""
        return f"{self.word}({describe(self.source)})"

    @property
    def is_own_app(self) -> bool:
        """Whether it records the task's own session: `produces_app()`."""
        return self.kind == "app" and self.source is AUTO


def make_declaration(word: str, source: Any, **options: Any) -> Declaration:
    """Make a declaration from the word that users write: `uses_file`, `produces`, ….

    The word names direction and kind; `updates_project` has both directions.

    Raises:
        DeclarationError: Both `version` and `version_id` are given.
    """
    verb, _, kind = word.partition("_")
    version_id = options.pop("version_id", None)
    if version_id is not None:
        if options.get("version") is not None:
            raise DeclarationError(
                f"{word}(): give version or version_id, not both", subject=source
            )
        options["version"] = VersionId(version_id)
    return Declaration(
        word,
        kind or None,
        verb != "produces",
        source,
        is_update=verb == "updates",
        **options,
    )


@dataclass(frozen=True, slots=True)
class Declarations:
    """Everything that was written above one function."""

    items: tuple[Declaration, ...] = ()
    step: str | None = None
    """The step's name, when set by `lineage.step`."""
    task: Callable[[], Any] | None = None
    """Makes the task that each call opens."""

    def over(self, inner: Declarations) -> Declarations:
        """Put these declarations above others."""
        return Declarations(
            self.items + inner.items, self.step or inner.step, self.task or inner.task
        )


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
