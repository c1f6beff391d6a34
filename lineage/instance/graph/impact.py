"""What deleting something would break."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ...model.graph import ImpactAnswer, ImpactItem
from ..store.activities import INPUT, OUTPUT
from .asking import Asker
from .closure import closure
from .selecting import starts
from .teamview import Spot, TeamView, spot_of_task


def impact(
    asker: Asker, team_ids: Sequence[int], of: str, *, as_of: float | None = None
) -> ImpactAnswer:
    """Answer `lineage.graph.impact`.

    A thing downstream has to be made again when every activity that made it needs
    something that would be gone; it only loses a source when another activity
    that made it remains whole.
    """
    with asker.focus(team_ids, of, as_of) as focus:
        answer = ImpactAnswer(focus=[], remake=[], loses_source=[], fingerprint="")
        for view, spots in focus:
            answer.focus += view.cards(sorted(spots)).values()
            _add(view, spots, answer)
    answer.fingerprint = fingerprint(answer)
    return answer


def fingerprint(answer: ImpactAnswer) -> str:
    """Give a short text that changes when what is affected does."""
    keys = sorted(
        f"{what} {item.node.team_id} {item.node.key}"
        for what, items in (("r", answer.remake), ("l", answer.loses_source))
        for item in items
    )
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16]


def _add(view: TeamView, spots: set[Spot], answer: ImpactAnswer) -> None:
    data, tasks = starts(view, spots)
    reach = closure(view.links, data, tasks, up=False)
    left = _sources_left(view, set(reach.data), set(data), set(tasks))
    joined = view.joined(reach.data)
    shown = {
        node: spot_of_task(joined[node]) if node in joined else node
        for node in reach.data
    }
    cards = view.cards(set(shown.values()) - spots)
    for node, hops in sorted(reach.data.items(), key=lambda pair: (pair[1], pair[0])):
        card = cards.get(shown[node])
        if card is None or node in data:
            continue
        item = ImpactItem(node=card, hops=hops, left=left.get(node, 0))
        (answer.loses_source if item.left else answer.remake).append(item)


def _sources_left(
    view: TeamView, affected: set[int], gone: set[int], gone_tasks: set[int]
) -> dict[int, int]:
    """Count, for each affected node, the makers that would remain whole.

    What has to be made again is gone for those further down, until nothing changes.
    """
    lost = set(gone)
    makers, inputs = _makers(view, affected - gone)
    while True:
        left = {
            node: sum(
                activity >> 24 not in gone_tasks and not (inputs[activity] & lost)
                for activity in activities
            )
            for node, activities in makers.items()
        }
        more = {node for node, count in left.items() if not count} - lost
        if not more:
            return left
        lost |= more


def _makers(
    view: TeamView, nodes: set[int]
) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    makers: dict[int, set[int]] = {node: set() for node in nodes}
    names = {"team": view.team_id}
    for node, activity in view.tx.all(
        "SELECT l.node_id, l.activity FROM each_int(:ids) AS x JOIN links l"
        f" ON l.team_id = :team AND l.node_id = x.value AND l.direction = {OUTPUT}",
        {**names, "ids": nodes},
    ):
        makers[node].add(activity)
    activities = {activity for part in makers.values() for activity in part}
    inputs: dict[int, set[int]] = {activity: set() for activity in activities}
    for activity, node in view.tx.all(
        "SELECT l.activity, l.node_id FROM each_int(:ids) AS x JOIN links l"
        f" ON l.team_id = :team AND l.activity = x.value AND l.direction = {INPUT}",
        {**names, "ids": activities},
    ):
        inputs[activity].add(node)
    return makers, inputs
