"""Reads the parameters of tasks, so that like runs can be distinguished."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Final

from .team_reader import TeamReader

#: Parameters shown of one task, at most.
MAX_PARAMS: Final = 12
#: Steps read for one answer, at most: a task may have many thousands.
MAX_STEPS: Final = 5000

_PARAMS: Final = (
    "SELECT s.task_id, s.params FROM each_int(:ids) AS x"
    " JOIN steps s ON s.team_id = :team AND s.task_id = x.value"
    " WHERE s.params IS NOT NULL ORDER BY s.task_id, s.number LIMIT :most"
)


def task_params(view: TeamReader, ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return the first parameters of each task and its steps; the first name wins."""
    found: dict[int, dict[str, Any]] = {}
    for task, text in view.rows(_PARAMS, ids=ids, most=MAX_STEPS):
        params = found.setdefault(task, {})
        for name, value in json.loads(text).items():
            if len(params) < MAX_PARAMS:
                params.setdefault(name, value)
    return found
