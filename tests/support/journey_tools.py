"""Running examples as users do, and reading the graph they left."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from source_tree import ROOT

from lineage.api.client import Api
from lineage.instance.embedded import EmbeddedInstance
from lineage.model.details import TaskDetail
from lineage.settings import VARIABLES

EXAMPLES = ROOT / "examples"
_PATIENT = {"LINEAGE_FLUSH_TIMEOUT_S": "30"}


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a person who has set the home, and who is patient.

    A busy machine takes longer to deliver than most would wait.
    """
    known = {name for variable in VARIABLES for name in variable.names}
    kept = {name: value for name, value in os.environ.items() if name not in known}
    return {**kept, "LINEAGE_HOME": str(home), **_PATIENT, **more}


def run_python(
    *arguments: str | Path, home: Path, cwd: Path, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, at most two minutes."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=environment(home, **more),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=280,
    )


@contextmanager
def opened(home: Path) -> Iterator[Api]:
    """The embedded instance of a home, as the command line opens it."""
    embedded = EmbeddedInstance(home)
    try:
        yield Api(embedded.address, "", adapters={embedded.address: embedded.adapter})
    finally:
        embedded.close()


def all_tasks(api: Api) -> list[TaskDetail]:
    """Every task, the oldest first."""
    page = api.graph.tasks(limit=100)
    return [api.graph.task(int(t.node.id)) for t in reversed(page.tasks)]


def edges_of(task: TaskDetail) -> set[tuple[str, str, str]]:
    """Return a task's edges: direction, kind, and a file's name or another id."""
    return {
        (edge.direction, edge.data.kind, Path(str(edge.data.id)).name)
        for edge in task.edges
    }
