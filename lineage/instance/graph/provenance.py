"""Where one output came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...model.details import ProvenanceAnswer, ProvenanceParams
from .details import task_detail
from .neighborhood import walk
from .nodes import nodes_of
from .one_node import one_node
from .pages import Subgraph, graph_page
from .query_session import GraphReader
from .team_graph import NodeRef, TeamGraph, task_of_ref

#: Tasks rows whole, the nearest ones.
MAX_TASKS: Final = 100


def provenance(
    reader: GraphReader, team_ids: Sequence[int], params: ProvenanceParams
) -> ProvenanceAnswer:
    """Answer `lineage.graph.provenance` of a run, or an artifact's current version.

    Raises:
        SelectorError: The selector cannot be read, or means several.
        NotFoundError: It means nothing that is known.
    """
    with reader.views(team_ids, params.as_of) as views:
        view, ref = one_node(views, params.of)
        hops = walk(view, {ref}, up=True, depth=None)
        part = Subgraph(up=hops, focus={ref})
        order = part.ordered()
        among = {s for s in order if s >= 0} | set(
            view.nodes_of_tasks([task_of_ref(s) for s in order if s < 0])
        )
        tasks = [task_of_ref(s) for s in order if s < 0]
        sources = _without_maker(view, order)
        nodes = nodes_of(view, [ref, *sources])
        graph = graph_page([(view, part)], params)
        shown = [task_detail(view, task, among=among) for task in tasks[:MAX_TASKS]]
        is_cut = len(shown) < len(tasks) or graph.truncated
        return ProvenanceAnswer(
            node=nodes[ref],
            tasks=shown,
            inputs=[nodes[s] for s in sources],
            graph=graph,
            truncated=is_cut or any(t.edges_total > len(t.edges) for t in shown),
        )


def _without_maker(view: TeamGraph, order: Sequence[NodeRef]) -> list[NodeRef]:
    data = [ref for ref in order[1:] if ref >= 0]
    made = view.links.makers(data)
    return [ref for ref in data if not made.get(ref)]
