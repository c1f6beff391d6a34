"""What tasks had used of the artifacts that they make, as work in place does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .artifact_rows import ArtifactState
from .database import Row, Transaction
from .timeline import Event

#: By pairs of an artifact and a task: through the versions of the artifact.
_USES = (
    "SELECT n.entity_id, e.event_at, e.id, e.task_id, e.step, e.node_id"
    " FROM each_int(:pairs) AS x"
    " JOIN nodes n ON n.team_id = :team AND n.entity_id = (x.value >> 32)"
    " JOIN edges e ON e.team_id = :team AND e.task_id = (x.value & 4294967295)"
    " AND e.direction IN (0, 1) AND e.node_id = n.id"
    " AND (e.direction = 0 OR e.is_reused = 1)"
)
#: The same of artifacts with many versions: through the edges of the tasks.
_USES_OF_TASKS = (
    "SELECT n.entity_id, e.event_at, e.id, e.task_id, e.step, e.node_id"
    " FROM each_int(:tasks) AS x"
    " JOIN edges e ON e.team_id = :team AND e.task_id = x.value"
    " AND e.direction IN (0, 1) AND (e.direction = 0 OR e.is_reused = 1)"
    " JOIN nodes n ON n.team_id = :team AND n.id = e.node_id"
    " WHERE n.entity_id IN (SELECT y.value FROM each_int(:ids) AS y)"
)
#: Look-ups for one artifact, at most, before the tasks are looked through.
_FEW = 16


def maker_uses(
    tx: Transaction,
    team: int,
    artifacts: Mapping[int, ArtifactState],
    groups: Mapping[int, list[Event]],
) -> list[Row]:
    """Return what the tasks of new productions used of the artifacts that they made.

    Args:
        tx: The transaction.
        team: The team.
        artifacts: The artifacts by id.
        groups: New events of each.

    Returns:
        Rows of artifact, time, edge, task, step and node.
    """
    pairs: list[int] = []
    many: dict[int, set[int]] = {}
    for id, events in groups.items():
        if _needs_uses(events):
            tasks = {event.task for event in events}
            if artifacts[id].versions * len(tasks) > _FEW:
                many[id] = tasks
            else:
                pairs += [id << 32 | task for task in tasks]
    found: list[Row] = []
    if pairs:
        found += tx.all(_USES, {"pairs": pairs, "team": team})
    if many:
        names = {"ids": [*many], "tasks": set().union(*many.values()), "team": team}
        found += tx.all(_USES_OF_TASKS, names)
    return found


def _needs_uses(events: Sequence[Event]) -> bool:
    return any(event.role != "use" for event in events)
