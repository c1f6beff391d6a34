"""Finds the tasks that were silent for longer than they said they would be."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from ...system import is_process_alive
from .database import Database

#: Whether a process is at work, by host and number.
IsAlive = Callable[[str | None, int | None], bool]

#: The tasks to look at. A server that was away heard nothing of anybody.
SILENT: Final = """
SELECT t.team_id, r.run, t.host, t.pid, t.heard_at, t.lost_after_s,
    COALESCE(t.reported_at, t.started_at, t.created_at),
    (SELECT MAX(e.recorded_at) FROM edges e
     WHERE e.team_id = t.team_id AND e.task_id = t.id)
FROM tasks t JOIN runs r ON r.team_id = t.team_id AND r.task_id = t.id
WHERE t.ended_at IS NULL AND t.heard_at IS NOT NULL
    AND t.heard_at + t.lost_after_s < :now AND :since + t.lost_after_s < :now
ORDER BY t.heard_at LIMIT 1000
"""


def silent_ends(
    db: Database, since: float, now: float | None, is_alive: IsAlive
) -> dict[int, list[dict[str, Any]]]:
    """Return, by team, the facts by which silent tasks are lost.

    Args:
        db: The store.
        since: Since when facts could arrive.
        now: The time; that of the clock when left out.
        is_alive: Which processes are silent and nevertheless at work.
    """
    now = time.time() if now is None else now
    with db.read() as tx:
        rows = tx.all(SILENT, {"now": now, "since": since})
    found: dict[int, list[dict[str, Any]]] = {}
    for team, run, host, pid, heard_at, lost_after_s, opened_at, edge_at in rows:
        # A worker that had joined the task may go on without the one that opened it.
        last_at = max(heard_at, edge_at or 0.0)
        if last_at + lost_after_s > now or is_alive(host, pid):
            continue
        fact = {
            "f": "task_end",
            "uid": f"{run}-silent-{last_at:.6f}",
            "task": run,
            "at": max(opened_at, edge_at or 0.0),
            "status": "lost",
        }
        found.setdefault(team, []).append(fact)
    return found


def is_at_work_here(host: str | None, pid: int | None) -> bool:
    """Whether a process of this machine runs."""
    if pid is None:
        return False
    # Few stores have a task that is silent, and who asks one waits for every import.
    import socket

    return host == socket.gethostname() and is_process_alive(pid)


def nobody(_host: str | None, _pid: int | None) -> bool:
    """Say of every process that it is not known to be at work."""
    return False
