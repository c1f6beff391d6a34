"""The thirteen declarations as methods that hand back what they are given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from .cards import Card
from .sources import AUTO

T = TypeVar("T")


class TaskHandleMethods:
    """The methods of a task's handle that record at once, with the value in hand.

    Each gives back its argument unchanged, so that it fits around an expression.
    """

    __slots__ = ()

    def _record_value(self, word: str, source: Any, **options: Any) -> None:
        raise NotImplementedError

    def uses_project(
        self,
        source: T,
        *,
        version: Any = None,
        repeat: bool = False,
        card: Card | None = None,
    ) -> T:
        """Record that the task uses a project."""
        self._record_value(
            "uses_project", source, version=version, repeat=repeat, card=card
        )
        return source

    def uses_dataset(
        self,
        source: T,
        *,
        repeat: bool = False,
        card: Card | None = None,
    ) -> T:
        """Record that the task uses a dataset."""
        self._record_value("uses_dataset", source, repeat=repeat, card=card)
        return source

    def uses_file(
        self,
        source: T,
        *,
        model_weight: bool = False,
        repeat: bool = False,
        card: Card | None = None,
    ) -> T:
        """Record that the task uses a file of Team Files or of this machine."""
        self._record_value(
            "uses_file", source, model_weight=model_weight, repeat=repeat, card=card
        )
        return source

    def uses_folder(
        self,
        source: T,
        *,
        repeat: bool = False,
        card: Card | None = None,
    ) -> T:
        """Record that the task uses a folder."""
        self._record_value("uses_folder", source, repeat=repeat, card=card)
        return source

    def uses_job(
        self,
        source: T,
        *,
        repeat: bool = False,
        card: Card | None = None,
    ) -> T:
        """Record that the task uses a labeling job."""
        self._record_value("uses_job", source, repeat=repeat, card=card)
        return source

    def uses_task(
        self,
        source: T,
        *,
        repeat: bool = False,
        card: Card | None = None,
    ) -> T:
        """Record that the task uses another task (an app task)."""
        self._record_value("uses_task", source, repeat=repeat, card=card)
        return source

    def produces_project(
        self,
        source: T,
        *,
        version: Any = None,
        derived_from: Iterable[Any] | None = None,
        repeat: bool = False,
        card: Card | None = None,
    ) -> T:
        """Record that the task produces a project."""
        self._record_value(
            "produces_project",
            source,
            version=version,
            derived_from=derived_from,
            repeat=repeat,
            card=card,
        )
        return source

    def produces_dataset(
        self,
        source: T,
        *,
        derived_from: Iterable[Any] | None = None,
        repeat: bool = False,
        card: Card | None = None,
    ) -> T:
        """Record that the task produces a dataset."""
        self._record_value(
            "produces_dataset",
            source,
            derived_from=derived_from,
            repeat=repeat,
            card=card,
        )
        return source

    def produces_file(
        self,
        source: T,
        *,
        model_weight: bool = False,
        derived_from: Iterable[Any] | None = None,
        repeat: bool = False,
        card: Card | None = None,
    ) -> T:
        """Record that the task produces a file of Team Files or of this machine."""
        self._record_value(
            "produces_file",
            source,
            model_weight=model_weight,
            derived_from=derived_from,
            repeat=repeat,
            card=card,
        )
        return source

    def produces_folder(
        self,
        source: T,
        *,
        derived_from: Iterable[Any] | None = None,
        repeat: bool = False,
        card: Card | None = None,
    ) -> T:
        """Record that the task produces a folder."""
        self._record_value(
            "produces_folder",
            source,
            derived_from=derived_from,
            repeat=repeat,
            card=card,
        )
        return source

    def produces_job(
        self,
        source: T,
        *,
        derived_from: Iterable[Any] | None = None,
        repeat: bool = False,
        card: Card | None = None,
    ) -> T:
        """Record that the task produces a labeling job."""
        self._record_value(
            "produces_job", source, derived_from=derived_from, repeat=repeat, card=card
        )
        return source

    def produces_task(
        self,
        source: T,
        *,
        derived_from: Iterable[Any] | None = None,
        repeat: bool = False,
        card: Card | None = None,
    ) -> T:
        """Record that the task produces another task (an app task)."""
        self._record_value(
            "produces_task", source, derived_from=derived_from, repeat=repeat, card=card
        )
        return source

    def produces_app(
        self,
        source: Any = AUTO,
        *,
        derived_from: Iterable[Any] | None = None,
        repeat: bool = False,
        card: Card | None = None,
    ) -> Any:
        """Record that the task serves an app session, its own when left out."""
        self._record_value(
            "produces_app", source, derived_from=derived_from, repeat=repeat, card=card
        )
        return source if source is not AUTO else None

    def uses(
        self,
        source: T,
        *,
        repeat: bool = False,
        card: Card | None = None,
    ) -> T:
        """Record that the task uses a thing of whatever kind."""
        self._record_value("uses", source, repeat=repeat, card=card)
        return source

    def produces(
        self,
        source: T,
        *,
        derived_from: Iterable[Any] | None = None,
        repeat: bool = False,
        card: Card | None = None,
    ) -> T:
        """Record that the task produces a thing of whatever kind."""
        self._record_value(
            "produces", source, derived_from=derived_from, repeat=repeat, card=card
        )
        return source

    def updates_project(
        self,
        source: T,
        *,
        version: Any = None,
        derived_from: Iterable[Any] | None = None,
        repeat: bool = False,
        card: Card | None = None,
    ) -> T:
        """Record that the task changes a project in place."""
        self._record_value(
            "updates_project",
            source,
            version=version,
            derived_from=derived_from,
            repeat=repeat,
            card=card,
        )
        return source
