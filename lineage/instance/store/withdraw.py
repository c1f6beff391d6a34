"""Takes facts back that turned out otherwise, before what is known now is stored.

What is known of a run may come in parts, in any order: an output may be made earlier
than was known, a run may be a step of another one. Whoever derives facts from such
parts names those that do not hold any more, and the graph is as if they had never come.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .activity_ids import revision_id
from .copies import affected
from .database import Transaction
from .dedup import resolve_ids
from .openings import FIELDS
from .validation import WithdrawnFact
from .write_cache import TeamCache

_IN: Final = "IN (SELECT x.value FROM each_int(:ids) AS x)"
_EDGES: Final = (
    "SELECT e.id, e.entity_id, e.node_id FROM each_int(:ids) AS x"
    " JOIN edges e ON e.team_id = :team AND e.id = x.value"
)
_MENTIONED: Final = (
    "SELECT DISTINCT d.entity_id FROM each_int(:ids) AS x JOIN derivations d"
    " ON d.team_id = :team AND d.edge_id = x.value WHERE d.entity_id IS NOT NULL"
)
_DIGESTS: Final = (
    "SELECT DISTINCT t.token FROM each_int(:ids) AS x JOIN version_tokens t"
    " ON t.team_id = :team AND t.entity_id = x.value WHERE t.token LIKE 'sha256:%'"
)
_UNNAMED: Final = (
    "SELECT x.value FROM each_int(:ids) AS x WHERE NOT EXISTS (SELECT 1 FROM edges e"
    " WHERE e.team_id = :team AND e.entity_id = x.value)"
    " AND NOT EXISTS (SELECT 1 FROM derivations d"
    " WHERE d.team_id = :team AND d.entity_id = x.value)"
)
_NODES: Final = (
    "SELECT n.id FROM each_int(:ids) AS x JOIN nodes n"
    " ON n.team_id = :team AND n.entity_id = x.value"
)
_TASKS: Final = (
    "SELECT r.run, r.task_id FROM each_text(:runs) AS x JOIN runs r"
    " ON r.team_id = :team AND r.run = x.value"
)
_WORDS: Final = (
    "SELECT t.id, t.field_times FROM each_int(:ids) AS x JOIN tasks t"
    " ON t.team_id = :team AND t.id = x.value WHERE t.field_times IS NOT NULL"
)
_NO_LIFE: Final = (
    "UPDATE tasks SET life = NULL, status = 'started', ended_at = NULL, error = NULL,"
    " traceback = NULL WHERE team_id = ? AND id = ?"
)
_STARTS: Final = (
    "UPDATE tasks SET started_at = COALESCE((SELECT MIN(s.started_at) FROM steps s"  # noqa: S608  constant SQL
    " WHERE s.team_id = tasks.team_id AND s.task_id = tasks.id), created_at)"
    f" WHERE team_id = :team AND started_at IS NULL AND id {_IN}"
)
#: Of a field that others may have named before: it stays until anybody names it.
_NO_WORD: Final[list[Any]] = [0.0, ""]
#: What follows from openings, beside their fields.
_OF_OPENINGS: Final = ("started_at", "reported_at", "life")
#: What anybody may have recorded of a task, beside its openings and its end.
_OF_A_TASK: Final = (
    "edges", "steps", "logs", "task_params", "task_metrics", "task_links", "task_files",
    "task_parts",
)  # fmt: skip
_EMPTY: Final = (
    "SELECT t.id FROM each_int(:ids) AS x JOIN tasks t"  # noqa: S608  constant SQL
    " ON t.team_id = :team AND t.id = x.value WHERE t.has_given_number = 0"
    " AND (t.field_times IS NULL OR t.field_times = '{}') AND t.life IS NULL"
    " AND t.ended_at IS NULL"
    + "".join(
        f" AND NOT EXISTS (SELECT 1 FROM {table} o"  # noqa: S608  constant SQL
        " WHERE o.team_id = t.team_id AND o.task_id = t.id)"
        for table in (*_OF_A_TASK, "nodes")
    )
)


@dataclass(slots=True)
class Withdrawal:
    """What one transaction has taken back, until its new facts are stored."""

    tx: Transaction
    known: TeamCache
    _artifacts: set[int] = field(default_factory=set)
    _tasks: set[int] = field(default_factory=set)

    def take(self, facts: Sequence[WithdrawnFact]) -> None:
        """Remove facts and what follows from them; timelines are left to be read."""
        ids = resolve_ids(self.tx, self.known, [fact.uid for fact in facts])
        names = {"ids": ids, "team": self.known.team_id}
        self._take_edges(names)
        self._remove("derivations", "edge_id", ids)
        for table in ("edges", "seen"):
            self._remove(table, "id", ids)
        others = [fact for fact in facts if fact.form != "edge"]
        if others:
            self._take_others(others)
        # Other processes remember what is no more.
        self.tx.run(
            "UPDATE revisions SET epoch = epoch + 1 WHERE team_id = ?",
            (self.known.team_id,),
        )
        self.known.epoch += 1

    def finish(self) -> bool:
        """Remove what nobody names any more, once the new facts are stored.

        Returns:
            Whether something was removed that this process may remember.
        """
        names = {"team": self.known.team_id}
        self.known.replaced.clear()
        artifacts = _first(self.tx.all(_UNNAMED, {**names, "ids": self._artifacts}))
        if artifacts:
            self._remove_artifacts(artifacts)
        if self._tasks:
            self.tx.run(_STARTS, {**names, "ids": self._tasks})
        tasks = _first(self.tx.all(_EMPTY, {**names, "ids": self._tasks}))
        if tasks:
            for table, column in (("runs", "task_id"), ("tasks", "id")):
                self._remove(table, column, tasks)
            self._remove_terms([-task for task in tasks])
        return bool(artifacts or tasks)

    def _take_edges(self, names: dict[str, Any]) -> None:
        """Keep which nodes edges had, that they have them again if they come again."""
        rows = self.tx.all(_EDGES, names)
        if not rows:
            return
        self.known.replaced.update((id, node) for id, _, node in rows)
        self._artifacts.update(entity for _, entity, _ in rows)
        self._artifacts |= _first(self.tx.all(_MENTIONED, names))
        team = self.known.team_id
        digests = _first(self.tx.all(_DIGESTS, {"ids": self._artifacts, "team": team}))
        self.known.dirty |= self._artifacts | affected(self.tx, team, digests)

    def _take_others(self, facts: Iterable[WithdrawnFact]) -> None:
        team = self.known.team_id
        runs = {fact.task for fact in facts}
        rows = self.tx.all(_TASKS, {"runs": runs, "team": team})
        tasks: dict[str, int] = dict(rows)
        of_form: dict[str, list[tuple[int, WithdrawnFact]]] = {}
        for fact in facts:
            if fact.task in tasks:
                of_form.setdefault(fact.form, []).append((tasks[fact.task], fact))
        for form in ("params", "metrics"):
            self.tx.run_many(
                f"DELETE FROM task_{form} WHERE team_id = ? AND task_id = ?"  # noqa: S608  constant SQL
                " AND uid = ?",
                [(team, task, fact.uid) for task, fact in of_form.get(form, ())],
            )
        ends = of_form.get("task_end", ())
        self.tx.run_many(_NO_LIFE, [(team, task) for task, _ in ends])
        self._take_steps(of_form.get("step_end", ()))
        self._take_words(of_form.get("task", ()))
        self._tasks.update(task for rows in of_form.values() for task, _ in rows)

    def _take_steps(self, steps: Iterable[tuple[int, WithdrawnFact]]) -> None:
        keys = [(task, f"{fact.task}/{fact.step}") for task, fact in steps]
        self.tx.run_many(
            "DELETE FROM steps WHERE team_id = ? AND task_id = ? AND step = ?",
            [(self.known.team_id, *key) for key in keys],
        )
        for task, key in keys:
            self.known.steps.get(task, {}).pop(key, None)

    def _take_words(self, openings: Iterable[tuple[int, WithdrawnFact]]) -> None:
        """Take back what openings said of tasks, field by field."""
        gone: dict[int, set[str]] = {}
        for task, fact in openings:
            gone.setdefault(task, set()).add(fact.uid)
        team = self.known.team_id
        for task, text in self.tx.all(_WORDS, {"ids": gone.keys(), "team": team}):
            words: dict[str, list[Any]] = json.loads(text)
            for column, word in words.items():
                if word[1] in gone[task]:
                    words[column] = _NO_WORD
            cleared: list[str] = []
            if all(word == _NO_WORD for word in words.values()):
                # When it began is known by other openings, if there are any.
                cleared = [*(c for c in FIELDS if c in words), *_OF_OPENINGS]
                words = {}
            values = "".join(f", {column} = NULL" for column in cleared)
            self.tx.run(
                f"UPDATE tasks SET field_times = ?{values}"  # noqa: S608  names are constants of the code
                " WHERE team_id = ? AND id = ?",
                (json.dumps(words), team, task),
            )

    def _remove_artifacts(self, artifacts: Collection[int]) -> None:
        team = self.known.team_id
        nodes = _first(self.tx.all(_NODES, {"ids": artifacts, "team": team}))
        for table, column, ids in (
            ("links", "node_id", nodes),
            ("links", "activity", {revision_id(node) for node in nodes}),
            ("nodes", "entity_id", artifacts),
            ("version_tokens", "entity_id", artifacts),
            ("aliases", "entity_id", artifacts),
            ("entities", "id", artifacts),
        ):
            self._remove(table, column, ids)
        self._remove_terms(artifacts)

    def _remove(self, table: str, column: str, ids: Collection[int]) -> None:
        self.tx.run(
            f"DELETE FROM {table} WHERE team_id = :team AND {column} {_IN}",  # noqa: S608  constant SQL
            {"team": self.known.team_id, "ids": ids},
        )

    def _remove_terms(self, targets: Iterable[int]) -> None:
        self.tx.run_many(
            "DELETE FROM terms WHERE team_id = ? AND target = ?",
            [(self.known.team_id, target) for target in targets],
        )


def _first(rows: Iterable[Sequence[Any]]) -> set[Any]:
    return {row[0] for row in rows}
