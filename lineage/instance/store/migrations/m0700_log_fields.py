"""Further fields of log lines, as JSON text."""

from __future__ import annotations

STATEMENTS = ("ALTER TABLE logs ADD COLUMN fields TEXT",)
