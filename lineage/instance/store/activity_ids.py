"""How the activities that link data are numbered."""

from __future__ import annotations

from typing import Final

#: Bits that number an activity (step or derivation) within its task.
STEP_BITS: Final = 24

#: Activities that one task can have; further ones are counted as the task's own.
MAX_STEPS: Final = (1 << STEP_BITS) - 1

#: Directions of links. An activity used a node, or made it; in the latter case what it
#: comes from follows from the steps.
INPUT: Final = 0
OUTPUT: Final = 1
#: It made the node, but the sources are named: they are inputs of `revision_id(node)`.
MADE: Final = 2
#: It encloses the step without inputs that made the node.
SCOPED: Final = 3


def activity_id(task_id: int, number: int = 0) -> int:
    """Number an activity of a task; 0 is the task itself."""
    return (task_id << STEP_BITS) | number


def task_of(activity: int) -> int | None:
    """Return the task of an activity; none where it stands for a node's sources."""
    return None if activity < 0 else activity >> STEP_BITS


def revision_id(newer_node: int) -> int:
    """Number the activity that has as inputs exactly what a node was made from."""
    return -newer_node
