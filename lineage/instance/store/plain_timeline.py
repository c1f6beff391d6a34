"""The timeline of a new artifact of whose edges nothing is known but their time.

It decides as `Timeline` does, for a third of the cost: there is no evidence to compare,
and no event has to be made of an edge. Such are most edges of a large batch.
"""

from __future__ import annotations

from collections.abc import Sequence

from .activity_ids import INPUT, MAX_STEPS
from .edge_batch import EdgeBatch
from .timeline import Making, Timeline, Version


def read_plain(timeline: Timeline, batch: EdgeBatch, places: Sequence[int]) -> None:
    """Read edges into an empty timeline, and bind each to its node's making.

    Args:
        timeline: The timeline.
        batch: The edges.
        places: Those of the artifact.
    """
    times, links, makings = batch.times, batch.links, batch.makings
    uses = timeline.task_uses
    last: Making | None = None
    last_place, is_used = -1, False
    for place in _in_order(batch, places):
        task, at = batch.tasks[place], times[place]
        if links[place] == INPUT:
            making = last or _unknown(timeline, at, batch.ids[place])
            timeline.note_use(task, batch.steps[place], making)
            is_used = True
        else:
            if (
                last is not None
                and not is_used
                and _continues(timeline, batch, last_place, place)
            ):
                making = last
            else:
                making = _add(timeline, at, batch.ids[place], is_made=True)
            if task in uses:
                activity = batch.activities[place] & MAX_STEPS
                timeline.work_in_place(task, activity, making, at)
            making.made_at = at
            last, last_place, is_used = making, place, False
        if last is None or last_place == place:
            timeline.current, timeline.current_at = making, at
        makings[place] = making
    if last is not None:
        timeline.is_current_observed = True
        timeline.last = batch.event(last_place)
        timeline.last.making = last


def _continues(timeline: Timeline, batch: EdgeBatch, last: int, place: int) -> bool:
    """Whether a production continues the one before, which nobody has seen yet."""
    task = batch.tasks[place]
    return batch.tasks[last] == task and timeline.continues(
        task, batch.steps[last], batch.steps[place]
    )


def _in_order(batch: EdgeBatch, places: Sequence[int]) -> Sequence[int]:
    """Return places in the order of their edges in time."""
    times = [batch.times[place] for place in places]
    if all(map(float.__lt__, times, times[1:])):
        return places
    if len(set(times)) == len(times):
        return sorted(places, key=batch.times.__getitem__)
    return sorted(places, key=lambda place: batch.event(place).order)


def _unknown(timeline: Timeline, at: float, edge: int) -> Making:
    """Return the finding of the content that nobody made."""
    if timeline.unknown is None or timeline.unknown.found is None:
        making = _add(timeline, at, edge, is_made=False)
        timeline.unknown = making.version
        making.version.is_unnamed = True
        making.version.found = making
        return making
    return timeline.unknown.found


def _add(timeline: Timeline, at: float, edge: int, *, is_made: bool) -> Making:
    timeline.count += 1
    version = Version(ordinal=timeline.count)
    making = version.first = Making(version, is_made, at, first_edge=edge)
    if is_made:
        version.made = making
    timeline.makings.append(making)
    return making
