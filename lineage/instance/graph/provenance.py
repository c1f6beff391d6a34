"""Where one output came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...model.graph import ProvenanceAnswer
from .details import task_detail
from .neighborhood import walk
from .pages import Subgraph, graph_page
from .query_session import GraphReader, newest
from .team_graph import Spot, TeamGraph, task_at

#: Tasks told whole, the nearest ones.
MAX_TASKS: Final = 100


def provenance(
    asker: GraphReader, team_ids: Sequence[int], of: str, *, as_of: float | None = None
) -> ProvenanceAnswer:
    """Answer `lineage.graph.provenance`; of several versions the newest is taken."""
    with asker.focus(team_ids, of, as_of) as focus:
        view, spots = focus[0]
        spot = newest(spots)
        hops = walk(view, {spot}, up=True, depth=None)
        part = Subgraph(up=hops, focus={spot})
        order = part.ordered()
        nodes = {s for s in order if s >= 0} | set(
            view.things_of([task_at(s) for s in order if s < 0])
        )
        tasks = [task_at(s) for s in order if s < 0]
        sources = _without_maker(view, order)
        cards = view.cards([spot, *sources])
        graph = graph_page([(view, part)], as_of=as_of)
        told = [task_detail(view, task, among=nodes) for task in tasks[:MAX_TASKS]]
        is_cut = len(told) < len(tasks) or graph.truncated
        return ProvenanceAnswer(
            node=cards[spot],
            tasks=told,
            inputs=[cards[s] for s in sources],
            graph=graph,
            truncated=is_cut or any(t.edges_total > len(t.edges) for t in told),
        )


def _without_maker(view: TeamGraph, order: Sequence[Spot]) -> list[Spot]:
    data = [spot for spot in order[1:] if spot >= 0]
    rows = view.rows(
        "SELECT DISTINCT l.node_id FROM each_int(:ids) AS x JOIN links l"
        " ON l.team_id = :team AND l.node_id = x.value AND l.direction = 1"
        "{when l.since}",
        ids=data,
    )
    made = {row[0] for row in rows}
    return [spot for spot in data if spot not in made]
