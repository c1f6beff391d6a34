"""A part of the graph with 10,000 nodes, written in each format."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lineage import Api
from lineage.export import export
from lineage.export.formats import FORMATS
from lineage.instance.embedded import EmbeddedInstance

from .harness import Goal, Options, Table, significant

TITLE = "an export"
_BATCH: Final = 5000
#: Outputs of each task; its input is an output of the task before.
_OUTPUTS: Final = 3
_GOAL_S: Final = 2.0


def run(options: Options) -> list[Table]:
    """Measure from the question to the whole text, for each format."""
    nodes = 100 if options.is_smoke else 10_000
    rounds = 1 if options.is_smoke or options.is_quick else 3
    rows, slowest = [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        instance = EmbeddedInstance(Path(folder))
        api = Api(instance.address, "", adapters={instance.address: instance.adapter})
        facts = list(make_facts(nodes // (_OUTPUTS + 1)))
        for start in range(0, len(facts), _BATCH):
            assert not api.facts.add(facts[start : start + _BATCH]).refused
        for name in FORMATS:
            took, size = [], 0
            for _ in range(rounds):
                before = time.perf_counter()
                size = len(export(api.graph, "file:/d/0-0", format=name, down=None))
                took.append(time.perf_counter() - before)
            seconds = statistics.median(took)
            slowest = max(slowest, seconds)
            rows.append([name, significant(seconds), significant(size / 1e6)])
        instance.close()
    table = Table(f"{TITLE} of {nodes} nodes", ("format", "seconds", "MB"), rows)
    table.goals.append(Goal("an export of 10,000 nodes", slowest, _GOAL_S, "s"))
    return [table]


def make_facts(tasks: int) -> Iterator[dict[str, Any]]:
    """Yield the facts of a chain of tasks with parameters, each with its end."""
    for number in range(tasks):
        facts = list(_facts_of_task(number))
        for place, fact in enumerate(facts):
            at = 1.7e9 + number * 10 + place
            yield {**fact, "uid": f"s{number}-{place}", "task": f"t{number}", "at": at}


def _facts_of_task(number: int) -> Iterator[dict[str, Any]]:
    yield {"f": "task", "name": f"Step {number % 7}", "python": "3.11.7"}
    yield {"f": "params", "params": {"lr": 0.1, "number": number}}
    if number:
        yield _edge("input", f"/d/{number - 1}-0")
    for output in range(_OUTPUTS):
        yield _edge("output", f"/d/{number}-{output}")
    yield {"f": "task_end", "status": "error" if number % 9 == 8 else "finished"}


def _edge(direction: str, path: str) -> dict[str, Any]:
    return {"f": "edge", "dir": direction, "kind": "file", "id": path}
