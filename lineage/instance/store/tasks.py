"""Finds the task of each fact: by the number that was told, else by the run's key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .database import Transaction
from .identity import Item
from .known import Known, TaskState
from .merging import merge_tasks
from .terms import write_task_terms

_COLUMNS = "id, number, is_told, next_step"


class TaskResolver:
    """Maps run keys and told numbers to tasks, making those that are missing.

    A told number wins: a task that was numbered by this instance makes way.

    Args:
        tx: The transaction.
        known: What is remembered of the team.
    """

    def __init__(self, tx: Transaction, known: Known) -> None:
        self._tx = tx
        self._known = known
        self.created: list[int] = []
        """Tasks that were made or renumbered."""

    def resolve(self, items: Sequence[Item]) -> list[int]:
        """Give the task of each fact, in order."""
        pairs = [(fact["task"], fact.get("task_id")) for _, fact, _ in items]
        firsts: dict[tuple[str, int | None], float] = {}
        for pair, (_, fact, _) in zip(pairs, items, strict=True):
            if pair not in firsts:
                firsts[pair] = fact["at"]
        self._load(firsts)
        found = {pair: self._find(pair[0], pair[1], at) for pair, at in firsts.items()}
        # A merge may have moved what an earlier pair had found.
        runs = self._known.runs
        return [found[pair] if pair[1] is not None else runs[pair[0]] for pair in pairs]

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

    def _remember(self, id: int, number: int, is_told: int, steps: int) -> TaskState:
        state = self._known.tasks.get(id)
        if state is None:
            state = TaskState(id, number, bool(is_told), steps)
            self._known.tasks[id] = state
            self._known.numbers[number] = id
        return state

    def _find(self, run: str, told: int | None, at: float) -> int:
        known = self._known
        mine = known.runs.get(run)
        if told is None:
            return mine if mine is not None else self._create(run, None, at)
        holder = known.numbers.get(told)
        if holder is not None and not known.tasks[holder].is_told and holder != mine:
            self._renumber(holder, self._free_number(), is_told=False)
            holder = None
        if mine is None:
            return self._adopt(run, holder, told, at)
        if known.tasks[mine].is_told:
            return holder if holder is not None else self._create(None, told, at)
        if holder is None or holder == mine:
            self._renumber(mine, told, is_told=True)
            return mine
        merge_tasks(self._tx, known, mine, holder)
        return holder

    def _adopt(self, run: str, holder: int | None, told: int, at: float) -> int:
        if holder is None:
            return self._create(run, told, at)
        self._map(run, holder)
        return holder

    def _create(self, run: str | None, told: int | None, at: float) -> int:
        known, tx = self._known, self._tx
        number = self._free_number() if told is None else told
        id = tx.next_numbers("tasks", 1)[0]
        tx.insert_many(
            "tasks",
            ("id", "team_id", "number", "is_told", "run", "created_at", "started_at"),
            [(id, known.team_id, number, int(told is not None), run, at, at)],
        )
        write_task_terms(tx, known.team_id, id, None, number)
        self._remember(id, number, int(told is not None), 1)
        self.created.append(id)
        if run is not None:
            self._map(run, id)
        return id

    def _map(self, run: str, id: int) -> None:
        row = (self._known.team_id, run, id)
        self._tx.insert_many("runs", ("team_id", "run", "task_id"), [row])
        self._known.runs[run] = id

    def _renumber(self, id: int, number: int, *, is_told: bool) -> None:
        known, tx = self._known, self._tx
        state = known.tasks[id]
        if known.numbers.get(state.number) == id:
            del known.numbers[state.number]
        state.number, state.is_told = number, is_told
        known.numbers[number] = id
        tx.run(
            "UPDATE tasks SET number = ?, is_told = ? WHERE team_id = ? AND id = ?",
            (number, int(is_told), known.team_id, id),
        )
        write_task_terms(tx, known.team_id, id, None, number)
        self.created.append(id)

    def _free_number(self) -> int:
        """Take the next number that no task of any team was told to have."""
        while True:
            number = self._tx.next_numbers("auto_tasks", 1)[0]
            taken = "SELECT 1 FROM tasks WHERE team_id = ? AND number = ?"
            if self._tx.one(taken, (self._known.team_id, number)) is None:
                return number


def _prefixed(alias: str) -> str:
    return ", ".join(f"{alias}.{column}" for column in _COLUMNS.split(", "))
