"""The graph of one team of a store in a form that depends on nothing but the facts."""

from __future__ import annotations

from typing import Any

from lineage.instance.store import Store
from lineage.instance.store.database import TeamReader
from lineage.instance.store.derived_links import downstream, upstream
from lineage.instance.store.edge_uids import SOURCE_BITS, join_uid


def canonical(store: Store, team: int) -> dict[str, Any]:
    """Read a team's graph in the form of `versions_reference.Graph.canonical`."""
    with store.db.read() as tx:
        uids = {
            row[0]: join_uid(row[1], row[0])
            for row in tx.all(
                "SELECT e.id, s.source FROM edges e JOIN sources s"
                f" ON s.team_id = e.team_id AND s.id = e.id >> {SOURCE_BITS}"
                " WHERE e.team_id = ?",
                (team,),
            )
        }
        bound: dict[int, list[str]] = {}
        reused = []
        for id, node, direction, is_reused in tx.all(
            "SELECT id, node_id, direction, is_reused FROM edges WHERE team_id = ?",
            (team,),
        ):
            role = "use" if direction == 0 else "production"
            bound.setdefault(node, []).append(f"{role}:{uids[id]}")
            if is_reused:
                reused.append(uids[id])
        for id, node in tx.all(
            "SELECT edge_id, node_id FROM derivations WHERE team_id = ?", (team,)
        ):
            bound.setdefault(node, []).append(f"mention:{uids[id]}")
        nodes = tx.all(
            "SELECT n.id, e.kind, e.ident, n.ordinal, n.is_made, n.created_at,"
            " n.digest, n.size, e.latest_id FROM nodes n JOIN entities e"
            " ON e.team_id = n.team_id AND e.id = n.entity_id WHERE n.team_id = ?",
            (team,),
        )
        names = {
            row[0]: (row[1], row[2], *sorted(bound.get(row[0], ()))) for row in nodes
        }
        runs = dict(tx.all("SELECT task_id, run FROM runs WHERE team_id = ?", (team,)))
        steps = {
            (task, number): step
            for task, number, step in tx.all(
                "SELECT task_id, number, step FROM steps WHERE team_id = ?", (team,)
            )
        }
        links = upstream(TeamReader(tx, team), list(names))
        assert sorted(links) == sorted(downstream(TeamReader(tx, team), list(names)))

    def by(activity: int) -> str:
        if activity <= 0:
            return ""
        task, step = activity >> 24, activity & 0xFFFFFF
        return steps[task, step] if step else f"{runs[task]}/"

    return {
        "nodes": {names[row[0]]: (row[3], bool(row[4]), *row[5:8]) for row in nodes},
        "current": {row[1:3]: names[row[8]] for row in nodes},
        "reused": sorted(reused),
        "links": {
            (names[link.source], names[link.target], link.how, by(link.activity))
            for link in links
        },
    }
