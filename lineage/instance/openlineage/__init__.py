"""OpenLineage events: read leniently, and turned into the facts of an instance."""

from __future__ import annotations

from .events import RunEvent, read_event
from .mapping import facts_of

__all__ = ["RunEvent", "facts_of", "read_event"]
