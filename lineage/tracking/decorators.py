"""The declarations that users write, as decorators and as `with` blocks."""

# Longer than 400 lines: one typed signature for each public declaration.
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .cards import Card
from .decorator import Decorator, declare
from .snapshot import Snapshot
from .sources import AUTO

#: Where a value comes from: a path such as `"settings[weights]"`, a callable whose
#: parameter names pick what it is given, or a constant. Text in a `with` block is the
#: value itself.
Source = object

#: `version=`: a number, a `VersionInfo`, the platform's dict of one,
#: `lineage.snapshot(…)`, or a source of one. Of anything but a project: what the app
#: calls the version (a revision, an etag, a date), or a source of it.
Version = int | str | Snapshot | Callable[..., Any] | object | None

#: `when=`: a source whose truth decides whether anything is recorded.
When = bool | str | Callable[..., Any] | None


def uses_project(
    source: Source = AUTO,
    *,
    version: Version = None,
    version_id: object | None = None,
    when: When = None,
    after: bool = False,
    repeat: bool = False,
    card: Card | None = None,
    node: Card | None = None,
) -> Decorator:
    """Declare a project that the function uses.

    Args:
        source: Where the project comes from; left out: the one parameter that is
            named or annotated for it.
        version: Which version: a number, a `VersionInfo`, the platform's dict with
            `id` and `version`, `lineage.snapshot(…)`, or a source of one.
        version_id: The version by its own id, or a source of it; instead of `version`.
        when: A source; nothing is recorded where its value is false.
        after: Evaluate the source after the function has returned, when `result`
            is known.
        repeat: Record it each time, also when the task has recorded it before.
        card: How its node is shown: settings, a preset, or a callable of the artifact
            and of what else it names (parameters, `result`, `call`).
        node: How the task's own node is shown, in the same forms.

    Raises:
        DeclarationError: When the function is decorated: a source names no parameter
            of it, or none can be chosen; or both `version` and `version_id` are given.
    """
    return declare(
        "uses_project",
        source,
        version=version,
        version_id=version_id,
        when=when,
        after=after,
        repeat=repeat,
        card=card,
        node=node,
    )


def uses_dataset(
    source: Source = AUTO,
    *,
    version: Version = None,
    when: When = None,
    after: bool = False,
    repeat: bool = False,
    card: Card | None = None,
    node: Card | None = None,
) -> Decorator:
    """Declare a dataset that the function uses.

    The arguments and errors are those of `uses_project`.
    """
    return declare(
        "uses_dataset",
        source,
        version=version,
        when=when,
        after=after,
        repeat=repeat,
        card=card,
        node=node,
    )


def uses_file(
    source: Source = AUTO,
    *,
    model_weight: bool = False,
    version: Version = None,
    when: When = None,
    after: bool = False,
    repeat: bool = False,
    card: Card | None = None,
    node: Card | None = None,
) -> Decorator:
    """Declare a file of Team Files or of this machine that the function uses.

    The arguments are those of `uses_project`; `version` is what the app
    calls the version (a revision, a date), and `model_weight` marks the file as holding
    model weights.
    """
    return declare(
        "uses_file",
        source,
        model_weight=model_weight,
        version=version,
        when=when,
        after=after,
        repeat=repeat,
        card=card,
        node=node,
    )


def uses_folder(
    source: Source = AUTO,
    *,
    version: Version = None,
    when: When = None,
    after: bool = False,
    repeat: bool = False,
    card: Card | None = None,
    node: Card | None = None,
) -> Decorator:
    """Declare a folder that the function uses.

    The arguments are those of `uses_project`.
    """
    return declare(
        "uses_folder",
        source,
        version=version,
        when=when,
        after=after,
        repeat=repeat,
        card=card,
        node=node,
    )


def uses_job(
    source: Source = AUTO,
    *,
    when: When = None,
    after: bool = False,
    repeat: bool = False,
    card: Card | None = None,
    node: Card | None = None,
) -> Decorator:
    """Declare a labeling job that the function uses.

    The arguments are those of `uses_project`.
    """
    return declare(
        "uses_job",
        source,
        when=when,
        after=after,
        repeat=repeat,
        card=card,
        node=node,
    )


def uses_task(
    source: Source = AUTO,
    *,
    when: When = None,
    after: bool = False,
    repeat: bool = False,
    card: Card | None = None,
    node: Card | None = None,
) -> Decorator:
    """Declare another task (an app task) that the function uses.

    The arguments are those of `uses_project`.
    """
    return declare(
        "uses_task",
        source,
        when=when,
        after=after,
        repeat=repeat,
        card=card,
        node=node,
    )


def produces_project(
    source: Source = AUTO,
    *,
    version: Version = None,
    version_id: object | None = None,
    when: When = None,
    on_error: bool = False,
    derived_from: Iterable[Any] | None = None,
    repeat: bool = False,
    card: Card | None = None,
    node: Card | None = None,
) -> Decorator:
    """Declare a project that the function produces.

    Args:
        source: Where the project comes from; left out: the function's result.
        version: Which version: a number, a `VersionInfo`, the platform's dict with
            `id` and `version`, `lineage.snapshot(…)`, or a source of one.
        version_id: The version by its own id, or a source of it; instead of `version`.
        when: A source; nothing is recorded where its value is false.
        on_error: Record it also when the function raises.
        derived_from: The inputs that fed it: a list of the sources that their
            declarations name, or of values. Left out: the inputs of its step that were
            recorded before it.
        repeat: Record it each time, also when the task has recorded it before.
        card: How its node is shown: settings, a preset, or a callable of the artifact
            and of what else it names (parameters, `result`, `call`).
        node: How the task's own node is shown, in the same forms.

    Raises:
        DeclarationError: When the function is decorated: a source names no parameter
            of it, or none can be chosen; or both `version` and `version_id` are given.
    """
    return declare(
        "produces_project",
        source,
        version=version,
        version_id=version_id,
        when=when,
        on_error=on_error,
        derived_from=derived_from,
        repeat=repeat,
        card=card,
        node=node,
    )


def produces_dataset(
    source: Source = AUTO,
    *,
    version: Version = None,
    when: When = None,
    on_error: bool = False,
    derived_from: Iterable[Any] | None = None,
    repeat: bool = False,
    card: Card | None = None,
    node: Card | None = None,
) -> Decorator:
    """Declare a dataset that the function produces.

    The arguments are those of `produces_project`.
    """
    return declare(
        "produces_dataset",
        source,
        version=version,
        when=when,
        on_error=on_error,
        derived_from=derived_from,
        repeat=repeat,
        card=card,
        node=node,
    )


def produces_file(
    source: Source = AUTO,
    *,
    model_weight: bool = False,
    version: Version = None,
    when: When = None,
    on_error: bool = False,
    derived_from: Iterable[Any] | None = None,
    repeat: bool = False,
    card: Card | None = None,
    node: Card | None = None,
) -> Decorator:
    """Declare a file of Team Files or of this machine that the function produces.

    The arguments are those of `produces_project`; `version` is what the app
    calls the version (a revision, a date), and `model_weight` marks the file as holding
    model weights.
    """
    return declare(
        "produces_file",
        source,
        model_weight=model_weight,
        version=version,
        when=when,
        on_error=on_error,
        derived_from=derived_from,
        repeat=repeat,
        card=card,
        node=node,
    )


def produces_folder(
    source: Source = AUTO,
    *,
    version: Version = None,
    when: When = None,
    on_error: bool = False,
    derived_from: Iterable[Any] | None = None,
    repeat: bool = False,
    card: Card | None = None,
    node: Card | None = None,
) -> Decorator:
    """Declare a folder that the function produces.

    The arguments are those of `produces_project`.
    """
    return declare(
        "produces_folder",
        source,
        version=version,
        when=when,
        on_error=on_error,
        derived_from=derived_from,
        repeat=repeat,
        card=card,
        node=node,
    )


def produces_job(
    source: Source = AUTO,
    *,
    when: When = None,
    on_error: bool = False,
    derived_from: Iterable[Any] | None = None,
    repeat: bool = False,
    card: Card | None = None,
    node: Card | None = None,
) -> Decorator:
    """Declare a labeling job that the function produces.

    The arguments are those of `produces_project`.
    """
    return declare(
        "produces_job",
        source,
        when=when,
        on_error=on_error,
        derived_from=derived_from,
        repeat=repeat,
        card=card,
        node=node,
    )


def produces_task(
    source: Source = AUTO,
    *,
    when: When = None,
    on_error: bool = False,
    derived_from: Iterable[Any] | None = None,
    repeat: bool = False,
    card: Card | None = None,
    node: Card | None = None,
) -> Decorator:
    """Declare another task (an app task) that the function produces.

    The arguments are those of `produces_project`.
    """
    return declare(
        "produces_task",
        source,
        when=when,
        on_error=on_error,
        derived_from=derived_from,
        repeat=repeat,
        card=card,
        node=node,
    )


def produces_app(
    source: Source = AUTO,
    *,
    when: When = None,
    on_error: bool = False,
    derived_from: Iterable[Any] | None = None,
    repeat: bool = False,
    card: Card | None = None,
    node: Card | None = None,
) -> Decorator:
    """Declare that the function's task serves an app session.

    Left out, the source is the task's own session.
    """
    return declare(
        "produces_app",
        source,
        when=when,
        on_error=on_error,
        derived_from=derived_from,
        repeat=repeat,
        card=card,
        node=node,
    )


def uses(
    source: Source = AUTO,
    *,
    version: Version = None,
    when: When = None,
    after: bool = False,
    repeat: bool = False,
    card: Card | None = None,
    node: Card | None = None,
) -> Decorator:
    """Declare something that the function uses, of whatever kind.

    The kind comes from the value: an Info object, or a ref such as
    `lineage.project(1)`. The arguments are those of `uses_project`.
    """
    return declare(
        "uses",
        source,
        version=version,
        when=when,
        after=after,
        repeat=repeat,
        card=card,
        node=node,
    )


def produces(
    source: Source = AUTO,
    *,
    version: Version = None,
    when: When = None,
    on_error: bool = False,
    derived_from: Iterable[Any] | None = None,
    repeat: bool = False,
    card: Card | None = None,
    node: Card | None = None,
) -> Decorator:
    """Declare something that the function produces, of whatever kind.

    The kind comes from the value: an Info object, or a ref such as
    `lineage.project(1)`. The arguments are those of `produces_project`.
    """
    return declare(
        "produces",
        source,
        version=version,
        when=when,
        on_error=on_error,
        derived_from=derived_from,
        repeat=repeat,
        card=card,
        node=node,
    )


def updates_project(
    source: Source = AUTO,
    *,
    version: Version = None,
    version_id: object | None = None,
    when: When = None,
    on_error: bool = False,
    derived_from: Iterable[Any] | None = None,
    repeat: bool = False,
    card: Card | None = None,
    node: Card | None = None,
) -> Decorator:
    """Declare a project that the function changes in place.

    The version before the body is an input, the version after it an output; the
    version that is named is the one before. The other arguments are those of
    `produces_project`; the source is evaluated before the body, so it cannot be the
    result.
    """
    return declare(
        "updates_project",
        source,
        version=version,
        version_id=version_id,
        when=when,
        on_error=on_error,
        derived_from=derived_from,
        repeat=repeat,
        card=card,
        node=node,
    )
