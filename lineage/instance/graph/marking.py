"""Marks what was deleted; nothing is taken out of the graph."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ...errors import NotFoundError
from ...model.graph import Node
from .asking import Asker
from .details import find_data


def delete_data(asker: Asker, team_ids: Sequence[int], key: str) -> Node:
    """Answer `lineage.data.delete`: that version is marked, others stay as they are.

    Raises:
        NotFoundError: There is no such node.
    """
    with asker.views(team_ids) as views:
        found = [(v.team_id, find_data(v, key)) for v in views]
    chosen = next(((team, node) for team, node in found if node is not None), None)
    if chosen is None:
        raise NotFoundError(
            f"there is no {key!r}; keys look like data:345", subject=key
        )
    team, node = chosen
    with asker.store.db.write() as tx:
        tx.run(
            "UPDATE nodes SET deleted_at = ?"
            " WHERE team_id = ? AND id = ? AND deleted_at IS NULL",
            (time.time(), team, node),
        )
    with asker.views([team]) as views:
        return views[0].cards([node])[node]
