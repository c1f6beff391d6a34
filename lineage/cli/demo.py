"""Run the example and show the graph it left: `demo`."""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from ..model.graph import GraphAnswer
from ..settings import Settings
from .connect import instance, settings_of
from .format import count
from .output import print_lines, table
from .parser import Commands, UsageError
from .result import CommandResult, Line, StyledText, line
from .serve import open_page, store_of
from .tree import draw

_EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "digits" / "run.py"
_NEXT: Final = (
    ("lineage tasks", "the runs, newest first"),
    ("lineage show model.joblib", "an artifact with what is upstream and downstream"),
    ("lineage provenance readings.csv", "how one output was made"),
    ("lineage impact train.npz", "what would be lost without it"),
    ("lineage search digits", "find something by name, path, id or digest"),
)


def add_commands(commands: Commands) -> None:
    """Add the commands of this theme."""
    demo = commands.add("demo", run_demo, "run the example and look at its graph")
    demo.add_argument("--home", metavar="DIR", help="where to keep it (LINEAGE_HOME)")
    demo.add_argument("--no-page", action="store_true", help="do not serve the page")


def run_demo(args: argparse.Namespace) -> CommandResult:
    """Run the digits example on the embedded instance, and draw what it left."""
    args.home = str(settings_of(args).home)
    settings = settings_of(args)
    started = time.time()
    _check_example()
    out = sys.stderr if args.json else sys.stdout
    _print(
        out,
        line(StyledText("Running examples/digits", "title"), "  (takes a few seconds)"),
    )
    _run_example(settings, quietly=args.json)
    with instance(args) as api:
        page = api.graph.tasks(since=started, limit=50)
        keys = " | ".join(task.node.key for task in page.tasks)
        graph = api.graph.get(keys, up=1, down=1)
    if args.json:
        return CommandResult(graph)
    print_lines(_lines(graph, time.time() - started), sys.stdout)
    sys.stdout.flush()
    _end_with_page(settings, is_served=not args.no_page)
    return CommandResult(graph)


def _end_with_page(settings: Settings, *, is_served: bool) -> None:
    """Serve the page to a person at a terminal; others read how to."""
    print()
    if is_served and sys.stdin.isatty() and sys.stdout.isatty():
        open_page(settings, store_of(settings))
    else:
        print(f"The page: {_prefix()}lineage ui")


def _print(out: object, text: Line) -> None:
    print_lines([text], out)  # type: ignore[arg-type]  # standard output or error
    out.flush()  # type: ignore[attr-defined]  # both have it


def _check_example() -> None:
    """Check that the example can be run here.

    Raises:
        UsageError: It is not there, or needs what is not installed.
    """
    if not _EXAMPLE.exists():
        raise UsageError(
            "the example lies in the source tree; clone it, and there type: make demo"
        )
    if importlib.util.find_spec("sklearn") is None:
        raise UsageError(
            "the example needs scikit-learn; type: pip install 'workflow-lineage[demo]'"
        )


def _run_example(settings: Settings, *, quietly: bool) -> None:
    """Run the example as its own process, as a user's app runs.

    Raises:
        UsageError: It failed.
    """
    home = settings.home.absolute()
    environ = {**os.environ, "LINEAGE_HOME": str(home), "LINEAGE_TARGET": "local"}
    command = [sys.executable, str(_EXAMPLE), str(home / "digits")]
    stdout = sys.stderr if quietly else None
    done = subprocess.run(command, env=environ, stdout=stdout, check=False)
    if done.returncode:
        raise UsageError(
            f"the example failed; to see it alone type: {' '.join(command)}"
        )


def _lines(graph: GraphAnswer, took: float) -> list[Line]:
    tasks = sum(node.type == "task" for node in graph.nodes)
    artifacts = len(graph.nodes) - tasks
    counted = (
        f"{count(tasks, 'run')} and {count(artifacts, 'artifact')} in {took:.0f} s"
    )
    summary = f"{counted}; each edge was recorded by one line in examples/digits"
    lines = [line(), line(StyledText("The graph", "title")), line()]
    lines += draw(graph)
    lines += [
        line(),
        line(summary),
        line(),
        line(StyledText("What to type next", "title")),
    ]
    prefix = _prefix()
    rows = [
        [StyledText(prefix + command, "command"), StyledText(text, "dim")]
        for command, text in _NEXT
    ]
    return lines + table(rows, indent="  ")


def _prefix() -> str:
    """Return what has to stand before `lineage`, for it to be this installation."""
    here = Path(sys.executable).parent
    if str(here) in os.environ.get("PATH", "").split(os.pathsep):
        return ""
    return ".venv/bin/" if here == Path(".venv/bin").absolute() else f"{here}/"
