"""The steps around activities and inside them, as walks climb the tree of steps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Final, NamedTuple

from .activity_ids import MAX_STEPS, STEP_BITS
from .database import TeamReader

#: Climbs by one step at each turn; a row that was met is not met again, so steps that
#: were recorded as each other's parents end it.
_AROUND: Final = f"""
WITH RECURSIVE around(start, number) AS (
    SELECT x.value, x.value & {MAX_STEPS} FROM each_int(:ids) AS x
    UNION
    SELECT a.start, s.parent FROM around a JOIN steps s
    ON s.team_id = :team AND s.task_id = a.start >> {STEP_BITS} AND s.number = a.number
)
SELECT start, number FROM around
"""  # noqa: S608  constant SQL
_INSIDE: Final = f"""
WITH RECURSIVE inside(start, number) AS (
    SELECT x.value, x.value & {MAX_STEPS} FROM each_int(:ids) AS x
    UNION
    SELECT i.start, s.number FROM inside i JOIN steps s
    ON s.team_id = :team AND s.task_id = i.start >> {STEP_BITS} AND s.parent = i.number
)
SELECT start, number FROM inside
"""  # noqa: S608  constant SQL
#: Every step is inside its task, also one whose parents go round in a circle.
_OF_TASKS: Final = (
    "SELECT s.task_id, s.number FROM each_int(:ids) AS x"
    " JOIN steps s ON s.team_id = :team AND s.task_id = x.value"
)


class StepTree(NamedTuple):
    """Where activities stand among the steps of their tasks."""

    around: dict[int, list[int]]
    """Of each activity with some: its enclosing steps and the task's body."""
    within: dict[int, list[int]]
    """Of each activity with some: the steps inside it, at any depth."""


def step_tree(reader: TeamReader, activities: Collection[int]) -> StepTree:
    """Return the activities around each, and those inside it."""
    steps = [activity for activity in activities if activity & MAX_STEPS]
    around = _climb(reader, _AROUND, steps)
    for activity in steps:
        root = activity >> STEP_BITS << STEP_BITS
        # A step whose parents go round in a circle is still in the task.
        if root not in around[activity]:
            around[activity].append(root)
    within = _climb(reader, _INSIDE, steps)
    tasks = [
        activity >> STEP_BITS for activity in activities if not activity & MAX_STEPS
    ]
    if tasks:
        for task, number in reader.rows(_OF_TASKS, ids=tasks):
            within[task << STEP_BITS].append((task << STEP_BITS) | number)
    return StepTree(around, within)


def _climb(
    reader: TeamReader, sql: str, activities: Collection[int]
) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    if activities:
        for start, number in reader.rows(sql, ids=activities):
            activity = (start >> STEP_BITS << STEP_BITS) | number
            if activity != start:
                found[start].append(activity)
    return found
