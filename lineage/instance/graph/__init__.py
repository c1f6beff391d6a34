"""Questions to the graph of an instance, and their answers."""

from __future__ import annotations

from .queries import GraphQueries

__all__ = ["GraphQueries"]
