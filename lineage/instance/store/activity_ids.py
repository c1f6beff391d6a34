"""How the activities that link data are numbered."""

from __future__ import annotations

from typing import Final

#: Bits that number an activity (step or derivation) within its task.
STEP_BITS: Final = 24

#: Activities that one task can have; further ones are counted as the task's own.
MAX_STEPS: Final = (1 << STEP_BITS) - 1

INPUT: Final = 0
OUTPUT: Final = 1


def activity_id(task_id: int, number: int = 0) -> int:
    """Number an activity of a task; 0 is the task itself."""
    return (task_id << STEP_BITS) | number


def task_of(activity: int) -> int | None:
    """Give the task of an activity; none for the revision of a container."""
    return None if activity < 0 else activity >> STEP_BITS


def revision_id(newer_node: int) -> int:
    """Number the activity that made a container's newer state of an older one."""
    return -newer_node
