"""Declarations: what the user declared, before any function is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..errors import DeclarationError
from .snapshot import VersionId
from .sources import AUTO, describe


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
