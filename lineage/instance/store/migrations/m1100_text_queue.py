"""The first artifact of a team that the indexes of texts do not have yet, if any."""

from __future__ import annotations

STATEMENTS = ("ALTER TABLE revisions ADD COLUMN unindexed_from BIGINT",)
