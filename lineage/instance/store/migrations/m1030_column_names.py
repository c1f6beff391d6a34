"""Three columns have the names that their code has."""

from __future__ import annotations

STATEMENTS = (
    # When something about the task was last reported.
    "ALTER TABLE tasks RENAME COLUMN told_at TO reported_at",
    # Whether the platform gave the task's number; else it was chosen here.
    "ALTER TABLE tasks RENAME COLUMN is_told TO has_given_number",
    # What the app called a source that is not known.
    "ALTER TABLE derivations RENAME COLUMN said TO source_name",
)
