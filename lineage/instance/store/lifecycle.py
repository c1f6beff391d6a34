"""Applies what facts say about tasks and steps: openings, details, ends, log lines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ...model.environment import environment_digest
from .database import Transaction
from .dedup import Item
from .fact_types import FactDict
from .search_index import write_task_terms
from .steps import StepResolver
from .task_details import TaskDetailWriter
from .write_cache import TeamCache

#: What an opening may say of its task; of several, the later one counts.
_SAID: Final = {
    "name": "name", "host": "host", "user_name": "user", "pid": "pid",
    "python": "python", "git_commit": "git_commit", "git_dirty": "git_dirty",
    "command": "command", "machine": "machine", "parent_step": "parent_step",
    "environment_digest": "environment_digest", "parent_run": "parent", "card": "card",
}  # fmt: skip
_KEEP_LATER: Final = ", ".join(
    f"{column} = CASE WHEN told_at > :at THEN COALESCE({column}, :{name})"
    f" ELSE COALESCE(:{name}, {column}) END"
    for column, name in _SAID.items()
)
#: Another run that opens a task after its end goes on with it, and so does its own run
#: if it only seemed to be lost.
_GOES_ON: Final = "(ended_at < :at AND (run <> :run OR status = 'lost'))"
_OPEN: Final = f"""
UPDATE tasks SET {_KEEP_LATER},
    started_at = CASE WHEN started_at < :at THEN started_at ELSE :at END,
    status = CASE WHEN told_at > :at THEN status
        WHEN ended_at IS NULL OR {_GOES_ON}
        THEN :status ELSE status END,
    error = CASE WHEN {_GOES_ON} THEN NULL ELSE error END,
    traceback = CASE WHEN {_GOES_ON} THEN NULL ELSE traceback END,
    ended_at = CASE WHEN {_GOES_ON} THEN NULL ELSE ended_at END,
    run = CASE WHEN run IS NULL OR told_at IS NULL OR told_at <= :at
        THEN :run ELSE run END,
    told_at = CASE WHEN told_at > :at THEN told_at ELSE :at END
WHERE team_id = :team AND id = :id
"""  # noqa: S608  constant SQL
#: A sign that a task's process is gone ends no task that has an end, or that was
#: opened again after the process's last sign of life.
_LOST: Final = """
UPDATE tasks SET status = 'lost', ended_at = :at, run = COALESCE(run, :run)
WHERE team_id = :team AND id = :id
    AND (ended_at IS NULL OR (status = 'lost' AND ended_at <= :at))
    AND (told_at IS NULL OR told_at <= :at)
"""
#: An end that comes late does not end the run that went on with the task. Any end is
#: better known than that of a task that seemed to be lost.
_END: Final = """
UPDATE tasks SET status = :status, ended_at = :at,
    error = :error, traceback = :traceback, run = COALESCE(run, :run)
WHERE team_id = :team AND id = :id
    AND (ended_at IS NULL OR ended_at <= :at OR status = 'lost')
    AND NOT (told_at IS NOT NULL AND told_at > :at AND run <> :run)
"""
_OPEN_FIELDS: Final = (
    "name", "host", "pid", "python", "git_commit", "command", "parent", "at",
    "machine", "parent_step",
)  # fmt: skip
_END_FIELDS: Final = ("status", "at", "error", "traceback")
_LOG: Final = ("team_id", "task_id", "id", "logged_at", "level", "message",
    "fields",
)  # fmt: skip


class TaskEventWriter:
    """Takes in the facts of one transaction that are not edges.

    Args:
        tx: The transaction.
        known: What is remembered of the team.
        steps: Numbers the steps.
    """

    def __init__(self, tx: Transaction, known: TeamCache, steps: StepResolver) -> None:
        self._tx = tx
        self._known = known
        self._steps = steps
        self._lines: list[tuple[Any, ...]] = []
        self._details = TaskDetailWriter(tx, known, steps)
        #: What tasks ran in, by its digest.
        self._environments: dict[str, str] = {}

    def take(self, items: Sequence[Item], owners: Sequence[int]) -> None:
        """Apply facts in order, each to the task that it belongs to."""
        team = self._known.team_id
        for (id, fact, user), owner in zip(items, owners, strict=True):
            form, at = fact["f"], fact["at"]
            if form == "step_end":
                number = self._steps.number(owner, fact["task"], fact["step"], at)
                error = fact.get("error")
                self._steps.end(owner, number, at, fact["outcome"], error)
            elif form == "step_ends":
                for key, ended_at in fact["ends"]:
                    number = self._steps.number(owner, fact["task"], key, ended_at)
                    self._steps.end(owner, number, ended_at, "ok", None)
            elif form == "log":
                level = fact.get("level", "info")
                line = (fact["message"], fact.get("fields"))
                self._lines.append((team, owner, id, at, level, *line))
            elif form == "task":
                self._open(fact, owner, user)
            elif form in ("params", "metrics", "links"):
                self._details.take(fact, owner)
            elif form == "task_end":
                self._end(fact, owner)

    def write(self) -> None:
        """Write log lines, details and environments."""
        self._tx.insert_many("logs", _LOG, self._lines)
        self._details.write()
        self._write_environments()

    def _write_environments(self) -> None:
        team = self._known.team_id
        self._tx.insert_many(
            "environments",
            ("team_id", "digest", "members"),
            [(team, digest, text) for digest, text in self._environments.items()],
            or_ignore=True,
        )

    def write_cards(self, cards: Mapping[int, str]) -> None:
        """Keep the cards of tasks that came with edges."""
        self._tx.run_many(
            "UPDATE tasks SET card = ? WHERE team_id = ? AND id = ?",
            [(card, self._known.team_id, task) for task, card in cards.items()],
        )

    def _open(self, fact: FactDict, owner: int, user: str | None) -> None:
        names = {name: fact.get(name) for name in _OPEN_FIELDS}
        meta, dirty = fact.get("node_meta"), fact.get("git_dirty")
        environment = self._environment(fact)
        card = meta.get("customNodeSettings", meta) if meta else None
        self._tx.run(
            _OPEN,
            {
                **names,
                "status": fact.get("status", "started"),
                "user": fact.get("user") or user,
                "git_dirty": None if dirty is None else int(dirty),
                "card": json.dumps(card) if card else None,
                "environment_digest": environment,
                "run": fact["task"],
                "team": self._known.team_id,
                "id": owner,
            },
        )
        if names["name"]:
            write_task_terms(self._tx, self._known.team_id, owner, names["name"], None)

    def _end(self, fact: FactDict, owner: int) -> None:
        own = {"team": self._known.team_id, "id": owner, "run": fact["task"]}
        if fact["status"] == "lost":
            self._tx.run(_LOST, {"at": fact["at"], **own})
            return
        names = {name: fact.get(name) for name in _END_FIELDS}
        self._tx.run(_END, {**names, **own})

    def _environment(self, fact: FactDict) -> str | None:
        """Return the digest of what the task ran in, whose members are kept once."""
        members: dict[str, str] | None = fact.get("environment")
        if not members:
            return fact.get("environment_digest")
        digest = environment_digest(members)
        self._environments[digest] = json.dumps(members, sort_keys=True)
        return digest
