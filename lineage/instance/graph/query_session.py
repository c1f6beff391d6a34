"""What every question begins with: one moment of the store, and its focus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final, Protocol

from ...errors import NotFoundError
from ...model.selector import Selector, as_name, parse
from ..store.database import Database
from ..store.text_queue import index_texts
from .links import LinkCache
from .selector_eval import select
from .team_graph import NodeRef, TeamGraph


class HasDatabase(Protocol):
    """Whatever holds the database of an instance."""

    db: Database


#: How often each team's graph has changed, and whether new artifacts wait for the
#: indexes of texts.
_REVISIONS: Final = (
    "SELECT r.team_id, r.revision, r.unindexed_from IS NOT NULL"
    " FROM each_int(:teams) AS x JOIN revisions r ON r.team_id = x.value"
)
Focus = list[tuple[TeamGraph, set[NodeRef]]]


class GraphReader:
    """Opens the store for questions and remembers what was read of each team's graph.

    Args:
        db: The database to ask.
    """

    def __init__(self, db: Database) -> None:
        self.db = db
        self._cache = LinkCache()

    @contextmanager
    def views(
        self, team_ids: Sequence[int], as_of: float | None = None
    ) -> Iterator[list[TeamGraph]]:
        """Open every team's graph at one moment."""
        teams = sorted(set(team_ids))
        with ExitStack() as transaction:
            tx = transaction.enter_context(self.db.read())
            rows = tx.all(_REVISIONS, {"teams": teams})
            unindexed = [team for team, _, is_unindexed in rows if is_unindexed]
            if unindexed:
                transaction.close()
                index_texts(self.db, unindexed)
                tx = transaction.enter_context(self.db.read())
                rows = tx.all(_REVISIONS, {"teams": teams})
            revisions = {team: revision for team, revision, _ in rows}
            yield [
                TeamGraph(
                    tx, team, self._cache, revisions.get(team, 0), as_of, teams[:at]
                )
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
        with self.views(team_ids, as_of) as views:
            yield find(views, selector)


#: Signs that a name may hold and that mean something in a selector.
_SIGNS: Final = frozenset('&|,()+:@<>="')


def find(views: Sequence[TeamGraph], text: str) -> Focus:
    """Return what a text means: the nodes with exactly this name, else a selector.

    Raises:
        SelectorError: It is no name that is known, and no selector.
        NotFoundError: It means nothing that is known.
    """
    return find_name(views, text) or found(views, parse(text))


def find_name(views: Sequence[TeamGraph], text: str) -> Focus:
    """Return what has this very name, if it looks like a selector: `a, b.csv`."""
    name = as_name(text) if _SIGNS.intersection(text) else None
    return [] if name is None else _focus(views, name)


def found(views: Sequence[TeamGraph], selector: Selector) -> Focus:
    """Return the teams in which a selector matches something, with the matches.

    Raises:
        NotFoundError: It means nothing anywhere.
    """
    focus = _focus(views, selector)
    if not focus:
        raise NotFoundError(
            f"nothing is called {str(selector)!r}; "
            "`lineage search` finds artifacts and tasks by a part of their name",
            subject=str(selector),
        )
    return focus


def _focus(views: Sequence[TeamGraph], selector: Selector) -> Focus:
    focus = [(view, view.visible(select(view, selector))) for view in views]
    return [(view, refs) for view, refs in focus if refs]


def newest(refs: set[NodeRef]) -> NodeRef:
    """Choose one node of several: the artifact, or the task, that is newest."""
    data = [ref for ref in refs if ref >= 0]
    return max(data) if data else min(refs)
