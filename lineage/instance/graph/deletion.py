"""Marks versions as deleted; nothing is removed from the graph."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ...errors import NotFoundError
from ...model.details import DeleteParams
from ...model.graph import Node
from ...model.selector import parse
from .nodes import nodes_of
from .query_session import GraphReader, newest
from .selector_eval import select


def delete_data(
    reader: GraphReader, team_ids: Sequence[int], params: DeleteParams
) -> Node:
    """Answer `lineage.data.delete`.

    `data:12` marks that version, `file:a/b.pt` every version of the file, and
    `file:a/b.pt@latest` the newest. Any other selector marks all versions that it
    matches; tasks are left unchanged.

    Returns:
        The newest version that was marked.

    Raises:
        NotFoundError: It matches no artifact.
        SelectorError: It cannot be read.
    """
    key = params.key
    selector = parse(key)
    marked: list[tuple[int, set[int]]] = []
    with reader.views(team_ids) as views:
        for view in views:
            nodes = {ref for ref in select(view, selector) if ref >= 0}
            if nodes:
                marked.append((view.team_id, nodes))
    if not marked:
        raise NotFoundError(
            f"there is no {key!r}; keys look like data:345", subject=key
        )
    with reader.db.write() as tx:
        for team, nodes in marked:
            tx.lock_team(team)
            tx.run(
                "UPDATE nodes SET deleted_at = :now WHERE team_id = :team"
                " AND id IN (SELECT x.value FROM each_int(:ids) AS x)"
                " AND deleted_at IS NULL",
                {"now": time.time(), "team": team, "ids": nodes},
            )
            # A new revision lets the page and the link cache notice the change.
            tx.run(
                "UPDATE revisions SET revision = revision + 1 WHERE team_id = ?",
                (team,),
            )
    team, nodes = marked[0]
    with reader.views([team]) as views:
        return nodes_of(views[0], [newest(nodes)])[newest(nodes)]
