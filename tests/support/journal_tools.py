"""Helpers that the tests of the journal share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lineage.exporters import DELIVERED, DeliveryResult
from lineage.journal.directory import JournalDirectory
from lineage.journal.writer import Journal

WAIT_S = 60.0


def edge(number: int, task: str = "run", **more: Any) -> str:
    """Return the text of an edge."""
    fact = {"f": "edge", "task": task, "at": time.time(), "dir": "input"}
    return json.dumps({**fact, "kind": "project", "id": number, **more})


def journal_at(home: Path, **how: Any) -> Journal:
    """Make a journal in a home."""
    return Journal(JournalDirectory(home), **how)


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something is so, with a deadline."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        threading.Event().wait(0.005)


class ScriptedExporter:
    """Answers each fact as it was set up, and remembers what it was sent.

    Args:
        judge: Gives the result of a fact; delivered when left out.
    """

    def __init__(
        self,
        judge: Callable[[Mapping[str, Any]], DeliveryResult] = lambda _: DELIVERED,
        *,
        max_batch: int = 1000,
        in_flight: int = 1,
        ordering_key: Callable[[Mapping[str, Any]], Any] | None = None,
        wants_digests: bool = False,
    ) -> None:
        self.judge = judge
        self.max_batch = max_batch
        self.in_flight = in_flight
        self.ordering_key = ordering_key
        self.wants_digests = wants_digests
        self.calls: list[list[Mapping[str, Any]]] = []
        self.delivered: list[Any] = []

    def send(self, facts: Sequence[Mapping[str, Any]]) -> list[DeliveryResult]:
        """Judge the facts."""
        self.calls.append(list(facts))
        results = [self.judge(fact) for fact in facts]
        self.delivered += [
            fact.get("id")
            for fact, result in zip(facts, results, strict=True)
            if result.status == "delivered"
        ]
        return results


#: Variables by which a program sends its facts to another instance than its own.
_ELSEWHERE = {"LINEAGE_TARGET", "LINEAGE_OPENLINEAGE_URL", "SERVER_ADDRESS"}


def run_script(
    text: str | Path, *arguments: str, home: Path | None = None, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run a program, or the program in a file, in an interpreter of its own."""
    program = [str(text)] if isinstance(text, Path) else ["-c", text]
    variables = {**os.environ, **environ}
    if not _ELSEWHERE & environ.keys():
        # A busy machine takes longer than a person would wait.
        variables.setdefault("LINEAGE_FLUSH_TIMEOUT_S", "30")
    if home is not None:
        variables["LINEAGE_HOME"] = str(home)
    return subprocess.run(
        [sys.executable, *program, *arguments],
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
