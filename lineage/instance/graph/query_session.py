"""What every question begins with: one moment of the store, and its focus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ...errors import NotFoundError
from ...model.selector import Selector, parse
from ..store import Store
from .link_cache import LinkCache
from .selector_eval import select
from .team_graph import Spot, TeamGraph

Focus = list[tuple[TeamGraph, set[Spot]]]


class GraphReader:
    """Opens the store for questions and keeps the warm graph.

    Args:
        store: The store to ask.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._memo = LinkCache()
        store.intake.listen(self._memo.on_change)

    @contextmanager
    def views(
        self, team_ids: Sequence[int], as_of: float | None = None
    ) -> Iterator[list[TeamGraph]]:
        """Open every team's graph at one moment."""
        with self.store.db.read() as tx:
            teams = sorted(set(team_ids))
            yield [
                TeamGraph(tx, team, self._memo, as_of, teams[:at])
                for at, team in enumerate(teams)
            ]

    @contextmanager
    def focus(
        self, team_ids: Sequence[int], selector: str, as_of: float | None = None
    ) -> Iterator[Focus]:
        """Open the teams' graphs where a selector finds something.

        Raises:
            SelectorError: The selector cannot be read.
            NotFoundError: It means nothing that is known.
        """
        parsed = parse(selector)
        with self.views(team_ids, as_of) as views:
            yield found(views, parsed)


def found(views: Sequence[TeamGraph], selector: Selector) -> Focus:
    """Give the teams in which a selector means something, and what.

    Raises:
        NotFoundError: It means nothing anywhere.
    """
    focus = [(view, view.present(select(view, selector))) for view in views]
    focus = [(view, spots) for view, spots in focus if spots]
    if not focus:
        raise NotFoundError(
            f"nothing is known that {str(selector)!r} means; "
            "search finds things by a part of their name",
            subject=str(selector),
        )
    return focus


def newest(spots: set[Spot]) -> Spot:
    """Choose one card of several: the thing, or the task, that is newest."""
    data = [spot for spot in spots if spot >= 0]
    return max(data) if data else min(spots)
