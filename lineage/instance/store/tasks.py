"""Finds the task of each fact: by the number that it names, else by the run's key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .database import Transaction
from .dedup import Item
from .fact_types import FactDict
from .search_index import number_terms, write_task_terms, write_terms
from .task_life import seems_gone
from .task_merge import merge_tasks
from .write_cache import TaskState, TeamCache

_COLUMNS = "id, number, has_given_number, next_step, life"


class TaskResolver:
    """Maps run keys and given numbers to tasks, making those that are missing.

    A given number wins: a task that this instance numbered gets another one.

    Args:
        tx: The transaction.
        known: What is remembered of the team.
    """

    def __init__(self, tx: Transaction, known: TeamCache) -> None:
        self._tx = tx
        self._known = known
        self.created: list[int] = []
        """Tasks that were made or renumbered."""

    def resolve(self, items: Sequence[Item]) -> list[int]:
        """Return the task of each fact, in order."""
        facts = [fact for _, fact, _ in items]
        if not any("task_id" in fact for fact in facts):
            return self._by_run(facts)
        pairs = [(fact["task"], fact.get("task_id")) for fact in facts]
        firsts: dict[tuple[str, int | None], float] = {}
        for pair, fact in zip(pairs, facts, strict=True):
            firsts.setdefault(pair, fact["at"])
        self._load(firsts)
        found = {pair: self._find(pair[0], pair[1], at) for pair, at in firsts.items()}
        # A merge may have moved what an earlier pair had found.
        runs = self._known.runs
        return [found[pair] if pair[1] is not None else runs[pair[0]] for pair in pairs]

    def _by_run(self, facts: Sequence[FactDict]) -> list[int]:
        """Return the task of each fact, none of which names a number."""
        runs, known = [fact["task"] for fact in facts], self._known.runs
        distinct = dict.fromkeys(runs)
        new = [run for run in distinct if run not in known]
        if new:
            self._load([(run, None) for run in new])
            firsts = {fact["task"]: fact["at"] for fact in reversed(facts)}
            missing = [run for run in new if run not in known]
            numbers = self._free_numbers(len(missing))
            given = zip(missing, numbers, strict=True)
            self._create_many(
                [(r, n, firsts[r]) for r, n in given], has_given_number=False
            )
        return [known[run] for run in runs]

    def _load(self, pairs: Iterable[tuple[str, int | None]]) -> None:
        known, tx = self._known, self._tx
        runs = {run for run, _ in pairs if run not in known.runs}
        numbers = {n for _, n in pairs if n is not None and n not in known.numbers}
        if runs:
            rows = tx.all(
                f"SELECT r.run, {_prefixed('t')} FROM each_text(:runs) AS x"  # noqa: S608  names are constants of the code
                " JOIN runs r ON r.team_id = :team AND r.run = x.value"
                " JOIN tasks t ON t.team_id = :team AND t.id = r.task_id",
                {"runs": runs, "team": known.team_id},
            )
            for run, *columns in rows:
                known.runs[run] = self._remember(*columns).id
        if numbers:
            rows = tx.all(
                f"SELECT {_prefixed('t')} FROM each_int(:numbers) AS x"  # noqa: S608  names are constants of the code
                " JOIN tasks t ON t.team_id = :team AND t.number = x.value",
                {"numbers": numbers, "team": known.team_id},
            )
            for row in rows:
                self._remember(*row)

    def _remember(
        self, id: int, number: int, has_given_number: int, steps: int, life: str | None
    ) -> TaskState:
        state = self._known.tasks.get(id)
        if state is None:
            is_lost = seems_gone(life)
            state = TaskState(id, number, bool(has_given_number), steps, is_lost)
            self._known.tasks[id] = state
            self._known.numbers[number] = id
        return state

    def _find(self, run: str, given: int | None, at: float) -> int:
        known = self._known
        mine = known.runs.get(run)
        if given is None:
            return mine if mine is not None else self._create(run, None, at)
        holder = known.numbers.get(given)
        if (
            holder is not None
            and not known.tasks[holder].has_given_number
            and holder != mine
        ):
            self._renumber(holder, self._free_numbers(1)[0], has_given_number=False)
            holder = None
        if mine is None:
            return self._adopt(run, holder, given, at)
        if known.tasks[mine].has_given_number:
            return holder if holder is not None else self._create(None, given, at)
        if holder is None or holder == mine:
            self._renumber(mine, given, has_given_number=True)
            return mine
        merge_tasks(self._tx, known, mine, holder)
        return holder

    def _adopt(self, run: str, holder: int | None, given: int, at: float) -> int:
        if holder is None:
            return self._create(run, given, at)
        self._map([(run, holder)])
        return holder

    def _create(self, run: str | None, given: int | None, at: float) -> int:
        number = self._free_numbers(1)[0] if given is None else given
        return self._create_many(
            [(run, number, at)], has_given_number=given is not None
        )[0]

    def _create_many(
        self, tasks: Sequence[tuple[str | None, int, float]], *, has_given_number: bool
    ) -> list[int]:
        """Make tasks, each with its run, its number and when it began."""
        tx, team = self._tx, self._known.team_id
        if not tasks:
            return []
        ids = tx.next_numbers("tasks", len(tasks))
        tx.insert_many(
            "tasks",
            (
                "id",
                "team_id",
                "number",
                "has_given_number",
                "run",
                "created_at",
                "started_at",
            ),
            [
                (id, team, number, int(has_given_number), run, at, at)
                for id, (run, number, at) in zip(ids, tasks, strict=True)
            ],
        )
        mapped: list[tuple[str, int]] = []
        for id, (run, number, _) in zip(ids, tasks, strict=True):
            state = self._remember(id, number, int(has_given_number), 1, None)
            state.knows_steps = True
            if run is not None:
                mapped.append((run, id))
        numbers = [number for _, number, _ in tasks]
        write_terms(tx, number_terms(team, zip(ids, numbers, strict=True)))
        self._map(mapped)
        self.created += ids
        return ids

    def _map(self, runs: Sequence[tuple[str, int]]) -> None:
        rows = [(self._known.team_id, run, id) for run, id in runs]
        self._tx.insert_many("runs", ("team_id", "run", "task_id"), rows)
        self._known.runs.update(runs)

    def _renumber(self, id: int, number: int, *, has_given_number: bool) -> None:
        known, tx = self._known, self._tx
        state = known.tasks[id]
        if known.numbers.get(state.number) == id:
            del known.numbers[state.number]
        state.number, state.has_given_number = number, has_given_number
        known.numbers[number] = id
        tx.run(
            "UPDATE tasks SET number = ?, has_given_number = ?"
            " WHERE team_id = ? AND id = ?",
            (number, int(has_given_number), known.team_id, id),
        )
        write_task_terms(tx, known.team_id, id, None, number)
        self.created.append(id)

    def _free_numbers(self, count: int) -> list[int]:
        """Take the next numbers that no task of the team was given."""
        free: list[int] = []
        while len(free) < count:
            numbers = self._tx.next_numbers("auto_tasks", count - len(free))
            taken = self._tx.all(
                "SELECT t.number FROM each_int(:numbers) AS x"
                " JOIN tasks t ON t.team_id = :team AND t.number = x.value",
                {"numbers": numbers, "team": self._known.team_id},
            )
            free += sorted(set(numbers) - {row[0] for row in taken})
        return free


def _prefixed(alias: str) -> str:
    return ", ".join(f"{alias}.{column}" for column in _COLUMNS.split(", "))
