"""Runs a program for real, and reads back which task holds which edges."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import textwrap
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from lineage.cli import main

_DROPPED = ("LINEAGE_", "SERVER_ADDRESS", "API_TOKEN", "SUPERVISELY_", "TASK_ID", "ENV")

#: What every program begins with: a decorated function, a plain one, a class.
PRELUDE = """
import lineage, os, sys
from lineage import produces_file, uses_file

@uses_file("part")
def read(part):
    return part

def plain(part):
    lineage.current_task().uses_file(part)
    return part

class Model:
    @produces_file("path")
    def save(self, path):
        return path

    @staticmethod
    @uses_file("part")
    def load(part):
        return part

"""


@dataclass
class RecordedTask:
    """One task as the store has it."""

    name: str
    status: str
    key: str
    inputs: set[str] = field(default_factory=set)
    outputs: set[str] = field(default_factory=set)

    @property
    def edges(self) -> set[str]:
        """Everything it used or produced."""
        return self.inputs | self.outputs


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """Return this environment without anything that configures lineage."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_DROPPED)}
    paths = [str(Path(__file__).resolve().parents[2]), kept.get("PYTHONPATH", "")]
    path = os.pathsep.join(p for p in paths if p)
    # A busy machine takes longer than a person would wait.
    ours = {"LINEAGE_HOME": str(home), "LINEAGE_FLUSH_TIMEOUT_S": "30"}
    return {**kept, **ours, "PYTHONPATH": path, **more}


def run_program(
    code: str, folder: Path, *args: str, timeout: float = 180, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a program of its own file and folder; its name is `program.py`."""
    file = folder / "program.py"
    file.write_text(PRELUDE + textwrap.dedent(code))
    return subprocess.run(
        [sys.executable, str(file), *args],
        env=clean_environment(folder / "home", **more),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def query(folder: Path, *words: str) -> str:
    """Answer a command about the program's home, in this process."""
    with (
        patch.dict(os.environ, clean_environment(folder / "home"), clear=True),
        redirect_stdout(io.StringIO()) as printed,
    ):
        assert main(words) == 0, words
    return printed.getvalue()


def recorded_tasks(folder: Path) -> dict[str, RecordedTask]:
    """Deliver what is waiting in the program's home, and return its tasks by name.

    The command shows five artifacts of each direction; programs stay below that.
    """
    query(folder, "flush")
    listed = json.loads(query(folder, "tasks", "--json"))["tasks"]
    names = [task["node"]["name"] for task in listed]
    assert len(names) == len(set(names)), names
    return {
        task["node"]["name"]: RecordedTask(
            name=task["node"]["name"],
            status=task["node"]["status"],
            key=task["node"]["key"],
            inputs={node["name"] for node in task["inputs"]},
            outputs={node["name"] for node in task["outputs"]},
        )
        for task in listed
    }


def parent_of(folder: Path, task: RecordedTask) -> str | None:
    """Return the run key or node key of the task's parent."""
    shown = json.loads(query(folder, "show", task.key, "--json"))["thing"]
    return None if shown["parent"] is None else str(shown["parent"])


def run_of(folder: Path, task: RecordedTask) -> str:
    """Return the key by which the recording side knows a task."""
    return str(json.loads(query(folder, "show", task.key, "--json"))["thing"]["run"])
