"""Opens tasks of a picture into their steps."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from ...model.overview import OPEN_STEP, StepDisplay
from .edges import EdgeGroup
from .grouping import Id, Item
from .step_filter import IS_STEP
from .team_graph import TeamGraph, task_of_ref

_STEPS: Final = (
    "SELECT s.task_id, s.number, s.name, p.name, s.started_at, s.ended_at, s.outcome"  # noqa: S608  constant SQL
    " FROM each_int(:ids) AS x"
    " JOIN steps s ON s.team_id = :team AND s.task_id = x.value"
    " LEFT JOIN steps p ON p.team_id = s.team_id AND p.task_id = s.task_id"
    " AND p.number = s.parent AND s.parent > 0"
    f" WHERE s.number > 0 AND {IS_STEP}"
    "{when s.started_at} ORDER BY s.task_id, s.number"
)
_COUNTS: Final = (
    "SELECT s.task_id, COUNT(*) FROM each_int(:ids) AS x"  # noqa: S608  constant SQL
    " JOIN steps s ON s.team_id = :team AND s.task_id = x.value"
    f" WHERE s.number > 0 AND {IS_STEP}"
    "{when s.started_at} GROUP BY s.task_id"
)


class OpenedSteps:
    """The steps of the tasks that a picture shows by themselves.

    Args:
        views: The teams.
        items: The items of the picture.
        opened: Keys of what was opened.
    """

    def __init__(
        self, views: Sequence[TeamGraph], items: Collection[Item], opened: Sequence[str]
    ) -> None:
        self._counts: dict[Id, int] = {}
        self._drawn: dict[Id, dict[int, StepDisplay]] = {}
        self._keys: dict[Id, str] = {}
        tasks = [
            item.members[0]
            for item in items
            if item.grouping == "single" and item.members[0].is_task
        ]
        for at, view in enumerate(views):
            ids = {task_of_ref(m.ref): m for m in tasks if m.view == at}
            for task, count in view.rows(_COUNTS, ids=list(ids)) if ids else ():
                self._counts[ids[task].id] = count
            chosen = [task for task, member in ids.items() if member.key in opened]
            for task in chosen:
                self._keys[ids[task].id] = ids[task].key
            self._read(view, {task: ids[task].id for task in chosen}, opened)

    def count(self, item: Item) -> int:
        """Return how many steps a single task has."""
        return self._counts.get(item.members[0].id, 0)

    def drawn_in(self, item: Item) -> dict[str, StepDisplay]:
        """Return the steps into which an item is opened, by their keys."""
        task = item.members[0].id
        steps = self._drawn.get(task, {}) if item.grouping == "single" else {}
        return {self._key(task, number): step for number, step in steps.items()}

    def split(
        self, end: Id, key: str, group: EdgeGroup
    ) -> Iterator[tuple[str, int, frozenset[tuple[int, int]]]]:
        """Yield the items, or steps of one, at which edges of a task end.

        Args:
            end: The task or version at the end.
            key: The item that holds it.
            group: The edges.

        Yields:
            The key of an item, how many of the edges end there, and their steps.
        """
        drawn = self._drawn.get(end, {})
        own = {step for step in group.steps if step[1] in drawn}
        for task, number in sorted(own):
            yield self._key(end, number), 1, frozenset({(task, number)})
        others = frozenset(group.steps - own)
        if not own:
            yield key, group.count, others
        elif others or group.outside:
            yield key, max(1, group.count - len(own)), others

    def _read(
        self, view: TeamGraph, tasks: dict[int, Id], opened: Sequence[str]
    ) -> None:
        for task, number, name, parent, started, ended, outcome in (
            view.rows(_STEPS, ids=list(tasks)) if tasks else ()
        ):
            drawn = self._drawn.setdefault(tasks[task], {})
            if len(drawn) >= OPEN_STEP * opened.count(self._keys[tasks[task]]):
                continue
            has_ended = view.is_visible_at(ended)
            drawn[number] = StepDisplay(
                name=name,
                parent=parent,
                started_at=started,
                ended_at=ended if has_ended else None,
                outcome=outcome if has_ended else None,
            )

    def _key(self, task: Id, number: int) -> str:
        return f"{self._keys[task]}/{number}"
