"""Tellers: put one declared value into words for the recorder."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, Final

from ..errors import SourceError, attempt
from ..model.refs import Ref
from ..recording.context import StepContext
from ..recording.fact_json import derived_from
from ..recording.file_stat import seen_on_disk
from ..recording.json_text import member, quote, shorten
from ..recording.recorder import Recorder
from .cards import relation_text
from .coercion import ArtifactRef, flatten, info_kind, is_digits, to_artifact_ref
from .snapshot import Snapshot

_repeats = itertools.count(1)
_LONGEST_NAME: Final = 1024
TOO_LARGE: Final = 2**63

#: An input that fed an output: its kind and its identity in the journal.
Origin = tuple[str, int | str]


class RecordingContext:
    """One recording: where it happens, and what it has gathered so far."""

    __slots__ = ("derived", "recorder", "scope", "texts", "version")

    def __init__(
        self,
        recorder: Recorder,
        scope: StepContext,
        texts: list[str],
        version: Any = None,
    ) -> None:
        self.recorder = recorder
        self.scope = scope
        self.texts = texts
        self.version = version
        self.derived = ""


class EdgeBuilder:
    """Tells values of one declaration; made once, used by every call.

    Args:
        word: The declaration, as users write it.
        kind: The declared kind; None for whatever the value is.
        is_input: The direction.
        updates: Whether it is one half of work in place.
        model_weight: Whether the file holds a model.
        card: The thing's card, or a callable of the thing.
        repeat: Whether the same fact is told each time.
        has_version: Whether a version is told beside the id.
    """

    __slots__ = (
        "_card",
        "_forms",
        "_repeat",
        "is_input",
        "is_quick",
        "kind",
        "quick_form",
        "word",
    )

    def __init__(
        self,
        word: str,
        kind: str | None,
        *,
        is_input: bool,
        updates: bool = False,
        model_weight: bool = False,
        card: Any = None,
        repeat: bool = False,
        has_version: bool = False,
    ) -> None:
        self.word = word
        self.kind = kind
        self.is_input = is_input
        self._card = card
        self._repeat = repeat
        self._forms = _EdgePrefixes(is_input, updates, model_weight)
        # Most values are ids: those of this kind need no closer look.
        self.is_quick = (
            kind not in (None, "folder")
            and not has_version
            and card is None
            and not repeat
        )
        self.quick_form = self._forms[kind or "", False]

    def tell(self, moment: RecordingContext, value: Any, where: str) -> None:
        """Record what a source gave; each of many values fails alone.

        Args:
            moment: Where it happens.
            value: A value, many, or None for nothing.
            where: The declaration and function, for messages.
        """
        for item in flatten(value):
            attempt(
                lambda single: self._tell_one(moment, single),
                item,
                lambda error: moment.recorder.refuse(where, error),
            )

    def tell_own(self, moment: RecordingContext) -> None:
        """Record that the task's own session is what was produced."""
        run = moment.scope.run
        known = run.task_id if run.task_id is not None else run.key
        extras = self._extras(moment, ArtifactRef("app", known, run.name or "app"))
        moment.recorder.edge(
            moment.texts,
            moment.scope,
            self._forms["app", False],
            known,
            False,
            extras,
            ',"module":true',
            moment.derived,
        )

    def _tell_one(self, moment: RecordingContext, value: Any) -> None:
        target = to_artifact_ref(value, self.kind)
        identity: int | str = target.id
        extras = self._extras(moment, target)
        if isinstance(identity, str):
            identity = moment.recorder.mask(identity)
            if target.kind == "file":
                extras += seen_on_disk(str(target.id), identity)
        more = ""
        if target.name is not None:
            name = moment.recorder.mask(shorten(target.name, _LONGEST_NAME))
            more = f',"name":{quote(name)}'
        moment.recorder.edge(
            moment.texts,
            moment.scope,
            self._forms[target.kind, target.is_model],
            identity,
            self.is_input,
            extras,
            more,
            moment.derived,
        )

    def _extras(self, moment: RecordingContext, target: ArtifactRef) -> str:
        text = ""
        if target.kind == "project":
            text = version_text(moment.version, target)
        if self._card is not None:
            card = relation_text(self._card, target, moment.recorder.mask)
            text += f',"meta":{card}' if card else ""
        if self._repeat:
            text += f',"repeat":{next(_repeats)}'
        return text


class _EdgePrefixes(dict[tuple[str, bool], str]):
    """The members that tell direction, kind and flags, made once for each."""

    def __init__(self, is_input: bool, updates: bool, model_weight: bool) -> None:
        super().__init__()
        self._start = f'"dir":"{"input" if is_input else "output"}"'
        self._end = ',"updates":true' if updates else ""
        self._model_weight = model_weight

    def __missing__(self, key: tuple[str, bool]) -> str:
        kind, is_model = key
        is_weight = kind == "file" and (is_model or self._model_weight)
        flag = ',"is_model":true' if is_weight else ""
        form = f'{self._start},"kind":"{kind}"{flag}{self._end}'
        return self.setdefault(key, form)


def version_text(version: Any, target: ArtifactRef) -> str:
    """Give the members that tell a project's version.

    Raises:
        SourceError: It is neither a number, a VersionInfo nor a snapshot.
    """
    if version is None:
        return member("version_id", target.version_id) + member(
            "version_num", target.version_num
        )
    if isinstance(version, Snapshot):
        return member("snapshot", shorten(version.description, _LONGEST_NAME))
    if type(version).__name__ == "VersionInfo":
        return member("version_id", int(version.id))
    number = _number(version)
    if number is None:
        raise SourceError(
            f"version: expected a number, a VersionInfo or lineage.snapshot(…), got "
            f"{type(version).__name__}",
            subject=version,
        )
    return member("version_num", number)


def _number(version: Any) -> int | None:
    if isinstance(version, str):
        return int(version) if is_digits(version) else None
    if isinstance(version, bool) or not hasattr(type(version), "__index__"):
        return None
    number = int(version)
    return number if 0 < number < TOO_LARGE else None


def origins(
    recorder: Recorder, scope: StepContext, values: Iterable[Any]
) -> list[Origin]:
    """Understand what an output was derived from.

    A bare id or path means the input of that id which the task was told to use.

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
        kinds = recorder.input_kinds(scope.run, identity)
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


def derived_text(
    recorder: Recorder, scope: StepContext, values: Iterable[Any] | None, where: str
) -> str:
    """Give the member `derived_from` for what the user named.

    What cannot be understood costs this member, not the output's edge.
    """
    if values is None:
        return ""
    known = attempt(
        lambda named: origins(recorder, scope, named),
        values,
        lambda error: recorder.refuse(f"{where} (derived_from)", error),
    )
    return "" if known is None else derived_from(known)
