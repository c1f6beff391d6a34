"""Questions about the graph, with the names that the endpoints and the CLI have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from ..model.graph import (
    ChangesAnswer,
    DataDetail,
    DiffAnswer,
    GraphAnswer,
    HealthAnswer,
    ImpactAnswer,
    Node,
    ProvenanceAnswer,
    SearchAnswer,
    StaleAnswer,
    TaskDetail,
    TasksPage,
)
from .resource import Resource

_A = TypeVar("_A", bound=BaseModel)


class GraphApi(Resource):
    """Asks an instance of lineage; bound as `api.graph`.

    Things are named by selectors: `task:12`, `data:345`, `project:7`,
    `model_weight:best.pt`, or text to be searched for. Each method raises
    `IncompatibleInstanceError` where the instance has no such question.
    """

    def tasks(
        self,
        *,
        text: str | None = None,
        status: str | None = None,
        kind: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> TasksPage:
        """List tasks, newest first.

        Args:
            text: What the name, an id or a path holds.
            status: A status word of the platform.
            kind: Only tasks that used or produced this kind.
            since: Started at this time or later (seconds since 1970).
            until: Started at this time or earlier.
            limit: How many, at most.
            after: `next` of the page before.
        """
        return self._answer(
            TasksPage, "lineage.tasks.list", text=text, status=status, kind=kind,
            since=since, until=until, limit=limit, after=after,
        )  # fmt: skip

    def task(self, id: int | str) -> TaskDetail:
        """Return everything known of a task.

        Args:
            id: Its number, or the key of its card, which also tells tasks of several
                teams with one number apart.
        """
        named = {"key": id} if isinstance(id, str) else {"id": id}
        return self._answer(TaskDetail, "lineage.tasks.get", **named)

    def data(self, key: str) -> DataDetail:
        """Return everything known of one version of an artifact, by its key."""
        return self._answer(DataDetail, "lineage.data.get", key=key)

    def preview(self, key: str) -> bytes:
        """Return the bytes of a text or an image that the instance has at hand."""
        return self._api.post("lineage.data.preview", {"key": key}).content

    def delete(self, key: str) -> Node:
        """Mark a thing as deleted; the graph keeps it."""
        return self._answer(Node, "lineage.data.delete", key=key)

    def get(
        self,
        select: str,
        *,
        up: int | None = 1,
        down: int | None = 1,
        kinds: Sequence[str] | None = None,
        statuses: Sequence[str] | None = None,
        as_of: float | None = None,
        limit: int = 500,
        after: str | None = None,
    ) -> GraphAnswer:
        """Return a part of the graph.

        Args:
            select: What to look at.
            up: Hops upstream; none is without limit.
            down: Hops downstream; none is without limit.
            kinds: Show only things of these kinds (tasks always show).
            statuses: Show only tasks of these statuses.
            as_of: As the graph was at this time (seconds since 1970).
            limit: Nodes, at most; the answer says when it was cut.
            after: `next` of the answer before.
        """
        fields = {"kinds": kinds, "statuses": statuses, "as_of": as_of}
        return self._answer(
            GraphAnswer, "lineage.graph.get", select=select,
            _kept={"up": up, "down": down}, limit=limit, after=after, **fields,
        )  # fmt: skip

    def upstream(
        self,
        of: str,
        *,
        depth: int | None = None,
        kinds: Sequence[str] | None = None,
        as_of: float | None = None,
        limit: int = 500,
        after: str | None = None,
    ) -> GraphAnswer:
        """Return what something came from; `depth` counts hops, none is all."""
        return self._answer(
            GraphAnswer, "lineage.graph.upstream", of=of, depth=depth, kinds=kinds,
            as_of=as_of, limit=limit, after=after,
        )  # fmt: skip

    def downstream(
        self,
        of: str,
        *,
        depth: int | None = None,
        kinds: Sequence[str] | None = None,
        as_of: float | None = None,
        limit: int = 500,
        after: str | None = None,
    ) -> GraphAnswer:
        """Return what came from something; `depth` counts hops, none is all."""
        return self._answer(
            GraphAnswer, "lineage.graph.downstream", of=of, depth=depth, kinds=kinds,
            as_of=as_of, limit=limit, after=after,
        )  # fmt: skip

    def impact(
        self, of: str, *, as_of: float | None = None, if_unchanged: str | None = None
    ) -> ImpactAnswer:
        """Return what deleting something would break.

        Args:
            of: What would be deleted.
            as_of: As the graph was at this time.
            if_unchanged: The fingerprint of an earlier answer.

        Raises:
            ApiError: With status 409, when the set is no longer that one.
        """
        return self._answer(
            ImpactAnswer, "lineage.graph.impact", of=of, as_of=as_of,
            if_unchanged=if_unchanged,
        )  # fmt: skip

    def provenance(self, of: str, *, as_of: float | None = None) -> ProvenanceAnswer:
        """Return where one output came from."""
        return self._answer(
            ProvenanceAnswer, "lineage.graph.provenance", of=of, as_of=as_of
        )

    def diff(self, a: str, b: str) -> DiffAnswer:
        """Return what differs between two tasks."""
        return self._answer(DiffAnswer, "lineage.graph.diff", a=a, b=b)

    def stale(
        self, *, of: str | None = None, limit: int = 100, after: str | None = None
    ) -> StaleAnswer:
        """List outputs made from something that has a newer version."""
        return self._answer(
            StaleAnswer, "lineage.graph.stale", of=of, limit=limit, after=after
        )

    def path(
        self, source: str, target: str, *, as_of: float | None = None
    ) -> GraphAnswer:
        """Return a way from one thing to another."""
        return self._answer(
            GraphAnswer, "lineage.graph.path", source=source, target=target,
            as_of=as_of,
        )  # fmt: skip

    def search(
        self,
        text: str,
        *,
        kinds: Sequence[str] | None = None,
        limit: int = 20,
        after: str | None = None,
    ) -> SearchAnswer:
        """Find things by the beginning of a name, path, id or digest."""
        return self._answer(
            SearchAnswer, "lineage.search", text=text, kinds=kinds, limit=limit,
            after=after,
        )  # fmt: skip

    def health(self) -> HealthAnswer:
        """Return how complete the graph is."""
        return self._answer(HealthAnswer, "lineage.health")

    def changes(self, cursor: str | None = None) -> ChangesAnswer:
        """Return what is new since the cursor of an earlier answer."""
        return self._answer(ChangesAnswer, "lineage.changes", cursor=cursor)

    def _answer(
        self,
        model: type[_A],
        method: str,
        *,
        _kept: dict[str, Any] | None = None,
        **fields: Any,
    ) -> _A:
        said = {name: value for name, value in fields.items() if value is not None}
        return model.model_validate(
            self._call_announced(method, {**said, **(_kept or {})})
        )
