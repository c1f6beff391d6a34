"""Keeps what tasks record beside their edges: parameters, metrics and addresses."""

from __future__ import annotations

import json
from typing import Any, Final

from .database import Transaction
from .fact_types import FactDict
from .steps import StepResolver
from .write_cache import TeamCache

#: Position of a metric that is no point of a series.
NO_POSITION: Final = -1
_PARAM: Final = ("team_id", "task_id", "step", "name", "value", "at", "uid")
_METRIC: Final = (
    "team_id", "task_id", "step", "name", "position", "value", "at", "uid",
)  # fmt: skip
_LINK: Final = ("team_id", "task_id", "name", "url", "at", "uid")
_KEYS: Final = {
    "task_params": _PARAM[:4], "task_metrics": _METRIC[:5], "task_links": _LINK[:3]
}  # fmt: skip
_COLUMNS: Final = {
    "task_params": _PARAM, "task_metrics": _METRIC, "task_links": _LINK
}  # fmt: skip


class TaskDetailWriter:
    """Takes in facts about tasks; of one name the latest value is kept.

    Args:
        tx: The transaction.
        known: What is remembered of the team.
        steps: Numbers the steps.
    """

    def __init__(self, tx: Transaction, known: TeamCache, steps: StepResolver) -> None:
        self._tx = tx
        self._known = known
        self._steps = steps
        self._rows: dict[str, dict[tuple[Any, ...], tuple[Any, ...]]] = {
            table: {} for table in _KEYS
        }

    def take(self, fact: FactDict, owner: int) -> None:
        """Take a fact of the task `owner`."""
        team, at, uid = self._known.team_id, fact["at"], fact["uid"]
        form = fact["f"]
        if form == "links":
            for link in fact["links"]:
                self._keep("task_links", (team, owner, link.name, link.url, at, uid))
            return
        step = self._steps.number(owner, fact["task"], fact.get("step"), at)
        if form == "params":
            for name, value in fact["params"].items():
                row = (team, owner, step, name, json.dumps(value), at, uid)
                self._keep("task_params", row)
            return
        for name, value, position in fact["metrics"]:
            place = NO_POSITION if position is None else position
            self._keep("task_metrics", (team, owner, step, name, place, value, at, uid))

    def write(self) -> None:
        """Write the values, unless later ones are there."""
        for table, rows in self._rows.items():
            self._tx.replace_older(
                table, _COLUMNS[table], _KEYS[table], list(rows.values())
            )

    def _keep(self, table: str, row: tuple[Any, ...]) -> None:
        rows, key = self._rows[table], row[: len(_KEYS[table])]
        known = rows.get(key)
        if known is None or known[-2:] < row[-2:]:
            rows[key] = row
