"""What the openings of a task say of it: of each field, the latest word counts.

A task may be opened many times, by its own run and by others, and no opening has to say
everything. So each field has its own time, and the order of arrival decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from .database import Transaction

#: What an opening may say of its task, by column.
FIELDS: Final = (
    "name", "host", "user_name", "pid", "python", "git_commit", "git_dirty", "command",
    "machine", "parent_step", "environment_digest", "parent_run", "card",
)  # fmt: skip
_READ: Final = (
    f"SELECT reported_at, field_times, {', '.join(FIELDS)} FROM tasks"  # noqa: S608  names are constants of the code
    " WHERE team_id = ? AND id = ?"
)
#: When something was noted, and by which fact.
Word = tuple[float, str]


def newest_fields(
    tx: Transaction, team: int, task: int, fields: Mapping[str, Any], word: Word
) -> tuple[dict[str, Any], str]:
    """Return what of an opening counts, and when everything known was noted.

    Args:
        tx: The transaction.
        team: The team.
        task: The task.
        fields: What the opening says, by column; None where it says nothing.
        word: Its time and its uid.

    Returns:
        The fields, None where an earlier one stays, and the text of `field_times`.
    """
    known, noted = _read(tx, team, task)
    newest: dict[str, Any] = dict.fromkeys(FIELDS)
    for column, value in fields.items():
        if value is None or (known[column] is not None and noted[column] > word):
            continue
        newest[column], noted[column] = value, word
    return newest, json.dumps(noted)


def merge_openings(tx: Transaction, team: int, source: int, target: int) -> None:
    """Add to a task the fields of another row that turned out to be the same task."""
    known, noted = _read(tx, team, source)
    own, own_noted = _read(tx, team, target)
    for column, word in noted.items():
        if column not in own_noted or own_noted[column] < word:
            own[column], own_noted[column] = known[column], word
    values = ", ".join(f"{column} = :{column}" for column in FIELDS)
    tx.run(
        f"UPDATE tasks SET {values}, field_times = :field_times"  # noqa: S608  names are constants of the code
        " WHERE team_id = :team AND id = :id",
        {**own, "field_times": json.dumps(own_noted), "team": team, "id": target},
    )


def _read(
    tx: Transaction, team: int, task: int
) -> tuple[dict[str, Any], dict[str, Word]]:
    """Return what is known of a task, and when each was noted."""
    row = tx.one(_READ, (team, task))
    if row is None:
        return dict.fromkeys(FIELDS), {}
    reported_at, text, *values = row
    known = dict(zip(FIELDS, values, strict=True))
    own: dict[str, Word] = {
        column: (float(at), uid)
        for column, (at, uid) in json.loads(text or "{}").items()
    }
    since = (float("-inf") if reported_at is None else float(reported_at), "")
    noted = {
        column: own.get(column, since)
        for column, value in known.items()
        if value is not None
    }
    return known, noted
