"""Walks from cards to cards, where a task named as a thing is that task itself."""

from __future__ import annotations

from collections.abc import Iterable

from .team_graph import Spot, TeamGraph, spot_of_task, task_at
from .traversal import Traversal, closure


def starts(view: TeamGraph, spots: Iterable[Spot]) -> tuple[list[int], list[int]]:
    """Give the nodes and tasks from which a walk from some cards starts."""
    places = list(spots)
    tasks = [task_at(spot) for spot in places if spot < 0]
    data = [spot for spot in places if spot >= 0]
    # Others may have used the task itself, or made it.
    return [*data, *view.things_of(tasks)], tasks


def reach_from(
    view: TeamGraph, spots: Iterable[Spot], *, up: bool, depth: int | None = None
) -> Traversal:
    """Find everything on one side of some cards, each with its distance."""
    places = list(spots)
    data, tasks = starts(view, places)
    same = view.things_of(tasks)
    while True:
        reach = closure(view.links, data, tasks, up=up, depth=depth, same=same)
        # Where a task was used as a thing, both ends are one card: what lies
        # behind it is nearer than the links tell.
        more = view.joined_for_others(reach.data.keys() - same.keys())
        if not more:
            return reach
        same.update(more)


def spots_of(view: TeamGraph, reach: Traversal) -> dict[Spot, int]:
    """Give the places of what was reached, a task named as a thing at its own."""
    joined = view.joined(reach.data)
    spots = {spot_of_task(task): hop for task, hop in reach.tasks.items()}
    for node, hop in reach.data.items():
        spot = spot_of_task(joined[node]) if node in joined else node
        spots[spot] = min(hop, spots.get(spot, hop))
    return spots
