"""What each opening of a task says of it has its own time."""

from __future__ import annotations

#: A JSON object: by column, the time and the uid of the opening that gave it. Without
#: an entry it was given by the opening at `told_at`, later named `reported_at`.
STATEMENTS = ("ALTER TABLE tasks ADD COLUMN field_times TEXT",)
