"""Applies what facts say about tasks and steps: openings, details, ends, log lines."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ...model.environment import environment_digest
from .database import Transaction
from .dedup import Item
from .fact_types import FactDict
from .openings import FIELDS, newest_fields
from .search_index import write_task_terms
from .steps import StepResolver
from .task_details import TaskDetailWriter
from .task_life import TaskLifeWriter
from .write_cache import TeamCache

_NEWEST: Final = ", ".join(f"{name} = COALESCE(:{name}, {name})" for name in FIELDS)
_OPEN: Final = f"""
UPDATE tasks SET {_NEWEST}, field_times = :field_times,
    started_at = CASE WHEN started_at < :at THEN started_at ELSE :at END,
    run = CASE WHEN run IS NULL OR reported_at IS NULL OR reported_at <= :at
        THEN :run ELSE run END,
    reported_at = CASE WHEN reported_at > :at THEN reported_at ELSE :at END,
    lost_after_s = COALESCE(:lost_after_s, lost_after_s),
    heard_at = CASE WHEN :lost_after_s IS NULL THEN heard_at ELSE :now END
WHERE team_id = :team AND id = :id
"""  # noqa: S608  constant SQL
_COPIED_FIELDS: Final = (
    "name", "host", "pid", "python", "git_commit", "command", "machine", "parent_step",
)  # fmt: skip
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
        self._lives = TaskLifeWriter(tx, known)
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
                self._steps.end_many(owner, fact["task"], fact["ends"])
            elif form == "log":
                level = fact.get("level", "info")
                line = (fact["message"], fact.get("fields"))
                self._lines.append((team, owner, id, at, level, *line))
            elif form == "task":
                self._open(fact, owner, user)
            elif form in ("params", "metrics", "links"):
                self._details.take(fact, owner)
            if form in ("task", "task_end"):
                self._lives.take(fact, owner)

    def write(self, owners: set[int]) -> None:
        """Write what is left to write; steps and edges must be written before.

        Args:
            owners: The tasks of all facts of the transaction.
        """
        self._lives.write(owners)
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
        meta, dirty = fact.get("node_meta"), fact.get("git_dirty")
        card = meta.get("customNodeSettings", meta) if meta else None
        tx, team, at = self._tx, self._known.team_id, fact["at"]
        fields = {
            **{name: fact.get(name) for name in _COPIED_FIELDS},
            "user_name": fact.get("user") or user,
            "git_dirty": None if dirty is None else int(dirty),
            "card": json.dumps(card) if card else None,
            "environment_digest": self._environment(fact),
            "parent_run": fact.get("parent"),
        }
        newest, times = newest_fields(tx, team, owner, fields, (at, fact["uid"]))
        tx.run(
            _OPEN,
            {
                **newest,
                "field_times": times,
                "at": at,
                "lost_after_s": fact.get("lost_after_s"),
                "now": time.time(),
                "run": fact["task"],
                "team": team,
                "id": owner,
            },
        )
        if name := fact.get("name"):
            write_task_terms(tx, team, owner, name, None)

    def _environment(self, fact: FactDict) -> str | None:
        """Return the digest of what the task ran in, whose members are kept once."""
        members: dict[str, str] | None = fact.get("environment")
        if not members:
            return fact.get("environment_digest")
        digest = environment_digest(members)
        self._environments[digest] = json.dumps(members, sort_keys=True)
        return digest
