"""Small histories of runs, as facts one second apart."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from lineage.api import Api

START = 1_700_000_000.0


class History:
    """Writes facts of runs, one second apart.

    Args:
        api: Where to.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._facts: list[dict[str, Any]] = []

    def run(self, key: str, name: str, **more: Any) -> None:
        """Open a run."""
        self._add(f="task", task=key, name=name, **more)

    def used(
        self, key: str, path: str, content: str | None = None, **more: Any
    ) -> None:
        """Record an input."""
        self._edge(key, "input", path, content, more)

    def made(
        self, key: str, path: str, content: str | None = None, **more: Any
    ) -> None:
        """Record an output."""
        self._edge(key, "output", path, content, more)

    def add(self, **fact: Any) -> None:
        """Record any fact."""
        self._add(**fact)

    def store(self) -> None:
        """Deliver what was recorded."""
        assert self._api.facts.add(self._facts).refused == []
        self._facts = self._facts[:0]

    def _edge(
        self, key: str, way: str, path: str, content: str | None, more: dict[str, Any]
    ) -> None:
        kind = more.pop("kind", "file")
        fact = {"f": "edge", "task": key, "dir": way, "kind": kind, "id": path,
                "name": Path(path).name, "local_path": path, **more}  # fmt: skip
        if content is not None:
            digest = hashlib.sha256(content.encode()).hexdigest()
            fact["stat"] = {"size": 10, "mtime_ns": 1, "digest": f"sha256:{digest}"}
        self._add(**fact)

    def _add(self, **fact: Any) -> None:
        number = History.count = getattr(History, "count", 0) + 1
        self._facts.append({"uid": f"h-{number}", "at": START + number, **fact})
