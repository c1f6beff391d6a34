"""All questions to the graph, by the names of their endpoints."""

from __future__ import annotations

from collections.abc import Sequence

from ...model.graph import (
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
from ..store import Store
from . import (
    deletion,
    details,
    diff,
    health,
    impact,
    neighborhood,
    provenance,
    search,
    stale,
    tasklist,
)
from .query_session import GraphReader

Teams = Sequence[int]
Words = Sequence[str]


class GraphQueries:
    """Answers questions about the graph of the given teams, and of no other.

    Every method takes the teams first. `of`, `select`, `source`, `target`, `a` and
    `b` are selectors. A selector that cannot be read is a `SelectorError`, a thing
    that is not there a `NotFoundError`, any other bad value a `ValueError`.

    Args:
        store: The store to ask.
    """

    def __init__(self, store: Store) -> None:
        self._asker = GraphReader(store)

    def list_tasks(
        self,
        team_ids: Teams,
        *,
        text: str | None = None,
        status: str | Words | None = None,
        kind: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> TasksPage:
        """List tasks, newest first.

        Args:
            team_ids: The teams whose tasks may be seen.
            text: A part of the name, or the number.
            status: The platform's word, or several.
            kind: Only tasks that used or produced a thing of this kind.
            since: Opened at this time or later.
            until: Opened at this time or earlier.
            limit: Tasks in one page; 50 when left out.
            after: The `next` of the page before.
        """
        return tasklist.list_tasks(
            self._asker, team_ids, text=text, status=status, kind=kind, since=since,
            until=until, limit=limit, after=after,
        )  # fmt: skip

    def get_task(self, team_ids: Teams, *, id: str | int) -> TaskDetail:
        """Tell everything known of a task, by its number, its key or its run's key."""
        return details.get_task(self._asker, team_ids, id)

    def get_data(self, team_ids: Teams, *, key: str) -> DataDetail:
        """Tell everything known of one version of a thing."""
        return details.get_data(self._asker, team_ids, key)

    def delete_data(self, team_ids: Teams, *, key: str) -> Node:
        """Mark a version (`data:12`), or all of a thing (`file:a.pt`), as deleted.

        What is marked stays in the graph. Gives the newest version that was marked.
        """
        return deletion.delete_data(self._asker, team_ids, key)

    def get(
        self,
        team_ids: Teams,
        *,
        select: str,
        up: int | None = 1,
        down: int | None = 1,
        kinds: Words | None = None,
        statuses: Words | None = None,
        as_of: float | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> GraphAnswer:
        """Give what a selector means and what is around it.

        Args:
            team_ids: The teams whose graph may be seen.
            select: What to start from; hops that it names win over `up` and `down`.
            up: Hops upstream; None is without limit.
            down: Hops downstream; None is without limit.
            kinds: Show only cards of these kinds (`task` is one), and the focus.
            statuses: Show only tasks of these statuses, and the focus.
            as_of: Leave out what was recorded later.
            limit: Cards in one page; 500 when left out, 5000 at most.
            after: The `next` of the page before.
        """
        return neighborhood.around(
            self._asker, team_ids, select, up=up, down=down, kinds=kinds,
            statuses=statuses, as_of=as_of, limit=limit, after=after,
        )  # fmt: skip

    def upstream(
        self,
        team_ids: Teams,
        *,
        of: str,
        depth: int | None = None,
        kinds: Words | None = None,
        as_of: float | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> GraphAnswer:
        """Give what a thing was made of, to a depth or without limit."""
        return neighborhood.one_way(
            self._asker, team_ids, of, up=True, depth=depth, kinds=kinds,
            as_of=as_of, limit=limit, after=after,
        )  # fmt: skip

    def downstream(
        self,
        team_ids: Teams,
        *,
        of: str,
        depth: int | None = None,
        kinds: Words | None = None,
        as_of: float | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> GraphAnswer:
        """Give what was made of a thing, to a depth or without limit."""
        return neighborhood.one_way(
            self._asker, team_ids, of, up=False, depth=depth, kinds=kinds,
            as_of=as_of, limit=limit, after=after,
        )  # fmt: skip

    def impact(
        self, team_ids: Teams, *, of: str, as_of: float | None = None
    ) -> ImpactAnswer:
        """Tell what deleting something would break, with a fingerprint of it."""
        return impact.impact(self._asker, team_ids, of, as_of=as_of)

    def provenance(
        self, team_ids: Teams, *, of: str, as_of: float | None = None
    ) -> ProvenanceAnswer:
        """Tell where one output came from."""
        return provenance.provenance(self._asker, team_ids, of, as_of=as_of)

    def diff(self, team_ids: Teams, *, a: str, b: str) -> DiffAnswer:
        """Tell what differs between two tasks."""
        return diff.diff(self._asker, team_ids, a, b)

    def stale(
        self,
        team_ids: Teams,
        *,
        of: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> StaleAnswer:
        """List outputs whose inputs have newer versions than those used."""
        return stale.stale(self._asker, team_ids, of=of, limit=limit, after=after)

    def path(
        self,
        team_ids: Teams,
        *,
        source: str,
        target: str,
        as_of: float | None = None,
    ) -> GraphAnswer:
        """Give a shortest way between two things, whichever way data flowed."""
        return neighborhood.path(self._asker, team_ids, source, target, as_of=as_of)

    def search(
        self,
        team_ids: Teams,
        *,
        text: str,
        kinds: Words | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> SearchAnswer:
        """Find things by a start of a word of their name, path or title, or an id."""
        return search.search(
            self._asker, team_ids, text, kinds=kinds, limit=limit, after=after
        )

    def health(self, team_ids: Teams) -> HealthAnswer:
        """Tell how complete the graph is."""
        return health.health(self._asker, team_ids)

    def changes(self, team_ids: Teams, *, cursor: str | None = None) -> ChangesAnswer:
        """Tell which tasks got new facts since a cursor."""
        return health.changes(self._asker, team_ids, cursor)
