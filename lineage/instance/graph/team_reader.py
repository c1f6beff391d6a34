"""What one question may see of one team: the moment, and the teams beside it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from ..store.database import Row, Transaction

_WHEN = re.compile(r"\{when (\w+\.\w+)\}")


class TeamReader:
    """Reads one team's rows in one transaction, at one moment.

    Args:
        tx: The transaction.
        team_id: The team.
        as_of: Leave out what was recorded later.
        earlier: The teams that the question asks before this one.
    """

    def __init__(
        self,
        tx: Transaction,
        team_id: int,
        as_of: float | None = None,
        earlier: Sequence[int] = (),
    ) -> None:
        self.tx = tx
        self.team_id = team_id
        self.as_of = as_of
        self.earlier = earlier

    def rows(self, sql: str, **names: Any) -> list[Row]:
        """Run a query that speaks of `:team`.

        `{when l.since}` in it stands for the condition that the time in that column
        has come by the moment that is asked about.
        """
        condition = "" if self.as_of is None else r" AND \1 <= :as_of"
        names.update(team=self.team_id, as_of=self.as_of)
        return self.tx.all(_WHEN.sub(condition, sql), names)

    def task_keys(self, numbers: Collection[int]) -> dict[int, str]:
        """Return the keys of tasks by their numbers.

        Teams may have the same number. Of the teams that are asked the
        first one's task is `task:12` then, that of team 5 `task:12@5`.
        """
        taken: set[int] = set()
        if self.earlier and numbers:
            rows = self.tx.all(
                "SELECT t.number FROM each_int(:numbers) AS x JOIN tasks t"
                " ON t.team_id IN (SELECT y.value FROM each_int(:teams) AS y)"
                " AND t.number = x.value",
                {"numbers": numbers, "teams": self.earlier},
            )
            taken = {row[0] for row in rows}
        return {
            number: f"task:{number}@{self.team_id}"
            if number in taken
            else f"task:{number}"
            for number in numbers
        }

    def is_visible_at(self, at: float | None) -> bool:
        """Whether a time is known and no later than the moment asked about."""
        return at is not None and (self.as_of is None or at <= self.as_of)
