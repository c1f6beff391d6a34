"""Marks what was deleted; nothing is taken out of the graph."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ...errors import NotFoundError
from ...model.graph import Node
from ...model.selector import parse
from .query_session import GraphReader, newest
from .selector_eval import select


def delete_data(asker: GraphReader, team_ids: Sequence[int], key: str) -> Node:
    """Answer `lineage.data.delete`.

    `data:12` marks that version, `file:a/b.pt` every version of the file, and
    `file:a/b.pt@latest` the newest. Whatever else a selector means is marked, too;
    tasks are left as they are.

    Returns:
        The newest version that was marked.

    Raises:
        NotFoundError: It means no thing.
        SelectorError: It cannot be read.
    """
    selector = parse(key)
    marked: list[tuple[int, set[int]]] = []
    with asker.views(team_ids) as views:
        for view in views:
            nodes = {spot for spot in select(view, selector) if spot >= 0}
            if nodes:
                marked.append((view.team_id, nodes))
    if not marked:
        raise NotFoundError(
            f"there is no {key!r}; keys look like data:345", subject=key
        )
    with asker.store.db.write() as tx:
        for team, nodes in marked:
            tx.lock_team(team)
            tx.run(
                "UPDATE nodes SET deleted_at = :now WHERE team_id = :team"
                " AND id IN (SELECT x.value FROM each_int(:ids) AS x)"
                " AND deleted_at IS NULL",
                {"now": time.time(), "team": team, "ids": nodes},
            )
            # Those who follow what changes look again.
            tx.run(
                "UPDATE revisions SET revision = revision + 1 WHERE team_id = ?",
                (team,),
            )
    team, nodes = marked[0]
    with asker.views([team]) as views:
        return views[0].cards([newest(nodes)])[newest(nodes)]
