"""Takes events in as the receiver does, and reads what a team's graph is then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lineage.instance.openlineage.event import read_event
from lineage.instance.openlineage.run_update import RunUpdate
from lineage.instance.store import Store

_TASKS = (
    "SELECT t.name, t.status, t.started_at, t.ended_at, t.error, p.name FROM tasks t"
    " LEFT JOIN runs r ON r.team_id = t.team_id AND r.run = t.parent_run"
    " LEFT JOIN tasks p ON p.team_id = r.team_id AND p.id = r.task_id"
    " WHERE t.team_id = ?"
)
_STEPS = (
    "SELECT t.name, s.name, s.started_at, s.ended_at, s.outcome, p.name FROM steps s"
    " JOIN tasks t ON t.team_id = s.team_id AND t.id = s.task_id"
    " LEFT JOIN steps p ON p.team_id = s.team_id AND p.task_id = s.task_id"
    " AND p.number = s.parent WHERE s.team_id = ?"
)
_EDGES = (
    "SELECT t.name, e.direction, e.event_at, a.kind, a.ident, n.label, n.size,"
    " n.created_at, n.is_made FROM edges e"
    " JOIN tasks t ON t.team_id = e.team_id AND t.id = e.task_id"
    " JOIN nodes n ON n.team_id = e.team_id AND n.id = e.node_id"
    " JOIN entities a ON a.team_id = n.team_id AND a.id = n.entity_id"
    " WHERE e.team_id = ?"
)
_NODES = (
    "SELECT a.kind, a.ident, n.label, n.created_at FROM entities a LEFT JOIN nodes n"
    " ON n.team_id = a.team_id AND n.entity_id = a.id WHERE a.team_id = ?"
)
_LINKS = (
    "SELECT l.direction, l.since, a.ident, n.created_at FROM links l"
    " LEFT JOIN nodes n ON n.team_id = l.team_id AND n.id = l.node_id"
    " LEFT JOIN entities a ON a.team_id = n.team_id AND a.id = n.entity_id"
    " WHERE l.team_id = ?"
)
_METRICS = (
    "SELECT t.name, m.name, m.value FROM task_metrics m"
    " JOIN tasks t ON t.team_id = m.team_id AND t.id = m.task_id WHERE m.team_id = ?"
)


def receive(store: Store, team: int, *batches: Sequence[dict[str, Any]]) -> None:
    """Take in batches of events, which must all be understood."""
    for batch in batches:
        events = [event for one in batch if (event := read_event(one)) is not None]
        assert len(events) == len(batch)
        answer = store.ingest_prepared(team, RunUpdate(team, events).prepare)
        assert answer.refused == []


def graph_rows(store: Store, team: int) -> list[list[tuple[Any, ...]]]:
    """Return what is stored of a team's graph, without its numbers."""
    with store.db.read() as tx:
        return [
            sorted((tuple(row) for row in tx.all(sql, (team,))), key=str)
            for sql in (_TASKS, _STEPS, _EDGES, _NODES, _LINKS, _METRICS)
        ]
